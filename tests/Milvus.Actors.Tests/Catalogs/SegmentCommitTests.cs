using Akka.Actor;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Messages;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Segments;
using Milvus.Model;

namespace Milvus.Actors.Tests.Catalogs;

public sealed class SegmentCommitTests : IAsyncLifetime
{
    private CoordinatorRig _rig = null!;
    private CoordinatorClient _client = null!;
    private CollectionInfo _collection = null!;

    public async Task InitializeAsync()
    {
        _rig = await CoordinatorRig.StartAsync();
        // Indexes are attached by the tests, not by the planner.
        _rig.Settings = _rig.Settings with { Engine = _rig.Settings.Engine with { MinIndexRows = 1_000_000 } };
        var coordinator = _rig.StartCoordinator();
        _rig.RegisterNode(coordinator);
        _client = _rig.Client(coordinator);
        var made = await _client.ExecuteAsync(CoordinatorRig.Create(), default);
        _collection = made.Catalog.GetCollection(made.Id);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_repeated_commit_counts_as_done()
    {
        var change = CoordinatorRig.Change(await _rig.SealAsync(_collection, 1, 0, 20));
        await _client.CommitSegmentsAsync(change, default);
        await _client.CommitSegmentsAsync(change, default);
        Assert.Equal([1], (await SegmentsAsync()).Select(s => s.SegmentId));
    }

    [Fact]
    public async Task A_commit_repeated_after_an_index_was_built_keeps_the_index()
    {
        var index = await _client.ExecuteAsync(CoordinatorRig.Index(), default);
        var change = CoordinatorRig.Change(await _rig.SealAsync(_collection, 1, 0, 20));
        await _client.CommitSegmentsAsync(change, default);
        Assert.True(await _client.AttachIndexAsync(_collection.Id, 1, File(index.Id), default));
        await _client.CommitSegmentsAsync(change, default);
        Assert.Equal(File(index.Id), Assert.Single(Assert.Single(await SegmentsAsync()).Indexes));
    }

    [Fact]
    public async Task A_repeated_merge_counts_as_done()
    {
        foreach (var id in (long[])[1, 2]) await _client.CommitSegmentsAsync(CoordinatorRig.Change(await _rig.SealAsync(_collection, id, 0, 20), id), default);
        var merge = new SegmentChange { CollectionId = _collection.Id, Added = [await _rig.SealAsync(_collection, 3, 0, 40)], Removed = [1, 2] };
        await _client.CommitSegmentsAsync(merge, default);
        await _client.CommitSegmentsAsync(merge, default);
        Assert.Equal([3], (await SegmentsAsync()).Select(s => s.SegmentId));
        // Another merge of the same sources comes too late, and is told so.
        var late = merge with { Added = [await _rig.SealAsync(_collection, 4, 0, 40)] };
        Assert.Equal(ErrorCode.SegmentNotFound, (await Assert.ThrowsAsync<MilvusException>(() => _client.CommitSegmentsAsync(late, default))).Code);
    }

    [Fact]
    public async Task A_different_segment_of_the_same_id_is_refused()
    {
        await _client.CommitSegmentsAsync(CoordinatorRig.Change(await _rig.SealAsync(_collection, 1, 0, 20)), default);
        var other = CoordinatorRig.Change(await _rig.SealAsync(_collection, 1, 0, 21), 2);
        Assert.Equal(ErrorCode.Internal, (await Assert.ThrowsAsync<MilvusException>(() => _client.CommitSegmentsAsync(other, default))).Code);
    }

    [Fact]
    public async Task An_index_of_what_is_gone_is_not_attached()
    {
        var index = await _client.ExecuteAsync(CoordinatorRig.Index(), default);
        await _client.CommitSegmentsAsync(CoordinatorRig.Change(await _rig.SealAsync(_collection, 1, 0, 20)), default);
        Assert.False(await _client.AttachIndexAsync(_collection.Id, 2, File(index.Id), default));
        Assert.False(await _client.AttachIndexAsync(_collection.Id + 1, 1, File(index.Id), default));
        Assert.True(await _client.AttachIndexAsync(_collection.Id, 1, File(index.Id), default));
        Assert.True(await _client.AttachIndexAsync(_collection.Id, 1, File(index.Id), default));
        await _client.ExecuteAsync(new DropIndex("", CoordinatorRig.Collection) { Field = "v" }, default);
        Assert.False(await _client.AttachIndexAsync(_collection.Id, 1, File(index.Id), default));
        Assert.Empty(Assert.Single(await SegmentsAsync()).Indexes);
    }

    [Fact]
    public async Task A_commit_is_hinted_on_every_node()
    {
        var hints = _rig.Kit.CreateTestProbe();
        _rig.System.EventStream.Subscribe(hints, typeof(SegmentsChanged));
        await _client.CommitSegmentsAsync(CoordinatorRig.Change(await _rig.SealAsync(_collection, 1, 0, 20)), default);
        Assert.Equal(_collection.Id, (await hints.ExpectMsgAsync<SegmentsChanged>(TimeSpan.FromMinutes(1))).CollectionId);
    }

    private static SegmentIndexFile File(long index) => new(101, index, "HNSW", "segments/i", 5);

    private async Task<IEnumerable<SegmentManifest>> SegmentsAsync() => (await SegmentStore.LoadAsync(_rig.Meta, _collection.Id)).Segments;
}
