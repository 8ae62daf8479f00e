using System.Collections.Immutable;
using Milvus.Coordinator.Indexes;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Proxy.Reading.Ranking;
using Milvus.Proxy.Reading.Ranking.Chains;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>A search that was checked against the collection; nothing of it needs names any more.</summary>
internal sealed record SearchPlan
{
    private ImmutableDictionary<string, string>? _indexTexts;
    private bool? _isExact;

    public required CollectionInfo Collection { get; init; }

    public required FieldSchema Field { get; init; }

    /// <summary>The field's index; null when it has none.</summary>
    public required IndexInfo? Index { get; init; }

    public required MetricType Metric { get; init; }

    public required SearchParameters Parameters { get; init; }

    public required VectorSearchParams IndexParams { get; init; }

    public required FilterPlan Filter { get; init; }

    /// <summary>Empty for no grouping.</summary>
    public ImmutableArray<GroupTarget> GroupBy { get; init; } = [];

    public BoostPlan? Boost { get; init; }

    public Reranker? Reranker { get; init; }

    public FunctionChainPlan? Chains { get; init; }

    /// <summary>Single elements of lists are ranked, and found, rather than rows.</summary>
    public bool IsElementLevel => ListSearchRules.IsElementLevel(Field, Metric);

    /// <summary>True when hits are scored anew.</summary>
    public bool IsScored => Boost is not null || Reranker is not null || Chains is not null;

    /// <summary>Vectors, or texts for a BM25 field; null when searching by <see cref="Keys"/>.</summary>
    public QueryVectors? Vectors { get; init; }

    public PrimaryKeys? Keys { get; init; }

    /// <summary>What the rows with the <see cref="Keys"/> hold; null until it was looked up.</summary>
    public KeyedVectors? Found { get; init; }

    /// <summary>The index parameters as shards take them; made once for all searches of a plan.</summary>
    public ImmutableDictionary<string, string> IndexTexts => _indexTexts ??= IndexParamTexts.Of(this);

    /// <summary>Whether the field's index compares every vector; found out once for all searches of a plan.</summary>
    public bool IsExact => _isExact ??= Index is not null && IndexPlan.Resolve(Index, Field).Kind is IndexPlanKind.Flat or IndexPlanKind.BinaryFlat;

    /// <summary>Group values under the names that the client used.</summary>
    public ImmutableArray<NamedColumn> GroupColumns(ImmutableArray<Column> values) =>
        GroupBy.IsEmpty || values.IsEmpty ? [] : [.. Parameters.Group!.Fields.Select((name, i) => new NamedColumn(name, values[i]))];

    public int QueryCount => Vectors?.Rows.Length ?? Keys!.Value.Count;
}

/// <summary>The searched field's vectors of rows given by their keys. Vectors of terms are not kept: of those it is the texts that they are made from.</summary>
/// <param name="Vectors">In the order of the keys, without the rows that have none; null when no row has one.</param>
/// <param name="Present">Which of the keys have vectors; null for all.</param>
internal sealed record KeyedVectors(QueryVectors? Vectors, int[]? Present);

/// <summary>A plan that holds for every search of a template, and what the answers have.</summary>
/// <param name="Plan">Without vectors.</param>
internal sealed record PlannedSearch(SearchPlan Plan, OutputFields Output)
{
    public static PlannedSearch Of(SearchPlan plan, OutputFields output)
    {
        // Copies of the plan are to find these made.
        _ = (plan.IndexTexts, plan.IsExact);
        return new PlannedSearch(plan with { Vectors = null }, output);
    }

    /// <summary>False for plans that depend on the moment, on the vectors or on the search before.</summary>
    public static bool IsLasting(SearchPlan plan, SearchRequest request) =>
        !plan.Parameters.IsIterator && plan.Parameters.OrderBy.IsEmpty && plan.GroupBy.IsEmpty && plan.Keys is null
        && !plan.IsScored && request.Aggregation is null && request.Highlight is null
        && plan.Collection.TtlField is null && plan.Filter.SampleRate is null && ReadScopes.Travel(request.Params) is null;
}
