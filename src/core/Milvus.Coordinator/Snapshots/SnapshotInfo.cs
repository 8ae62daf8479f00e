using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Snapshots;

/// <summary>Keeps a snapshot from being dropped.</summary>
/// <param name="ExpiresAtMs">Unix time in milliseconds; 0 for never.</param>
public sealed record SnapshotPin(long Id, long ExpiresAtMs);

/// <summary>
/// A collection as it was at one moment, under a name that is its own among the collection's snapshots. Which segments belong to it is in
/// <see cref="SnapshotContent"/>; their objects stay as long as the snapshot does.
/// </summary>
public sealed record SnapshotInfo
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    /// <summary>The collection's description at that moment, not loaded and without aliases.</summary>
    public required CollectionInfo Collection { get; init; }

    public required Timestamp CreatedAt { get; init; }

    public long ProtectionSeconds { get; init; }

    public ImmutableArray<SnapshotPin> Pins { get; init; } = [];

    public bool IsPinned(Timestamp now) => Pins.Any(p => p.ExpiresAtMs == 0 || p.ExpiresAtMs > now.PhysicalMs);
}

/// <summary>What a snapshot is made of: segments shared with the collection, and checkpoints whose tombstone files are the snapshot's own.</summary>
public sealed record SnapshotContent(ImmutableArray<SegmentManifest> Segments, ImmutableArray<ChannelCheckpoint> Channels)
{
    public IEnumerable<string> ObjectKeys => Segments.SelectMany(s => s.Columns.Select(c => c.ObjectKey).Concat(s.Indexes.Select(i => i.ObjectKey)))
        .Concat(Tombstones.Select(t => t.ObjectKey));

    public ImmutableArray<TombstoneFile> Tombstones => [.. Channels.SelectMany(c => c.Tombstones)];
}

/// <summary>A collection that was made of a snapshot. The making is one commit, so a job that exists is done.</summary>
/// <param name="Database">Of the new collection.</param>
/// <param name="Collection">Its name.</param>
public sealed record RestoreJob(long Id, string Snapshot, string Database, string Collection, Timestamp StartedAt, Timestamp EndedAt);
