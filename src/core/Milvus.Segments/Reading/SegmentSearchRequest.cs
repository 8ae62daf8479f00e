using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>What hits are grouped by.</summary>
/// <param name="Field">A Bool, integer, Timestamptz or VarChar field, or a JSON field with a path.</param>
/// <param name="Path">Where in a JSON field's values the group value is; null takes them as they are.</param>
public sealed record GroupTarget(FieldSchema Field, JsonProjection? Path = null)
{
    /// <summary>The type of the group values.</summary>
    public DataType Type => Path?.Type ?? Field.Type;

    /// <summary>The group values of the field's values.</summary>
    public Column Project(Column values) => Path is null ? values : Path.Apply(values);
}

/// <summary>Groups of hits that share their values of all targets; nulls are values too.</summary>
/// <param name="GroupSize">Most hits per group.</param>
public sealed record GroupBy(ImmutableArray<GroupTarget> Targets, int GroupSize = 1)
{
    /// <summary>Try to fill every group instead of stopping at enough groups.</summary>
    public bool Strict { get; init; }

    /// <summary>The groups that rows may belong to, a column per target; empty for any.</summary>
    public ImmutableArray<Column> Only { get; init; } = [];
}

/// <summary>One vector search over one segment. Immutable and shared by all segments of a request.</summary>
public sealed record SegmentSearchRequest
{
    public required long FieldId { get; init; }

    public required MetricType Metric { get; init; }

    /// <summary>
    /// <see cref="QueryCount"/> dense vectors one behind the other in <see cref="QueryType"/>'s encoding. Unused for sparse queries.
    /// </summary>
    public ReadOnlyMemory<byte> Queries { get; init; }

    /// <summary>For fields of lists of vectors: how many of the vectors in <see cref="Queries"/> belong to each query.</summary>
    public ImmutableArray<int> QueryLists { get; init; } = [];

    /// <summary>The sparse queries as (uint32, float32) pairs, one entry per query; for BM25 the term frequencies of the query text.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> SparseQueries { get; init; } = [];

    /// <summary>Required for BM25: what is known of the whole collection, about the terms of all queries.</summary>
    public Bm25Scoring? Bm25 { get; init; }

    /// <summary>Share of a sparse query's smallest weights to leave out, in [0, 1); 0 is exact.</summary>
    public float DropRatio { get; init; }

    /// <summary>How an inverted index over sparse vectors is walked.</summary>
    public SparseAlgorithm SparseAlgorithm { get; init; }

    /// <summary>See <see cref="SparseSearchParameters.MaxScoreRatio"/>.</summary>
    public float MaxScoreRatio { get; init; } = 1;

    /// <summary>The type of the field or of the elements of its lists, or FloatVector for Float16 and BFloat16 ones.</summary>
    public required DataType QueryType { get; init; }

    public required int QueryCount { get; init; }

    /// <summary>Hits (groups, when grouping) wanted per query.</summary>
    public required int K { get; init; }

    /// <summary>Beam width of HNSW; null for the default.</summary>
    public int? Ef { get; init; }

    /// <summary>Nodes of a graph on disk to read at a time; null for the default.</summary>
    public int? BeamWidth { get; init; }

    /// <summary>Lists of an inverted file to search; null for the default.</summary>
    public int? Nprobe { get; init; }

    /// <summary>Candidates per hit that a quantised index compares again; null for the default.</summary>
    public float? RefineFactor { get; init; }

    /// <summary>Elements looked for per list wanted where an index over elements chooses lists; null for the default.</summary>
    public float? ElementRatio { get; init; }

    /// <summary>Lists without a hit that end a range search in an inverted file; null for the default.</summary>
    public int? MaxEmptyLists { get; init; }

    /// <summary>Bits that a query is rounded to before RaBitQ codes are estimated by it; null or 0 for none.</summary>
    public int? QueryBits { get; init; }

    /// <summary>Whether candidates of an index of signatures are compared by them; null compares them all.</summary>
    public bool? ComparesSignatures { get; init; }

    /// <summary>Bits of one element of a MinHash signature.</summary>
    public int ElementBits { get; init; } = 8;

    /// <summary>Exclusive outer bound of a range search, as a score.</summary>
    public float? Radius { get; init; }

    /// <summary>Inclusive inner bound of a range search, as a score.</summary>
    public float? RangeFilter { get; init; }

    /// <summary>
    /// Scan rather than ask an approximate index: for fields whose own index is exact, and for pages of an iterator, whose inner bound may lie far from the query.
    /// </summary>
    public bool Exhaustive { get; init; }

    /// <summary>Null for no filter.</summary>
    public FilterPlan? Filter { get; init; }

    public required ReadPoint At { get; init; }

    public GroupBy? Group { get; init; }

    /// <summary>What an index over dense vectors is asked for.</summary>
    /// <param name="k">Rows wanted.</param>
    internal VectorSearchParameters Parameters(int k) => new(k)
    {
        Ef = Ef,
        BeamWidth = BeamWidth,
        Nprobe = Nprobe,
        RefineFactor = RefineFactor,
        MaxEmptyLists = MaxEmptyLists,
        QueryBits = QueryBits,
        ComparesSignatures = ComparesSignatures,
        Radius = Radius,
        RangeFilter = RangeFilter,
    };
}

/// <summary>What one segment found for one query, best first; ties by row.</summary>
/// <param name="Rows">Rows of the segment.</param>
/// <param name="Scores">Scores as Milvus returns them, aligned.</param>
public sealed record SegmentHits(int[] Rows, float[] Scores)
{
    public static readonly SegmentHits None = new([], []);

    public int Count => Rows.Length;

    /// <summary>When grouping: a column of group values per target, aligned with the rows; empty otherwise.</summary>
    public ImmutableArray<Column> GroupValues { get; init; } = [];

    /// <summary>When single elements of lists are searched: the place of each in its row's list, aligned with the rows; empty otherwise.</summary>
    public int[] Elements { get; init; } = [];
}
