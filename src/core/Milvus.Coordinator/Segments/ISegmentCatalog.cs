using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Segments;

/// <summary>
/// Which sealed segments exist and how far each channel's log is folded into them. Kept apart from <see cref="Catalog"/> because it is
/// large and changes often. Thread-safe; a reader sees each committed change as a whole.
/// </summary>
public interface ISegmentCatalog
{
    /// <summary>The segments of one collection by ascending id; empty for an unknown collection.</summary>
    ImmutableArray<SegmentManifest> GetSegments(long collectionId);

    SegmentManifest? FindSegment(long collectionId, long segmentId);

    /// <summary>Null before the channel's first commit.</summary>
    ChannelCheckpoint? GetCheckpoint(ShardId shard);

    /// <summary>
    /// Commits a change atomically; durable and visible when the task completes. Manifests of partitions that were dropped meanwhile
    /// are left out.
    /// </summary>
    /// <exception cref="MilvusException">
    /// 100: the collection is gone. 600: a segment to remove or replace is gone, so the work was done on stale input. 2: another
    /// coordinator has taken over.
    /// </exception>
    Task CommitAsync(SegmentChange change, CancellationToken cancellationToken = default);

    /// <summary>
    /// Like <see cref="CommitAsync"/>, but the change is made from the current segments while nobody else can commit: for changes to a
    /// manifest that another worker may change too, such as adding one of several index files. Null means nothing to do.
    /// </summary>
    Task UpdateAsync(long collectionId, Func<ImmutableArray<SegmentManifest>, SegmentChange?> decide, CancellationToken cancellationToken = default);

    /// <summary>True once the rows of an import job are committed.</summary>
    bool IsImported(long collectionId, long importId);

    /// <summary>Every object key a manifest or checkpoint refers to; whatever else is stored is garbage once it is old enough.</summary>
    IEnumerable<string> LiveObjectKeys();

    /// <summary>Adds an observer of all later commits, told in order; dispose the result to stop.</summary>
    IDisposable Subscribe(Action<SegmentChange> observer);
}

/// <summary>A set of changes to the segments of one collection that happens as a whole.</summary>
public sealed record SegmentChange
{
    public required long CollectionId { get; init; }

    /// <summary>New segments; their ids must not exist yet.</summary>
    public ImmutableArray<SegmentManifest> Added { get; init; } = [];

    /// <summary>New manifests of existing segments, such as after an index build.</summary>
    public ImmutableArray<SegmentManifest> Replaced { get; init; } = [];

    /// <summary>Ids of segments that are no more, such as those compacted into <see cref="Added"/>.</summary>
    public ImmutableArray<long> Removed { get; init; } = [];

    /// <summary>Moves a channel's checkpoint forward, or rewrites its tombstone list at the same position.</summary>
    public ChannelCheckpoint? Checkpoint { get; init; }

    /// <summary>
    /// True to commit only if the channel's checkpoint is still <see cref="Replaces"/>: of two owners of a channel that seal the same rows only one can
    /// commit them.
    /// </summary>
    public bool IsFenced { get; init; }

    /// <summary>The checkpoint that <see cref="Checkpoint"/> was planned on; null for none.</summary>
    public ChannelCheckpoint? Replaces { get; init; }

    /// <summary>
    /// The import job whose rows <see cref="Added"/> holds, 0 for none. It can be committed once; a second time does nothing. It is refused with code 5 when a
    /// channel's checkpoint is ahead of the rows' timestamp: deletes that concern them may be gone then, and the rows need a later one.
    /// </summary>
    public long ImportId { get; init; }
}
