using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>One hit of one shard while lists are merged.</summary>
internal readonly record struct Hit(float Score, int Shard, int Index);

/// <summary>Better scores first, then smaller primary keys, then newer rows, then earlier elements.</summary>
internal readonly struct HitOrder(ImmutableArray<ShardHits> shards, bool largerIsBetter) : IComparer<Hit>
{
    public int Compare(Hit a, Hit b)
    {
        var order = largerIsBetter ? b.Score.CompareTo(a.Score) : a.Score.CompareTo(b.Score);
        if (order != 0) return order;
        order = CompareKeys(shards, a, b);
        if (order == 0) order = shards[b.Shard].Timestamps[b.Index].CompareTo(shards[a.Shard].Timestamps[a.Index]);
        return order != 0 || shards[a.Shard].Elements.Length == 0 || shards[b.Shard].Elements.Length == 0
            ? order
            : shards[a.Shard].Elements[a.Index].CompareTo(shards[b.Shard].Elements[b.Index]);
    }

    public static int CompareKeys(ImmutableArray<ShardHits> shards, Hit a, Hit b)
    {
        var (x, y) = (shards[a.Shard].Ids, shards[b.Shard].Ids);
        return x.IsInt64 ? x.Int64s[a.Index].CompareTo(y.Int64s[b.Index]) : x.Strings[a.Index].SequenceCompareTo(y.Strings[b.Index]);
    }
}

/// <summary>Equality of hits by primary key.</summary>
internal sealed class HitKeyComparer(ImmutableArray<ShardHits> shards) : IEqualityComparer<Hit>
{
    public bool Equals(Hit x, Hit y) => HitOrder.CompareKeys(shards, x, y) == 0;

    public int GetHashCode(Hit hit)
    {
        var ids = shards[hit.Shard].Ids;
        if (ids.IsInt64) return ids.Int64s[hit.Index].GetHashCode();
        var hash = new HashCode();
        hash.AddBytes(ids.Strings[hit.Index]);
        return hash.ToHashCode();
    }
}
