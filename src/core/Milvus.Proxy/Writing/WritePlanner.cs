using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Splits a request into the writes of each shard. Rows keep their order within a shard and partition.</summary>
internal static class WritePlanner
{
    /// <summary>Writes of prepared rows, by shard; a shard without rows has none.</summary>
    /// <param name="partitions">The partitions that <paramref name="partitionOf"/> points into.</param>
    /// <param name="partitionOf">For every row its partition; null when all rows go to the only one.</param>
    /// <param name="replaced">For every row the key that it replaces; it must live in the row's shard.</param>
    /// <param name="deletePartitions">Where <paramref name="replaced"/> is deleted.</param>
    public static List<ShardWrite>[] PlanRows(
        PreparedRows rows,
        ImmutableArray<PartitionInfo> partitions,
        int[]? partitionOf,
        PrimaryKeys? replaced,
        ImmutableArray<long> deletePartitions,
        int maxBytes)
    {
        var shards = rows.Collection.ShardCount;
        var shardOf = KeyHash.Shards(rows.Keys, shards);
        var targets = new int[rows.Count];
        for (var i = 0; i < targets.Length; i++) targets[i] = (shardOf[i] * partitions.Length) + (partitionOf?[i] ?? 0);
        var groups = Group(targets, shards * partitions.Length);
        var plan = new List<ShardWrite>[shards];
        for (var shard = 0; shard < shards; shard++)
            plan[shard] = PlanShard(rows, partitions, groups.AsSpan(shard * partitions.Length, partitions.Length), replaced, deletePartitions, maxBytes);
        return plan;
    }

    /// <summary>Writes that delete keys, by shard.</summary>
    public static List<ShardWrite>[] PlanDeletes(PrimaryKeys keys, int shards, ImmutableArray<long> partitions, int maxBytes)
    {
        var groups = Group(KeyHash.Shards(keys, shards), shards);
        var plan = new List<ShardWrite>[shards];
        for (var shard = 0; shard < shards; shard++)
        {
            plan[shard] = [];
            if (groups[shard].Length == 0) continue;
            var own = groups[shard].Length == keys.Count ? keys : keys.Take(groups[shard]);
            var batch = new ColumnBatch(own.Count, [new FieldColumn(0, own.Column)]);
            foreach (var (start, count, _) in RowSizes.Cut(batch, maxBytes))
                plan[shard].Add(new ShardWrite { Deletes = own.Slice(start, count), DeletePartitions = partitions });
        }
        return plan;
    }

    private static List<ShardWrite> PlanShard(
        PreparedRows rows,
        ImmutableArray<PartitionInfo> partitions,
        ReadOnlySpan<int[]> groups,
        PrimaryKeys? replaced,
        ImmutableArray<long> deletePartitions,
        int maxBytes)
    {
        var plan = new List<ShardWrite>();
        var inserts = ImmutableArray.CreateBuilder<PartitionRows>();
        var taken = new List<int>();
        long bytes = 0;
        for (var p = 0; p < groups.Length; p++)
        {
            var group = groups[p];
            if (group.Length == 0) continue;
            var batch = group.Length == rows.Count ? rows.Rows : rows.Rows.Take(group);
            foreach (var (start, count, size) in RowSizes.Cut(batch, maxBytes))
            {
                if (inserts.Count > 0 && bytes + size > maxBytes) Emit();
                inserts.Add(new PartitionRows(partitions[p].Id, count == batch.RowCount ? batch : batch.Slice(start, count)));
                if (replaced is not null) taken.AddRange(group.AsSpan(start, count));
                bytes += size;
            }
        }
        if (inserts.Count > 0) Emit();
        return plan;

        void Emit()
        {
            plan.Add(new ShardWrite
            {
                Inserts = inserts.DrainToImmutable(),
                Deletes = replaced?.Take(CollectionsMarshal.AsSpan(taken)),
                DeletePartitions = replaced is null ? [] : deletePartitions,
            });
            taken.Clear();
            bytes = 0;
        }
    }

    /// <summary>The rows of every target, ascending.</summary>
    private static int[][] Group(int[] targets, int count)
    {
        var sizes = new int[count];
        foreach (var t in targets) sizes[t]++;
        var groups = new int[count][];
        for (var i = 0; i < count; i++) groups[i] = sizes[i] == 0 ? [] : new int[sizes[i]];
        Array.Clear(sizes);
        for (var row = 0; row < targets.Length; row++) groups[targets[row]][sizes[targets[row]]++] = row;
        return groups;
    }
}
