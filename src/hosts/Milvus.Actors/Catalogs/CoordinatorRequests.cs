using Milvus.Actors.Messages;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Service;
using Milvus.Model;

namespace Milvus.Actors.Catalogs;

/// <summary>Carries out what nodes ask of the coordinator; every method answers with a message and never throws. Thread-safe.</summary>
internal sealed class CoordinatorRequests(CoordinatorService service)
{
    public CoordinatorService Service { get; } = service;

    public Task<IControlMessage> ExecuteAsync(ExecuteCommand message) => GuardAsync(async () =>
    {
        var result = await Service.ExecuteAsync(message.Command).ConfigureAwait(false);
        return new CommandExecuted(result.Changed, result.Id, result.At.Value, result.Catalog.Version);
    });

    public Task<IControlMessage> AllocateAsync(AllocateIds message) => GuardAsync(() =>
        Task.FromResult<IControlMessage>(new IdsAllocated(Service.Oracle.NextIds(message.Count), message.Count)));

    public Task<IControlMessage> CommitAsync(CommitSegments message) => GuardAsync(async () =>
    {
        var change = SegmentChangeCodec.Decode(message.Change);
        await Service.Segments.UpdateAsync(change.CollectionId, _ => IsCommitted(change) ? null : change).ConfigureAwait(false);
        return ControlDone.Instance;
    });

    public Task<IControlMessage> AttachAsync(AttachIndex message) => GuardAsync(async () =>
    {
        var file = new SegmentIndexFile(message.FieldId, message.IndexId, message.Kind, message.ObjectKey, message.Bytes);
        await Service.Segments.UpdateAsync(message.CollectionId, segments =>
        {
            var segment = segments.FirstOrDefault(s => s.SegmentId == message.SegmentId)
                ?? throw new MilvusException(ErrorCode.SegmentNotFound, $"segment not found[segment={message.SegmentId}]");
            if (Service.Catalog.GetCollection(message.CollectionId).Indexes.All(i => i.Id != message.IndexId))
                throw new MilvusException(ErrorCode.IndexNotFound, $"index not found[indexID={message.IndexId}]");
            if (segment.Indexes.Contains(file)) return null;
            return new SegmentChange { CollectionId = message.CollectionId, Replaced = [segment.WithIndex(file)] };
        }).ConfigureAwait(false);
        return ControlDone.Instance;
    });

    /// <summary>
    /// True when the store shows that this very change happened: who sent it did not hear of it and sends it again. Index files may have come since, and partitions gone.
    /// </summary>
    private bool IsCommitted(SegmentChange change)
    {
        var collection = Service.Catalog.FindCollection(change.CollectionId);
        foreach (var added in change.Added)
        {
            if (Service.Segments.FindSegment(change.CollectionId, added.SegmentId) is { } present)
            {
                if (!HaveSameRows(present, added)) return false;
            }
            else if (collection?.FindPartition(added.PartitionId) is not null && added.MaxTimestamp > collection.TruncatedAt)
            {
                return false;
            }
        }
        foreach (var removed in change.Removed)
            if (Service.Segments.FindSegment(change.CollectionId, removed) is not null) return false;
        foreach (var replaced in change.Replaced)
            if (Service.Segments.FindSegment(change.CollectionId, replaced.SegmentId) is not { } present || !IsSame(present, replaced)) return false;
        return change.Checkpoint is not { } checkpoint
            || (Service.Segments.GetCheckpoint(checkpoint.Shard) is { } stored && IsSame(stored, checkpoint));
    }

    private static bool HaveSameRows(SegmentManifest a, SegmentManifest b) => IsSame(a with { Indexes = [] }, b with { Indexes = [] });

    // Records of arrays do not compare by content; their encodings do.
    private static bool IsSame(SegmentManifest a, SegmentManifest b) =>
        a.CollectionId == b.CollectionId && Encode(new() { CollectionId = a.CollectionId, Added = [a] }).SequenceEqual(Encode(new() { CollectionId = b.CollectionId, Added = [b] }));

    private static bool IsSame(ChannelCheckpoint a, ChannelCheckpoint b) =>
        Encode(new() { CollectionId = a.Shard.CollectionId, Checkpoint = a }).SequenceEqual(Encode(new() { CollectionId = b.Shard.CollectionId, Checkpoint = b }));

    private static ReadOnlySpan<byte> Encode(SegmentChange change) => SegmentChangeCodec.Encode(change);

    private static async Task<IControlMessage> GuardAsync(Func<Task<IControlMessage>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (MilvusException e)
        {
            return new ControlFailed((int)e.Code, e.Message, e.IsInputError);
        }
        catch (ObjectDisposedException)
        {
            // Nothing was begun: the coordinator is on its way to another node.
            return new ControlFailed((int)ErrorCode.ServiceUnavailable, "the coordinator is moving: service unavailable", false);
        }
        catch (Exception e)
        {
            return new ControlFailed((int)ErrorCode.Unexpected, e.Message, false);
        }
    }
}
