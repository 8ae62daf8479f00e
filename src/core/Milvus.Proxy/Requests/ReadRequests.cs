using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>What query and search have in common.</summary>
public abstract record ReadRequest
{
    public required string Collection { get; init; }

    /// <summary>Empty for all loaded partitions.</summary>
    public ImmutableArray<string> Partitions { get; init; } = [];

    /// <summary>The namespace to read; null for collections without.</summary>
    public string? Namespace { get; init; }

    public string Expression { get; init; } = "";

    public ImmutableDictionary<string, Literal> Templates { get; init; } = ImmutableDictionary<string, Literal>.Empty;

    public ImmutableArray<string> OutputFields { get; init; } = [];

    /// <summary>Null: the collection's own level.</summary>
    public ConsistencyLevel? ConsistencyLevel { get; init; }

    /// <summary>Used by Session and Customized (and old clients, see the proxy); 0 when not given.</summary>
    public ulong GuaranteeTimestamp { get; init; }

    /// <summary>Request parameters exactly as the client sent them (limit, offset, iterator, params …), later keys win.</summary>
    public ImmutableDictionary<string, string> Params { get; init; } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>Rows by filter. <c>limit</c>, <c>offset</c>, <c>iterator</c>, <c>reduce_stop_for_best</c>, <c>collection_id</c> … stand in <see cref="ReadRequest.Params"/>.</summary>
public sealed record QueryRequest : ReadRequest
{
    /// <summary>Rows by primary key instead of a filter (get).</summary>
    public PrimaryKeys? Keys { get; init; }
}

/// <summary>The vectors of a search, one row per query.</summary>
/// <param name="Type">How the bytes are to be read; FloatVector is accepted for Float16 and BFloat16 fields. VarChar: texts for a function field. Int64/VarChar in <see cref="SearchRequest.Keys"/> instead.</param>
/// <param name="Rows">One value per query: a dense row, a sparse row or UTF-8 text.</param>
public sealed record QueryVectors(DataType Type, ImmutableArray<ReadOnlyMemory<byte>> Rows)
{
    /// <summary>Every query is a list of dense vectors, one behind the other, to be compared with lists of vectors (MAX_SIM metrics).</summary>
    public bool AreLists { get; init; }
}

/// <summary>
/// Nearest neighbours. <see cref="ReadRequest.Params"/> holds the search parameters: anns_field, topk, offset, metric_type, params (JSON text),
/// round_decimal, group_by_field, group_size, strict_group_size, ignore_growing, iterator …
/// </summary>
public sealed record SearchRequest : ReadRequest
{
    public QueryVectors? Vectors { get; init; }

    /// <summary>Search by the vectors of these rows.</summary>
    public PrimaryKeys? Keys { get; init; }

    /// <summary>How hits are scored anew; null to leave them.</summary>
    public FunctionScore? Score { get; init; }

    /// <summary>Steps that score, sort and cut the hits; empty to leave them. Not together with <see cref="Score"/>.</summary>
    public ImmutableArray<FunctionChain> Chains { get; init; } = [];

    /// <summary>Buckets instead of hits; null for hits.</summary>
    public SearchAggregation? Aggregation { get; init; }

    /// <summary>What is to be marked in the texts of hits; null for nothing.</summary>
    public HighlightRequest? Highlight { get; init; }

    /// <summary>What made this request, when requests like it may follow; null else.</summary>
    public SearchTemplate? Template { get; init; }
}

/// <param name="IsSemantic">By a model instead of by words.</param>
/// <param name="Params">pre_tags, post_tags; by words highlight_search_text, highlight_query, fragment_offset, fragment_size, num_of_fragments; by a model
/// queries, input_fields, threshold, highlight_only, provider and what the provider needs.</param>
public sealed record HighlightRequest(bool IsSemantic, ImmutableDictionary<string, string> Params);

/// <summary>The marked fragments of one field.</summary>
/// <param name="Hits">A list of fragments per hit, aligned with the hits.</param>
public sealed record FieldHighlights(string Field, ImmutableArray<ImmutableArray<string>> Hits)
{
    /// <summary>A score per fragment where a model gave some, aligned with the hits; empty otherwise.</summary>
    public ImmutableArray<ImmutableArray<float>> Scores { get; init; } = [];
}

/// <summary>A reranker given as a function; <c>reranker</c> in its parameters says which.</summary>
/// <param name="InputFields">Fields of the collection that it reads.</param>
public sealed record RankFunction(string Name, ImmutableArray<string> InputFields, ImmutableDictionary<string, string> Params);

/// <summary>The functions that score hits anew, and how their scores combine.</summary>
public sealed record FunctionScore(ImmutableArray<RankFunction> Functions, ImmutableDictionary<string, string> Params);

/// <summary>Several searches fused. The rank parameters (strategy, params, limit, offset, round_decimal, grouping) are in <see cref="RankParams"/>.</summary>
public sealed record HybridSearchRequest
{
    public required string Collection { get; init; }

