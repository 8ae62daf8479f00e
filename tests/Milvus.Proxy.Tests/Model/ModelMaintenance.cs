using System.Collections.Immutable;
using Milvus.Coordinator.Resources;
using Milvus.Model;

namespace Milvus.Proxy.Tests.Model;

internal sealed class ModelMaintenance(ModelOracle oracle) : IMaintenanceGateway
{
    public List<long> Flushed { get; } = [];

    public ImmutableArray<QueryNodeInfo> QueryNodes => [QueryNodeInfo.Local];

    public ValueTask<ImmutableArray<ImmutableArray<long>>> GetReplicaNodesAsync(CollectionInfo collection, CancellationToken cancellation) =>
        ValueTask.FromResult<ImmutableArray<ImmutableArray<long>>>([.. Enumerable.Repeat<ImmutableArray<long>>([QueryNodeInfo.Local.Id], collection.Load?.Replicas ?? 0)]);

    public ValueTask<FlushOutcome> FlushAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        Flushed.Add(collection.Id);
        return new(new FlushOutcome([5], [], oracle.Next()));
    }

    public ValueTask<bool> IsFlushedAsync(CollectionInfo collection, Timestamp timestamp, CancellationToken cancellation) => new(true);

    public ValueTask<bool> AreFlushedAsync(ImmutableArray<long> segmentIds, CancellationToken cancellation) => new(true);

    public ValueTask<long> CompactAsync(CollectionInfo collection, bool byKey, CancellationToken cancellation) => new(1);

    public ValueTask<CompactionProgress?> GetCompactionAsync(long compactionId, CancellationToken cancellation) => default;

    public ValueTask<LoadProgress> GetLoadProgressAsync(CollectionInfo collection, ImmutableArray<long> partitionIds, CancellationToken cancellation) =>
        new(new LoadProgress(LoadPhase.Loaded, 100));

    public ValueTask WaitLoadedAsync(CollectionInfo collection, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask<IndexProgress> GetIndexProgressAsync(CollectionInfo collection, IndexInfo index, CancellationToken cancellation) =>
        new(new IndexProgress(BuildPhase.Finished, 0, 0));

    public ValueTask<long> CountRowsAsync(CollectionInfo collection, long? partitionId, CancellationToken cancellation) => new(0L);

    public ValueTask<ImmutableArray<SegmentStatus>> GetSegmentsAsync(CollectionInfo collection, CancellationToken cancellation) =>
        new(ImmutableArray<SegmentStatus>.Empty);
}
