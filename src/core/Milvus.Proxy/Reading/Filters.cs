using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Expressions.Matching;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Proxy.Reading;

/// <summary>Compiles the filters of requests.</summary>
internal sealed class Filters(AnalyzerRegistry analyzers, TimeProvider time)
{
    private const string KeysTemplate = "__keys__";
    private readonly AnalyzedTextMatchers _matchers = new(analyzers);
    private long _seed;

    /// <summary>The plan of a request's filter; reads do not see rows that have expired by a field of theirs.</summary>
    /// <param name="timeZone">The request's time zone; null for the collection's.</param>
    public FilterPlan Compile(
        CollectionInfo collection, string expression, ImmutableDictionary<string, Literal> templates, string? timeZone = null, FilterUse use = FilterUse.Query)
    {
        var options = new FilterOptions
        {
            // Only sampling needs one; without it equal filters are equal, which saves other nodes from compiling them again.
            SampleSeed = expression.Contains("sample", StringComparison.OrdinalIgnoreCase) ? Interlocked.Increment(ref _seed) : 0,
            TimeZone = timeZone ?? collection.Property("timezone") ?? "UTC",
            TextMatchers = _matchers,
        };
        var plan = Filter.Compile(expression, collection.Schema, templates, use, options);
        if (use == FilterUse.Delete || plan.IsAlwaysFalse || collection.TtlField is not { } field) return plan;
        var alive = Alive(field);
        return Filter.Compile(plan.IsAlwaysTrue ? alive : $"{alive} and ({expression})", collection.Schema, templates, use, options);
    }

    /// <summary>The rows with the given keys that have not expired.</summary>
    public FilterPlan ForKeys(CollectionInfo collection, PrimaryKeys keys) =>
        collection.TtlField is { } field ? ForKeys(collection.Schema, keys, Alive(field) + " and ") : ForKeys(collection.Schema, keys);

    // Whole seconds: plans of the same second are equal.
    private string Alive(FieldSchema field)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds() * 1_000_000;
        return $"({field.Name} is null or {field.Name} > iso '{TimestampText.Format(now, TimeZoneInfo.Utc)}')";
    }

    /// <summary>The filter <c>primary key in keys</c>.</summary>
    public static FilterPlan ForKeys(CollectionSchema schema, PrimaryKeys keys, string condition = "")
    {
        var templates = ImmutableDictionary<string, Literal>.Empty.Add(KeysTemplate, Literals(keys));
        return Filter.Compile($"{condition}{schema.PrimaryKey.Name} in {{{KeysTemplate}}}", schema, templates);
    }

    public static Literal.List Literals(PrimaryKeys keys)
    {
        var items = ImmutableArray.CreateBuilder<Literal>(keys.Count);
        for (var i = 0; i < keys.Count; i++)
            items.Add(keys.IsInt64 ? new Literal.Int(keys.Int64s[i]) : new Literal.Text(keys.Strings.GetString(i)));
        return new Literal.List(items.MoveToImmutable());
    }
}
