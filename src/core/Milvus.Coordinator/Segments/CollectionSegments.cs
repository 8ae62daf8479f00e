using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Segments;

/// <summary>The segments and checkpoints of one collection; immutable.</summary>
internal sealed record CollectionSegments(ImmutableArray<SegmentManifest> Segments, ImmutableSortedDictionary<int, ChannelCheckpoint> Checkpoints)
{
    /// <summary>Import jobs whose rows are among the segments, or were.</summary>
    public ImmutableHashSet<long> Imports { get; init; } = [];

    public static readonly CollectionSegments Empty = new([], ImmutableSortedDictionary<int, ChannelCheckpoint>.Empty);

    public SegmentManifest? Find(long segmentId)
    {
        int low = 0, high = Segments.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var id = Segments[middle].SegmentId;
            if (id == segmentId) return Segments[middle];
            if (id < segmentId) low = middle + 1;
            else high = middle - 1;
        }
        return null;
    }

    public CollectionSegments Apply(SegmentChange change)
    {
        var segments = Segments.ToDictionary(s => s.SegmentId);
        foreach (var id in change.Removed) segments.Remove(id);
        foreach (var segment in change.Added.Concat(change.Replaced)) segments[segment.SegmentId] = segment;
        return new(
            [.. segments.Values.OrderBy(s => s.SegmentId)],
            change.Checkpoint is { } checkpoint ? Checkpoints.SetItem(checkpoint.Shard.Shard, checkpoint) : Checkpoints)
        {
            Imports = change.ImportId == 0 ? Imports : Imports.Add(change.ImportId),
        };
    }

    /// <summary>Checks a change against the collection and this state, and leaves out what has become garbage meanwhile.</summary>
    /// <exception cref="MilvusException">600: a segment is gone. 5: the change contradicts itself or the state.</exception>
    public SegmentChange Check(CollectionInfo collection, SegmentChange change)
    {
        var touched = new HashSet<long>();
        foreach (var segment in change.Added.Concat(change.Replaced))
        {
            if (segment.CollectionId != change.CollectionId) throw Contradiction($"segment {segment.SegmentId} belongs to collection {segment.CollectionId}, not {change.CollectionId}");
            if (!touched.Add(segment.SegmentId)) throw Contradiction($"segment {segment.SegmentId} is named twice");
        }
        foreach (var segment in change.Added)
            if (Find(segment.SegmentId) is not null) throw Contradiction($"segment {segment.SegmentId} exists already");
        foreach (var segment in change.Replaced)
            if (Find(segment.SegmentId) is null) throw NotFound(segment.SegmentId);
        foreach (var id in change.Removed)
        {
            if (Find(id) is null) throw NotFound(id);
            if (!touched.Add(id)) throw Contradiction($"segment {id} is named twice");
        }
        CheckCheckpoint(change);
        if (change.ImportId != 0)
        {
            foreach (var segment in change.Added)
                if (Checkpoints.TryGetValue(segment.Shard, out var checkpoint) && checkpoint.Timestamp >= segment.MinTimestamp) throw Contradiction($"the checkpoint of {checkpoint.Shard} is ahead of the rows of import {change.ImportId}");
        }
        return change with
        {
            Added = [.. change.Added.Where(s => IsAlive(collection, s)).Select(s => WithoutStaleIndexes(collection, s))],
            Replaced = [.. change.Replaced.Select(s => WithoutStaleIndexes(collection, s))],
        };
    }

    private void CheckCheckpoint(SegmentChange change)
    {
        if (change.Checkpoint is not { } checkpoint) return;
        if (checkpoint.Shard.CollectionId != change.CollectionId) throw Contradiction($"checkpoint of {checkpoint.Shard} in a change of collection {change.CollectionId}");
        if (Checkpoints.TryGetValue(checkpoint.Shard.Shard, out var old) && checkpoint.LogSequence < old.LogSequence)
            throw Contradiction($"the checkpoint of {checkpoint.Shard} would go back from {old.LogSequence} to {checkpoint.LogSequence}");
        if (!change.IsFenced) return;
        var isSame = old is null || change.Replaces is null
            ? ReferenceEquals(old, change.Replaces)
            : Persistence.SegmentCodec.Encode(old).AsSpan().SequenceEqual(Persistence.SegmentCodec.Encode(change.Replaces));
        if (!isSame) throw Contradiction($"the checkpoint of {checkpoint.Shard} is not the one that this was planned on");
    }

    /// <summary>What a change of the collection made garbage: segments of dropped partitions, truncated ones, files of dropped indexes. Null when nothing.</summary>
    public SegmentChange? Prune(CollectionInfo collection)
    {
        ImmutableArray<long> removed = [.. Segments.Where(s => !IsAlive(collection, s)).Select(s => s.SegmentId)];
        ImmutableArray<SegmentManifest> replaced = [.. Segments.Where(s => IsAlive(collection, s) && s.Indexes.Any(i => IsStale(collection, i))).Select(s => WithoutStaleIndexes(collection, s))];
        return removed.IsEmpty && replaced.IsEmpty ? null : new SegmentChange { CollectionId = collection.Id, Removed = removed, Replaced = replaced };
    }

    private static bool IsAlive(CollectionInfo collection, SegmentManifest segment) =>
        collection.FindPartition(segment.PartitionId) is not null && segment.MaxTimestamp > collection.TruncatedAt;

    private static bool IsStale(CollectionInfo collection, SegmentIndexFile file) => collection.Indexes.All(i => i.Id != file.IndexId);

    private static SegmentManifest WithoutStaleIndexes(CollectionInfo collection, SegmentManifest segment) =>
        segment.Indexes.Any(i => IsStale(collection, i)) ? segment with { Indexes = segment.Indexes.RemoveAll(i => IsStale(collection, i)) } : segment;

    private static MilvusException NotFound(long segmentId) => new(ErrorCode.SegmentNotFound, $"segment not found[segment={segmentId}]");

    private static MilvusException Contradiction(string problem) => new(ErrorCode.Internal, $"segment change refused: {problem}: service internal error");
}
