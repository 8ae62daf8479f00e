using System.Collections.Immutable;

namespace Milvus.Model;

/// <summary>Rows of one partition inside a <see cref="ShardWrite"/>; columns by field id, every stored field present.</summary>
public readonly record struct PartitionRows(long PartitionId, ColumnBatch Rows);

/// <summary>
/// One atomic write to one shard: the deletes take effect first, then the inserts, all with the same timestamp. An upsert carries both.
/// </summary>
public sealed record ShardWrite
{
    public PrimaryKeys? Deletes { get; init; }

    /// <summary>Partitions in which <see cref="Deletes"/> apply; empty means all.</summary>
    public ImmutableArray<long> DeletePartitions { get; init; } = [];

    public ImmutableArray<PartitionRows> Inserts { get; init; } = [];

    /// <summary>Bytes of payload, for budgets and batching.</summary>
    public long ByteSize => (Deletes?.Column.ByteSize ?? 0) + Inserts.Sum(i => i.Rows.ByteSize);
}
