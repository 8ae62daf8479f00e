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
    /// <param name="incarnations">One per segment; empty takes them however often they were read anew.</param>
    /// <exception cref="ShardMovedException">One is not here, or was read anew: it may lack deletes that its predecessor had.</exception>
    public ImmutableArray<SealedSegment> Take(IReadOnlyList<long> segmentIds, IReadOnlyList<long> incarnations)
    {
        var segments = ImmutableArray.CreateBuilder<SealedSegment>(segmentIds.Count);
        for (var i = 0; i < segmentIds.Count; i++)
        {
            var replica = Find(segmentIds[i], At(incarnations, i)) ?? throw new ShardMovedException($"segment {segmentIds[i]} is not on this node as it was");
            segments.Add(replica.Segment);
        }
        return segments.MoveToImmutable();
    }

    /// <summary>The segment, if it is the incarnation asked for.</summary>
    /// <param name="incarnation">Null for any.</param>
    internal LoadedReplica? Find(long segmentId, long? incarnation) =>
        Find(segmentId) is { } replica && (incarnation is null || incarnation == replica.Incarnation) ? replica : null;

    /// <summary>What a list of a message says for one of its segments: nothing, when its sender does not know incarnations.</summary>
    internal static long? At(IReadOnlyList<long> incarnations, int index) => index < incarnations.Count ? incarnations[index] : null;

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
