using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Expressions.Matching;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Proxy.Reading;

/// <summary>Compiles the filters of requests.</summary>
internal sealed class Filters(AnalyzerRegistry analyzers)
{
    private const string KeysTemplate = "__keys__";
    private readonly AnalyzedTextMatchers _matchers = new(analyzers);
    private long _seed;

    /// <param name="timeZone">The request's time zone; null for the collection's.</param>
    public FilterPlan Compile(
        CollectionInfo collection, string expression, ImmutableDictionary<string, Literal> templates, string? timeZone = null, FilterUse use = FilterUse.Query) =>
        Filter.Compile(expression, collection.Schema, templates, use, new FilterOptions
        {
            // Only sampling needs one; without it equal filters are equal, which saves other nodes from compiling them again.
            SampleSeed = expression.Contains("sample", StringComparison.OrdinalIgnoreCase) ? Interlocked.Increment(ref _seed) : 0,
            TimeZone = timeZone ?? collection.Property("timezone") ?? "UTC",
            TextMatchers = _matchers,
        });

    /// <summary>The filter <c>primary key in keys</c>.</summary>
    public static FilterPlan ForKeys(CollectionSchema schema, PrimaryKeys keys)
    {
        var templates = ImmutableDictionary<string, Literal>.Empty.Add(KeysTemplate, Literals(keys));
        return Filter.Compile($"{schema.PrimaryKey.Name} in {{{KeysTemplate}}}", schema, templates);
    }

    public static Literal.List Literals(PrimaryKeys keys)
    {
        var items = ImmutableArray.CreateBuilder<Literal>(keys.Count);
        for (var i = 0; i < keys.Count; i++)
            items.Add(keys.IsInt64 ? new Literal.Int(keys.Int64s[i]) : new Literal.Text(keys.Strings.GetString(i)));
        return new Literal.List(items.MoveToImmutable());
    }
}
