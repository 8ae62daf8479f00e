using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Node;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Segments;
using Milvus.DataNode;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

namespace Milvus.Actors.Gateways;

/// <summary>Makes segments of imported rows on a data node; the coordinator commits them, and the channels have them loaded.</summary>
public sealed class ClusterImportGateway(NodeServices node, GatewayOptions options) : IImportGateway
{
    public async Task<bool> IsImportedAsync(long collectionId, long importId, CancellationToken cancellation)
    {
        try
        {
            return await SegmentStore.IsImportedAsync(node.Meta, collectionId, importId, cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.ServiceUnavailable, $"cannot read metadata: {e.Message}: service unavailable", e);
        }
    }

    public async Task<ImmutableArray<SegmentManifest>> GetSegmentsAsync(long collectionId, CancellationToken cancellation)
    {
        try
        {
            return (await SegmentStore.LoadAsync(node.Meta, collectionId, cancellation).ConfigureAwait(false)).Segments;
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.ServiceUnavailable, $"cannot read metadata: {e.Message}: service unavailable", e);
        }
    }

    public Task<IRowIntake> BeginAsync(CollectionInfo collection, long importId, CancellationToken cancellation) =>
        Task.FromResult<IRowIntake>(new Intake(node, options, collection, importId, this));

    private sealed class Intake(NodeServices node, GatewayOptions options, CollectionInfo collection, long importId, ClusterImportGateway owner) : IRowIntake
    {
        private const int MaxAttempts = 10;
        private static readonly TimeSpan s_visiblePatience = TimeSpan.FromMinutes(2);

        // Ids hold the time of their making: objects that are not committed yet are safe from the sweep for as long as orphans are.
        private readonly SegmentIntake _intake = new(
            collection, node.Objects, () => node.Oracle.NextIds(), new IntakeLimits(node.Options.Channel.MaxSegmentRows, node.Options.Channel.MaxSegmentBytes));

        public Task AppendAsync(int shard, long partitionId, ColumnBatch rows, CancellationToken cancellation) => _intake.AppendAsync(shard, partitionId, rows, cancellation);

        public Task CutAsync(ImmutableArray<string> sources, CancellationToken cancellation) => _intake.CutAsync(sources, cancellation);

        public async Task CommitAsync(ImmutableArray<long> replaced, CancellationToken cancellation)
        {
            var written = await _intake.CompleteAsync(cancellation).ConfigureAwait(false);
            for (var attempt = 1; ; attempt++)
            {
                var at = node.Oracle.Next();
                var added = new List<SegmentManifest>();
                foreach (var manifest in written) added.Add(await SegmentStream.StampAsync(manifest, at, node.Objects, cancellation).ConfigureAwait(false));
                try
                {
                    await node.Coordinator.CommitSegmentsAsync(new SegmentChange { CollectionId = collection.Id, Added = [.. added], Removed = replaced, ImportId = importId }, cancellation).ConfigureAwait(false);
                }
                catch (MilvusException e) when (e.Code == ErrorCode.Internal && attempt < MaxAttempts)
                {
                    if (!await owner.IsImportedAsync(collection.Id, importId, cancellation).ConfigureAwait(false))
                    {
                        // A channel's checkpoint overtook the rows: they need a later timestamp.
                        await Task.Delay(TimeSpan.FromMilliseconds(100 * attempt), node.Time, cancellation).ConfigureAwait(false);
                        continue;
                    }
                }
                await WaitVisibleAsync([.. added.Select(m => m.SegmentId)], cancellation).ConfigureAwait(false);
                return;
            }
        }

        public ValueTask DisposeAsync() => _intake.DisposeAsync();

        // The rows are committed whatever happens here; a client that is told of it should find them.
        private async Task WaitVisibleAsync(HashSet<long> segments, CancellationToken cancellation)
        {
            var maintenance = new ClusterMaintenanceGateway(node, options);
            using var timer = new CancellationTokenSource(s_visiblePatience, node.Time);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
            try
            {
                while (node.Catalog.Catalog.FindCollection(collection.Id) is { Load: { } load } current)
                {
                    var statuses = await maintenance.GetSegmentsAsync(current, patience.Token).ConfigureAwait(false);
                    if (!statuses.Any(s => segments.Contains(s.SegmentId) && load.Includes(s.PartitionId) && !s.Loaded)) return;
                    await Task.Delay(TimeSpan.FromMilliseconds(100), node.Time, patience.Token).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or MilvusException)
            {
                node.Logging.CreateLogger<ClusterImportGateway>().LogWarning("Import {Import} is committed; that its rows can be read could not be seen in time", importId);
            }
        }
    }
}
