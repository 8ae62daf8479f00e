using System.Collections.Concurrent;
using System.Collections.Immutable;
using Milvus.Coordinator;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

namespace Milvus.Actors.Query;

/// <summary>The sealed segments that this node has in memory, by id. Reads go here and never through an actor. Thread-safe.</summary>
public sealed class SegmentTable
{
    private readonly ConcurrentDictionary<long, LoadedReplica> _replicas = new();

    public int Count => _replicas.Count;

    public IEnumerable<LoadedReplica> Replicas => _replicas.Values;

    public LoadedReplica? Find(long segmentId) => _replicas.GetValueOrDefault(segmentId);

    /// <summary>The segments in the order asked for, which is that of row references into them.</summary>
    /// <exception cref="ShardMovedException">One is not here.</exception>
    public ImmutableArray<SealedSegment> Take(IReadOnlyList<long> segmentIds)
    {
        var segments = ImmutableArray.CreateBuilder<SealedSegment>(segmentIds.Count);
        foreach (var id in segmentIds)
            segments.Add(_replicas.TryGetValue(id, out var replica) ? replica.Segment : throw new ShardMovedException($"segment {id} is not on this node"));
        return segments.MoveToImmutable();
    }

    internal void Add(LoadedReplica replica) => _replicas[replica.SegmentId] = replica;

    internal bool Remove(LoadedReplica replica) => _replicas.TryRemove(KeyValuePair.Create(replica.SegmentId, replica));

    /// <summary>Lets every segment follow the catalogue; returns those that lost indexes.</summary>
    internal List<LoadedReplica> Follow(Catalog catalog)
    {
        var changed = new List<LoadedReplica>();
        foreach (var replica in _replicas.Values)
            if (catalog.FindCollection(replica.Shard.CollectionId) is { } collection && replica.Follow(collection)) changed.Add(replica);
        return changed;
    }
}
