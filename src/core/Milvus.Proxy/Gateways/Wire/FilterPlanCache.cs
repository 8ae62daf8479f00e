using Milvus.Expressions;
using Milvus.Expressions.Matching;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Proxy.Wire;

/// <summary>
/// Compiles the filters that come from other nodes, remembering the latest: one request asks a node about several shards and segments with
/// the same filter, and clients repeat themselves. Thread-safe.
/// </summary>
public sealed class FilterPlanCache
{
    /// <summary>Filters with longer lists of values are compiled each time rather than kept in memory.</summary>
    private const int MaxListItems = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<Key, FilterPlan> _plans = [];
    private readonly Queue<Key> _order = new();
    private readonly ITextMatcherFactory _matchers;
    private readonly int _capacity;

    /// <param name="capacity">Plans to remember.</param>
    public FilterPlanCache(AnalyzerRegistry analyzers, int capacity = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _matchers = new AnalyzedTextMatchers(analyzers);
        _capacity = capacity;
    }

    /// <exception cref="MilvusException">The filter does not fit the schema.</exception>
    public FilterPlan Get(FilterSource source, CollectionSchema schema)
    {
        var key = new Key(source, schema);
        lock (_lock)
            if (_plans.TryGetValue(key, out var known)) return known;
        var plan = Filter.Compile(source, schema, _matchers);
        if (source.Templates.Values.Any(v => v is Literal.List { Items.Length: > MaxListItems })) return plan;
        lock (_lock)
        {
            if (!_plans.TryAdd(key, plan)) return plan;
            _order.Enqueue(key);
            if (_order.Count > _capacity) _plans.Remove(_order.Dequeue());
        }
        return plan;
    }

    /// <summary>The delegate that decoders take.</summary>
    public Func<FilterSource, FilterPlan> For(CollectionSchema schema) => source => Get(source, schema);

    private readonly record struct Key(FilterSource Source, CollectionSchema Schema);
}
