using System.Collections.Immutable;
using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Resources;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Tests.Calls;

/// <summary>A proxy that remembers what it was asked and answers what the test says.</summary>
internal sealed class FakeProxy : IMilvusProxy
{
    public FakeProxy(params CatalogEvent[] events)
    {
        var database = new DatabaseInfo { Id = 1, Name = Limits.DefaultDatabase, CreatedAt = Timestamp.FromMs(1) };
        Catalog = Catalog.Empty.Apply([new DatabaseCreated(database), .. events]);
    }

    public Catalog Catalog { get; set; }

    public FakeMaintenance Maintenance { get; } = new();

    public Milvus.Text.Analyzers.AnalyzerRegistry Analyzers { get; } = new();

    public FileResources? Resources => null;

    IMaintenanceGateway IMilvusProxy.Maintenance => Maintenance;

    public List<(RequestContext Context, object Request)> Asked { get; } = [];

    public Func<object, object> Answer { get; set; } = _ => throw new MilvusException(ErrorCode.CollectionNotFound, "nothing here");

    public T Last<T>() => Assert.IsType<T>(Asked[^1].Request);

    public Timestamp Now() => Timestamp.FromMs(1000, 7);

    public Task<CommandResult> ExecuteAsync(RequestContext context, CoordinatorCommand command, CancellationToken cancellation = default) =>
        Ask<CommandResult>(context, command);

    public Task<MutationResult> InsertAsync(RequestContext context, InsertRequest request, CancellationToken cancellation = default) =>
        Ask<MutationResult>(context, request);

    public Task<MutationResult> UpsertAsync(RequestContext context, UpsertRequest request, CancellationToken cancellation = default) =>
        Ask<MutationResult>(context, request);

    public Task<MutationResult> DeleteAsync(RequestContext context, DeleteRequest request, CancellationToken cancellation = default) =>
        Ask<MutationResult>(context, request);

    public Task<QueryResult> QueryAsync(RequestContext context, QueryRequest request, CancellationToken cancellation = default) =>
        Ask<QueryResult>(context, request);

    public Task<SearchResult> SearchAsync(RequestContext context, SearchRequest request, CancellationToken cancellation = default) =>
        Ask<SearchResult>(context, request);

    public Task<SearchResult> HybridSearchAsync(RequestContext context, HybridSearchRequest request, CancellationToken cancellation = default) =>
        Ask<SearchResult>(context, request);

    public Task<FlushOutcome> FlushAsync(RequestContext context, string collection, CancellationToken cancellation = default) =>
        Ask<FlushOutcome>(context, collection);

    private async Task<T> Ask<T>(RequestContext context, object request)
    {
        await Task.Yield();
        Asked.Add((context, request));
        return (T)Answer(request);
    }
}

/// <summary>Everything is flushed, loaded and indexed unless a test says otherwise.</summary>
internal sealed class FakeMaintenance : IMaintenanceGateway
{
    public LoadProgress Load { get; set; } = new(LoadPhase.Loaded, 100);

    public IndexProgress Index { get; set; } = new(BuildPhase.Finished, 10, 10);

    public CompactionProgress? Compaction { get; set; }

    public ImmutableArray<SegmentStatus> Segments { get; set; } = [];

    public bool Flushed { get; set; } = true;

    public ValueTask<FlushOutcome> FlushAsync(CollectionInfo collection, CancellationToken cancellation) =>
        ValueTask.FromResult(new FlushOutcome([], [], Timestamp.FromMs(1)));

    public ValueTask<bool> IsFlushedAsync(CollectionInfo collection, Timestamp timestamp, CancellationToken cancellation) => ValueTask.FromResult(Flushed);

    public ValueTask<bool> AreFlushedAsync(ImmutableArray<long> segmentIds, CancellationToken cancellation) => ValueTask.FromResult(Flushed);

    /// <summary>Whether the last compaction was to divide rows by the clustering key.</summary>
    public bool? CompactedByKey { get; private set; }

    public ValueTask<long> CompactAsync(CollectionInfo collection, bool byKey, CancellationToken cancellation)
    {
        CompactedByKey = byKey;
        return ValueTask.FromResult(77L);
    }

    public ValueTask<CompactionProgress?> GetCompactionAsync(long compactionId, CancellationToken cancellation) => ValueTask.FromResult(Compaction);

    public ValueTask<LoadProgress> GetLoadProgressAsync(CollectionInfo collection, ImmutableArray<long> partitionIds, CancellationToken cancellation) =>
        ValueTask.FromResult(Load);

    public ValueTask WaitLoadedAsync(CollectionInfo collection, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask<IndexProgress> GetIndexProgressAsync(CollectionInfo collection, IndexInfo index, CancellationToken cancellation) =>
        ValueTask.FromResult(Index);

    public ValueTask<long> CountRowsAsync(CollectionInfo collection, long? partitionId, CancellationToken cancellation) =>
        ValueTask.FromResult(partitionId is null ? 10L : 4L);

    public ValueTask<ImmutableArray<SegmentStatus>> GetSegmentsAsync(CollectionInfo collection, CancellationToken cancellation) =>
        ValueTask.FromResult(Segments);

    public ImmutableArray<QueryNodeInfo> QueryNodes { get; set; } = [QueryNodeInfo.Local];

    public Func<CollectionInfo, ImmutableArray<ImmutableArray<long>>> ReplicaNodes { get; set; } = c => [.. Enumerable.Repeat<ImmutableArray<long>>([QueryNodeInfo.Local.Id], c.Load?.Replicas ?? 0)];

    public ValueTask<ImmutableArray<ImmutableArray<long>>> GetReplicaNodesAsync(CollectionInfo collection, CancellationToken cancellation) => ValueTask.FromResult(ReplicaNodes(collection));
}
