using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>Groups of hits that share a value.</summary>
/// <param name="FieldId">A Bool, integer, Timestamptz or VarChar field, or a JSON field with <paramref name="Project"/>.</param>
/// <param name="GroupSize">Most hits per group.</param>
public sealed record GroupBy(long FieldId, int GroupSize = 1)
{
    /// <summary>Try to fill every group instead of stopping at enough groups.</summary>
    public bool Strict { get; init; }

    /// <summary>Turns the field's values into group values (a JSON path); null takes them as they are. Nulls form one group.</summary>
    public Func<Column, Column>? Project { get; init; }
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

    /// <summary>The sparse queries as (uint32, float32) pairs, one entry per query; for BM25 the term frequencies of the query text.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> SparseQueries { get; init; } = [];

    /// <summary>Required for BM25: what is known of the whole collection, about the terms of all queries.</summary>
    public Bm25Scoring? Bm25 { get; init; }

    /// <summary>Share of a sparse query's smallest weights to leave out, in [0, 1); 0 is exact.</summary>
    public float DropRatio { get; init; }

    /// <summary>The field's type, or FloatVector for Float16 and BFloat16 fields.</summary>
    public required DataType QueryType { get; init; }

    public required int QueryCount { get; init; }

    /// <summary>Hits (groups, when grouping) wanted per query.</summary>
    public required int K { get; init; }

    /// <summary>Beam width of HNSW; null for the default.</summary>
    public int? Ef { get; init; }

    /// <summary>Exclusive outer bound of a range search, as a score.</summary>
    public float? Radius { get; init; }

    /// <summary>Inclusive inner bound of a range search, as a score.</summary>
    public float? RangeFilter { get; init; }

    /// <summary>
    /// Scan rather than ask an approximate index: for pages of an iterator, whose inner bound may lie far from the query.
    /// </summary>
    public bool Exhaustive { get; init; }

    /// <summary>Null for no filter.</summary>
    public FilterPlan? Filter { get; init; }

    public required ReadPoint At { get; init; }

    public GroupBy? Group { get; init; }
}

/// <summary>What one segment found for one query, best first; ties by row.</summary>
/// <param name="Rows">Rows of the segment.</param>
/// <param name="Scores">Scores as Milvus returns them, aligned.</param>
public sealed record SegmentHits(int[] Rows, float[] Scores)
{
    public static readonly SegmentHits None = new([], []);

    public int Count => Rows.Length;

    /// <summary>When grouping: the group values, aligned with the rows; null otherwise.</summary>
    public Column? GroupValues { get; init; }
}
