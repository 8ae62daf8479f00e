using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Segments;
using Milvus.Model;

namespace Milvus.Actors.Catalogs;

/// <summary>
/// Asks the coordinator, wherever it runs. While it moves to another node calls wait; those that outlast their patience fail with code
/// 2 (certainly not done) or <see cref="ErrorCode.Timeout"/> (unknown). Thread-safe.
/// </summary>
public interface ICoordinatorClient
{
    /// <summary>The outcome, after this node's replica shows it.</summary>
    Task<Milvus.Coordinator.CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellation);

    /// <summary>The first of so many consecutive ids.</summary>
    Task<long> AllocateIdsAsync(int count, CancellationToken cancellation);

    /// <summary>Commits, repeating as long as the outcome is unknown; a change that is there already counts as committed.</summary>
    Task CommitSegmentsAsync(SegmentChange change, CancellationToken cancellation);

    /// <summary>Adds an index file to a segment's manifest; false when segment or index are gone.</summary>
    Task<bool> AttachIndexAsync(long collectionId, long segmentId, SegmentIndexFile file, CancellationToken cancellation);

    /// <summary>Any other control message that has one answer.</summary>
    Task<T> AskAsync<T>(Messages.IControlMessage message, CancellationToken cancellation)
        where T : Messages.IControlMessage;
}
