using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>What a channel answers to questions about itself.</summary>
internal static class ChannelReports
{
    /// <summary>Never waits: also a channel that cannot reach its journal says how it is.</summary>
    public static ChannelStatus Describe(ChannelHandle handle, NodeServices services)
    {
        var id = handle.Id;
        var node = services.Rpc.Self.ToString();
        if (handle.Live is not { } live)
        {
            var isWanted = services.Catalog.Catalog.FindCollection(id.CollectionId)?.Load is not null;
            var phase = handle.Failure is not null ? LoadPhase.Failed : isWanted ? LoadPhase.Loading : LoadPhase.NotLoaded;
            return new ChannelStatus
            {
                CollectionId = id.CollectionId,
                Shard = id.Shard,
                Node = node,
                AppliedSequence = 0,
                CheckpointSequence = 0,
                LoadPhase = (int)phase,
                LoadPercent = 0,
                LoadFailureCode = (int)(handle.Failure?.Code ?? ErrorCode.Success),
                LoadFailure = handle.Failure?.Message ?? "",
            };
        }
        var progress = live.Load.Progress;
        var sealing = live.Sealing;
        return new ChannelStatus
        {
            CollectionId = id.CollectionId,
            Shard = id.Shard,
            Node = node,
            AppliedSequence = live.Core.AppliedSequence,
            CheckpointSequence = live.Core.CheckpointSequence,
            LoadPhase = (int)progress.Phase,
            LoadPercent = progress.Percent,
            LoadFailureCode = (int)(progress.Failure?.Code ?? ErrorCode.Success),
            LoadFailure = progress.Failure?.Message ?? "",
            Growing = [.. live.View.Growing.Select(g => new GrowingStatus(g.SegmentId, g.PartitionId, g.RowCount, g.Tombstones.Count, g.MemoryBytes, g.MinTimestamp.Value, sealing.Contains(g.SegmentId)))],
            Replicas = [.. live.Replicas],
        };
    }

    /// <summary>Closes every growing segment; the maintenance that is started anyway writes them out.</summary>
    public static async Task<IControlMessage> FlushAsync(ChannelHandle handle, NodeServices services, CancellationToken cancellation)
    {
        try
        {
            var live = await handle.GetRunningAsync(cancellation).ConfigureAwait(false);
            // Before the segments are closed: rows that are written right afterwards go to new segments, which this flush does not seal.
            var timestamp = services.Oracle.Next();
            var sealing = await live.PostAsync(channel =>
            {
                var all = channel.Growing.ToList();
                channel.BeginSeal(all);
                channel.AskCheckpoint();
                return all.ConvertAll(g => g.Segment.SegmentId);
            }).WaitAsync(cancellation).ConfigureAwait(false);
            live.RequestMaintenance();
            return new ChannelFlushed([.. sealing], timestamp.Value);
        }
        catch (MilvusException e)
        {
            return new ControlFailed((int)e.Code, e.Message, e.IsInputError);
        }
        catch (Exception e) when (e is ShardMovedException or OperationCanceledException)
        {
            return new ControlFailed((int)ErrorCode.ServiceUnavailable, $"channel {handle.Id} is moving: service unavailable", false);
        }
    }
}
