using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Tests.Model;

internal sealed class ModelMaintenance(ModelOracle oracle) : IMaintenanceGateway
{
    public List<long> Flushed { get; } = [];

    public ValueTask<FlushOutcome> FlushAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        Flushed.Add(collection.Id);
        return new(new FlushOutcome([5], [], oracle.Next()));
    }

    public bool IsFlushed(CollectionInfo collection, Timestamp timestamp) => true;

    public bool AreFlushed(ImmutableArray<long> segmentIds) => true;

    public ValueTask<long> CompactAsync(CollectionInfo collection, CancellationToken cancellation) => new(1);

    public CompactionProgress? GetCompaction(long compactionId) => null;

    public LoadProgress GetLoadProgress(CollectionInfo collection, ImmutableArray<long> partitionIds) => new(LoadPhase.Loaded, 100);

    public ValueTask WaitLoadedAsync(CollectionInfo collection, CancellationToken cancellation) => ValueTask.CompletedTask;

    public IndexProgress GetIndexProgress(CollectionInfo collection, IndexInfo index) => new(BuildPhase.Finished, 0, 0);

    public long CountRows(CollectionInfo collection, long? partitionId) => 0;

    public ImmutableArray<SegmentStatus> GetSegments(CollectionInfo collection) => [];
}
