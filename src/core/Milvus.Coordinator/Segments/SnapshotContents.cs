using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Persistence;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Segments;

/// <summary>Makes the contents of snapshots from collections, and those of collections from snapshots. Pure.</summary>
internal static class SnapshotContents
{
    /// <param name="copies">Of every tombstone file that the collection has now.</param>
    /// <exception cref="MilvusException">110: there is a tombstone file without a copy.</exception>
    public static SnapshotContent Take(CollectionSegments segments, ImmutableArray<ObjectCopy> copies) => new(
        segments.Segments,
        [.. segments.Checkpoints.Values.Select(c => c with { Tombstones = Copy(c.Tombstones, copies, p => p), Sealed = [] })]);

    /// <summary>The same rows as segments of another collection.</summary>
    /// <param name="source">The collection as it was when the snapshot was taken.</param>
    /// <param name="target">The new one, with partitions of the same names.</param>
    public static CollectionSegments Restore(SnapshotContent content, CollectionInfo source, CollectionInfo target, ImmutableArray<ObjectCopy> copies, Func<long> newId)
    {
        long? Partition(long id) => source.FindPartition(id) is { } old ? target.FindPartition(old.Name)?.Id : null;
        var segments = content.Segments.Where(s => Partition(s.PartitionId) is not null).Select(s => s with
        {
            SegmentId = newId(),
            CollectionId = target.Id,
            PartitionId = Partition(s.PartitionId)!.Value,
            CompactedFrom = [],
        });
        var channels = content.Channels.Select(c => c with
        {
            Shard = new ShardId(target.Id, c.Shard.Shard),
            // The new channel's log is empty.
            LogSequence = 0,
            Tombstones = Copy(c.Tombstones.RemoveAll(t => t.PartitionId != 0 && Partition(t.PartitionId) is null), copies, p => p == 0 ? 0 : Partition(p)!.Value),
        });
        return new CollectionSegments([.. segments.OrderBy(s => s.SegmentId)], channels.ToImmutableSortedDictionary(c => c.Shard.Shard, c => c));
    }

    public static IEnumerable<MetaMutation> Store(long snapshotId, SnapshotContent content) =>
        content.Segments.Select(s => MetaMutation.Put(MetaLayout.SnapshotSegment(snapshotId, s.SegmentId), SegmentCodec.Encode(s)))
            .Concat(content.Channels.Select(c => MetaMutation.Put(MetaLayout.SnapshotChannel(snapshotId, c.Shard.Shard), SegmentCodec.Encode(c))));

    public static IEnumerable<MetaMutation> Store(CollectionSegments segments) =>
        segments.Segments.Select(s => MetaMutation.Put(MetaLayout.Segment(s.CollectionId, s.SegmentId), SegmentCodec.Encode(s)))
            .Concat(segments.Checkpoints.Values.Select(c => MetaMutation.Put(MetaLayout.Channel(c.Shard), SegmentCodec.Encode(c))));

    /// <summary>Contents by snapshot.</summary>
    /// <exception cref="IntegrityException">An entry cannot be read.</exception>
    public static ImmutableDictionary<long, SnapshotContent> Decode(IEnumerable<MetaEntry> entries)
    {
        var contents = new Dictionary<long, SnapshotContent>();
        foreach (var (key, value) in entries)
        {
            var parts = key[MetaLayout.Snapshots.Length..].Split('/');
            if (parts.Length != 3 || !long.TryParse(parts[0], CultureInfo.InvariantCulture, out var id)) throw new IntegrityException(key, "not the key of a snapshot");
            var content = contents.GetValueOrDefault(id, new([], []));
            contents[id] = parts[1] switch
            {
                "segment" => content with { Segments = content.Segments.Add(SegmentCodec.DecodeSegment(key, value)) },
                "channel" => content with { Channels = content.Channels.Add(SegmentCodec.DecodeCheckpoint(key, value)) },
                _ => throw new IntegrityException(key, "an entry of a kind this program does not know"),
            };
        }
        return contents.ToImmutableDictionary();
    }

    private static ImmutableArray<TombstoneFile> Copy(ImmutableArray<TombstoneFile> files, ImmutableArray<ObjectCopy> copies, Func<long, long> partition) =>
    [
        .. files.Select(f => f with
        {
            ObjectKey = copies.FirstOrDefault(c => c.Source == f.ObjectKey)?.Target
                ?? throw new MilvusException(ErrorCode.SchemaVersionNotReady, "the collection's deletes were written out meanwhile, try again: collection schema version not ready"),
            PartitionId = partition(f.PartitionId),
        }),
    ];
}
