using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Proxy;

/// <summary>Reaches the shard channels of a collection: in process, or by way of the cluster.</summary>
public interface IShardGateway
{
    /// <summary>Returns once the write is durable and visible to readers with that timestamp.</summary>
    /// <exception cref="MilvusException">Refused or not durable: the write did not happen, unless the code is <see cref="ErrorCode.Timeout"/>.</exception>
    ValueTask<Timestamp> WriteAsync(CollectionInfo collection, int shard, ShardWrite write, CancellationToken cancellation);

    /// <summary>
    /// A consistent view of one shard: waits until everything up to <paramref name="guarantee"/> is applied. Reads through it see exactly
    /// the state at <see cref="IShardReader.ReadAt"/>, which is <paramref name="readAt"/> when given, else the newest.
    /// </summary>
    /// <exception cref="MilvusException">101: not loaded. 103: it is being loaded and that was waited for long enough. Others: why it could not be loaded.</exception>
    /// <exception cref="ShardMovedException">The shard is elsewhere by now.</exception>
    ValueTask<IShardReader> OpenAsync(CollectionInfo collection, int shard, Timestamp guarantee, Timestamp? readAt, CancellationToken cancellation);
}

/// <summary>Where a row is, valid as long as the reader that gave it is open.</summary>
public readonly record struct RowReference(int Segment, int Row);

/// <summary>A pinned view of one shard. Safe for concurrent calls.</summary>
public interface IShardReader : IDisposable
{
    Timestamp ReadAt { get; }

    ValueTask<ShardHits> SearchAsync(ShardSearch request, CancellationToken cancellation);

    ValueTask<ShardRows> QueryAsync(ShardQuery request, CancellationToken cancellation);

    /// <summary>Number of visible rows that pass; duplicates of a primary key count.</summary>
    ValueTask<long> CountAsync(ShardQuery request, CancellationToken cancellation);

    /// <summary>Aggregates of the visible rows that pass, unfinished; duplicates of a primary key count.</summary>
    ValueTask<GroupStates> AggregateAsync(ShardAggregation request, CancellationToken cancellation);

    /// <summary>How each segment answers a search; it is carried out for that.</summary>
    ValueTask<ImmutableArray<SegmentExplain>> ExplainSearchAsync(ShardSearch request, CancellationToken cancellation);

    /// <summary>How each segment answers a query or count; it is carried out for that.</summary>
    ValueTask<ImmutableArray<SegmentExplain>> ExplainQueryAsync(ShardQuery request, CancellationToken cancellation);

    /// <summary>The values of one field for the given rows, in their order. Fields that the rows lack read as default or null.</summary>
    ValueTask<Column> FetchAsync(long fieldId, ReadOnlyMemory<RowReference> rows, CancellationToken cancellation);

    /// <summary>What BM25 must know of this shard about the given terms (hashes, ascending) of a BM25 output field.</summary>
    ValueTask<Bm25QueryStatistics> GetTermStatisticsAsync(long fieldId, ReadOnlyMemory<uint> terms, CancellationToken cancellation);
}

/// <summary>What one shard is to search. Ids and values are resolved: nothing here depends on names.</summary>
public sealed record ShardSearch
{
    public required FieldSchema Field { get; init; }

    public required MetricType Metric { get; init; }

    /// <summary>Dense or sparse rows, one per query.</summary>
    public required QueryVectors Queries { get; init; }

    /// <summary>Hits wanted per query, offset included; groups wanted when grouping.</summary>
    public required int K { get; init; }

    /// <summary>Search parameters that the indexes know: ef, nprobe, drop_ratio_search … as text.</summary>
    public ImmutableDictionary<string, string> IndexParams { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Range search: exclusive outer bound, in scores as returned to the client.</summary>
    public double? Radius { get; init; }

    /// <summary>Range search: inclusive inner bound.</summary>
    public double? RangeFilter { get; init; }

    public FilterPlan? Filter { get; init; }

    /// <summary>Empty for all.</summary>
    public ImmutableArray<long> PartitionIds { get; init; } = [];

    public bool IgnoreGrowing { get; init; }

    /// <summary>Rows written before this are expired (TTL).</summary>
    public Timestamp ExpireBefore { get; init; }

    /// <summary>Empty for no grouping.</summary>
    public ImmutableArray<GroupTarget> GroupBy { get; init; } = [];

    /// <summary>When grouping: the groups that hits may belong to, a column per target; empty for any.</summary>
    public ImmutableArray<Column> OnlyGroups { get; init; } = [];

    /// <summary>Rows per group.</summary>
    public int GroupSize { get; init; } = 1;

    public bool StrictGroupSize { get; init; }

    /// <summary>BM25 only: the statistics of the whole collection, so that scores do not depend on how rows are spread.</summary>
    public Bm25Scoring? Bm25 { get; init; }

    /// <summary>
    /// The shard scans rather than ask an approximate index: for a field whose own index is exact, and for a later page of an iterator, as the best rows behind <see cref="RangeFilter"/>
    /// may lie far from the query, where such an index would give up.
    /// </summary>
    public bool Exhaustive { get; init; }
}

/// <summary>Hits of one shard: all queries one after another, best first; arrays of equal length.</summary>
public sealed record ShardHits
{
    /// <summary>Hits per query.</summary>
    public required int[] Counts { get; init; }

    /// <summary>Scores as the client sees them (L2 squared, raw inner product …).</summary>
    public required float[] Scores { get; init; }

    public required RowReference[] Rows { get; init; }

    public required PrimaryKeys Ids { get; init; }

    /// <summary>Insert timestamps, to keep the newest of equal primary keys.</summary>
    public required Timestamp[] Timestamps { get; init; }

    /// <summary>When grouping: a column of group values per target, aligned with the hits; empty otherwise.</summary>
    public ImmutableArray<Column> GroupValues { get; init; } = [];

    /// <summary>When single elements of lists were searched: the place of each in its row's list, aligned with the hits; empty otherwise.</summary>
    public int[] Elements { get; init; } = [];

    public long Examined { get; init; }
}

public sealed record ShardQuery
{
    /// <summary>Null for all rows.</summary>
    public FilterPlan? Filter { get; init; }

    public ImmutableArray<long> PartitionIds { get; init; } = [];

    public Timestamp ExpireBefore { get; init; }

    public bool IgnoreGrowing { get; init; }

    /// <summary>
    /// The rows with the smallest primary keys, at most this many distinct keys; null for all of them.
    /// </summary>
    public int? Limit { get; init; }

    /// <summary>
    /// Not empty: the first rows by these keys, the last of them the primary key, instead of by the primary key alone; with a limit.
    /// </summary>
    public ImmutableArray<SortKey> Order { get; init; } = [];
}

/// <summary>What one shard is to aggregate.</summary>
public sealed record ShardAggregation
{
    /// <summary>Which rows; without limit and order.</summary>
    public required ShardQuery Rows { get; init; }

    /// <summary>Empty for one group of everything.</summary>
    public required ImmutableArray<FieldSchema> GroupBy { get; init; }

    public required ImmutableArray<Aggregate> Aggregates { get; init; }
}

/// <summary>Rows of one shard, in the order that was asked for, else ascending by primary key; one row (the newest) per key.</summary>
public sealed record ShardRows
{
    public required RowReference[] Rows { get; init; }

    public required PrimaryKeys Ids { get; init; }

    public required Timestamp[] Timestamps { get; init; }

    /// <summary>A column per key that was asked to order by, aligned with the rows; empty without such keys, or without rows.</summary>
    public ImmutableArray<Column> OrderValues { get; init; } = [];
}