    public required ImmutableArray<SearchRequest> Requests { get; init; }

    /// <summary>The namespace of requests that name none; null for collections without.</summary>
    public string? Namespace { get; init; }

    public ImmutableDictionary<string, string> RankParams { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The ranker as a function; wins over the strategy of <see cref="RankParams"/>. Null to take that.</summary>
    public FunctionScore? Score { get; init; }

    public ImmutableArray<string> Partitions { get; init; } = [];

    public ImmutableArray<string> OutputFields { get; init; } = [];

    public ConsistencyLevel? ConsistencyLevel { get; init; }

    public ulong GuaranteeTimestamp { get; init; }
}

/// <summary>Rows as columns, the primary key always among them; rows ordered by primary key.</summary>
public sealed record QueryResult
{
    public required int RowCount { get; init; }

    /// <summary>The dynamic field, when asked for, is one column with <see cref="NamedColumn.IsDynamic"/> restricted to the requested keys.</summary>
    public required ImmutableArray<NamedColumn> Columns { get; init; }

    /// <summary>Resolved output names in the client's terms.</summary>
    public required ImmutableArray<string> OutputFields { get; init; }

    /// <summary>With an element_filter: the places of the elements of each row that pass it; empty otherwise.</summary>
    public ImmutableArray<ImmutableArray<int>> Elements { get; init; } = [];

    public required string PrimaryField { get; init; }

    public required Timestamp ReadAt { get; init; }

    /// <summary>How the answer came about; null unless the parameter <c>explain</c> asked for it.</summary>
    public ReadExplain? Explain { get; init; }

    public required CollectionInfo Collection { get; init; }
}

/// <summary>Hits of all queries one after another, best first within a query.</summary>
public sealed record SearchResult
{
    public required int QueryCount { get; init; }

    /// <summary>Hits per query, length <see cref="QueryCount"/>.</summary>
    public required ImmutableArray<int> TopKs { get; init; }

    public required ImmutableArray<float> Scores { get; init; }

    public required PrimaryKeys Ids { get; init; }

    /// <summary>Output columns aligned with <see cref="Ids"/>.</summary>
    public required ImmutableArray<NamedColumn> Columns { get; init; }

    public required ImmutableArray<string> OutputFields { get; init; }

    public required string PrimaryField { get; init; }

    /// <summary>Group values aligned with the hits, a column per field grouped by; empty without grouping.</summary>
    public ImmutableArray<NamedColumn> GroupBy { get; init; } = [];

    /// <summary>When single elements of a struct's lists were searched: the place of each hit in its row's list; empty otherwise.</summary>
    public ImmutableArray<int> Elements { get; init; } = [];

    /// <summary>With an aggregation: the buckets of every query, whose hits are among the result's.</summary>
    public ImmutableArray<ImmutableArray<AggregationBucket>> Buckets { get; init; } = [];

    /// <summary>Empty unless the request asked for highlights.</summary>
    public ImmutableArray<FieldHighlights> Highlights { get; init; } = [];

    /// <summary>Rows examined; at least the number of hits.</summary>
    public long Examined { get; init; }

    public required Timestamp ReadAt { get; init; }

    public string? IteratorToken { get; init; }

    public float IteratorLastBound { get; init; }

    /// <summary>How the answer came about; null unless the parameter <c>explain</c> asked for it.</summary>
    public ReadExplain? Explain { get; init; }

    public required CollectionInfo Collection { get; init; }
}
