using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Imports;
using Milvus.Coordinator.Persistence;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Service;
using Milvus.Model;
using Milvus.Storage.Meta;
using Milvus.TestKit.Disk;

namespace Milvus.Coordinator.Tests.Service;

/// <summary>What the coordinator keeps of imports, snapshots and file resources: here, in copies of the catalogue, and after a restart.</summary>
public sealed class JobsAndSnapshotsTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private SqliteMetaStore _store = null!;
    private CoordinatorService _service = null!;
    private Copy _copy = null!;
    private CollectionInfo _collection = null!;

    public async Task InitializeAsync()
    {
        await OpenAsync();
        await _service.ExecuteAsync(new CreateCollection("", "c", Schemas.Simple) { Shards = 2 });
        await _service.ExecuteAsync(new CreateIndex("", "c", "v"));
        _collection = _service.Catalog.GetCollection("", "c");
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _store.DisposeAsync();
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_snapshot_without_rows_is_told_from_one_that_is_gone()
    {
        var id = (await _service.ExecuteAsync(new CreateSnapshot("", "c", "s"))).Id;
        Assert.Empty(_service.Segments.FindSnapshot(id)!.ObjectKeys);
        await DisposeAsync();
        await OpenAsync();
        Assert.Empty(_service.Segments.FindSnapshot(id)!.ObjectKeys);
        Assert.Empty((await SegmentStore.LoadSnapshotAsync(_store, id))!.ObjectKeys);
        await _service.ExecuteAsync(new DropSnapshot("", "c", "s"));
        Assert.Null(_service.Segments.FindSnapshot(id));
        Assert.Null(await SegmentStore.LoadSnapshotAsync(_store, id));
    }

    [Fact]
    public async Task Everything_is_there_after_a_restart_and_in_copies()
    {
        var job = (await _service.ExecuteAsync(new CreateImport("", "c", "") { Files = [new ImportFile(["a.json"])], AutoCommit = false })).Id;
        await _service.ExecuteAsync(new ReportImport(job, ImportState.Uncommitted, [new ImportFile(["a.json"], 10, 5)], ""));
        await _service.ExecuteAsync(new AddFileResource("words", "w.txt"));
        await CommitAsync(1, 2);
        await _service.ExecuteAsync(new CreateSnapshot("", "c", "s"));
        await _service.ExecuteAsync(new RestoreSnapshot("", "c", "s", "", "d"));
        await _service.ExecuteAsync(new PinSnapshot("", "c", "s", 10));
        Assert.Equal(Shell.Dump(_service.Catalog), Shell.Dump(_copy.Catalog));
        var before = Shell.Dump(_service.Catalog);
        var live = _service.Segments.LiveObjectKeys().Order().ToList();
        await ReopenAsync();
        Assert.Equal(before, Shell.Dump(_service.Catalog));
        Assert.Equal(live, _service.Segments.LiveObjectKeys().Order());
        await _service.ExecuteAsync(new RemoveFileResource("words"));
        await _service.ExecuteAsync(new AbortImport(job));
        Assert.Equal(Shell.Dump(_service.Catalog), Shell.Dump(_copy.Catalog));
    }

    [Fact]
    public async Task An_import_is_committed_once()
    {
        await _service.Segments.CommitAsync(new SegmentChange { CollectionId = _collection.Id, Added = [Manifest(1)], ImportId = 77 });
        await _service.Segments.CommitAsync(new SegmentChange { CollectionId = _collection.Id, Added = [Manifest(2)], ImportId = 77 });
        Assert.Equal([1L], _service.Segments.GetSegments(_collection.Id).Select(s => s.SegmentId));
        await ReopenAsync();
        Assert.True(_service.Segments.IsImported(_collection.Id, 77));
        Assert.True(await SegmentStore.IsImportedAsync(_store, _collection.Id, 77));
        Assert.False(await SegmentStore.IsImportedAsync(_store, _collection.Id, 7));
        await _service.Segments.CommitAsync(new SegmentChange { CollectionId = _collection.Id, Added = [Manifest(3)], ImportId = 77 });
        Assert.Single(_service.Segments.GetSegments(_collection.Id));
        await _service.ExecuteAsync(new DropCollection("", "c"));
        Assert.False(await SegmentStore.IsImportedAsync(_store, _collection.Id, 77));
    }

    [Fact]
    public async Task What_a_job_has_committed_is_forgotten_with_the_job()
    {
        var world = new World();
        var collection = world.Create("c");
        var first = world.Do(new CreateImport("", "c", "") { Files = [new ImportFile(["a.json"])] }).Id;
        world.Do(new AbortImport(first));
        Decision.Accepted last = null!;
        while (world.Catalog.FindImport(first) is not null)
        {
            last = world.Do(new CreateImport("", "c", "") { Files = [new ImportFile(["a.json"])] });
            if (world.Catalog.FindImport(last.Id) is not null) world.Do(new AbortImport(last.Id));
        }
        Assert.Equal(
            [MetaLayout.Import(first), MetaLayout.ImportedBy(collection.Id, first)], CatalogStore.Mutations(last.Events, 1).Where(m => m.Kind == MetaMutationKind.Delete).Select(m => m.Key));

        await _service.Segments.CommitAsync(new SegmentChange { CollectionId = _collection.Id, Added = [Manifest(1)], ImportId = 77 });
        await _service.Segments.OnCatalogChangedAsync(new CatalogChange(_service.Catalog, _service.Catalog, [new ImportRemoved(77, _collection.Id)], new Timestamp(1)));
        Assert.False(_service.Segments.IsImported(_collection.Id, 77));
        Assert.Single(_service.Segments.GetSegments(_collection.Id));
    }

    [Fact]
    public async Task Rows_that_a_checkpoint_has_overtaken_are_refused()
    {
        var checkpoint = new ChannelCheckpoint { Shard = new(_collection.Id, 0), LogSequence = 1, Timestamp = new Timestamp(5000) };
        await _service.Segments.CommitAsync(new SegmentChange { CollectionId = _collection.Id, Checkpoint = checkpoint });
        var early = new SegmentChange { CollectionId = _collection.Id, Added = [Manifest(1)], ImportId = 77 };
        Assert.Equal(ErrorCode.Internal, (await Assert.ThrowsAsync<MilvusException>(() => _service.Segments.CommitAsync(early))).Code);
        await _service.Segments.CommitAsync(early with { Added = [Manifest(1) with { MinTimestamp = new(5001), MaxTimestamp = new(5001) }] });
        Assert.Single(_service.Segments.GetSegments(_collection.Id));
    }

    [Fact]
    public async Task A_snapshot_keeps_objects_and_names_its_own_tombstones()
    {
        await CommitAsync(1, 2);
        var tombstones = new TombstoneFile("tombstones/x", new(1), new(2), 3, 4, _collection.Partitions[0].Id);
        var checkpoint = new ChannelCheckpoint { Shard = new(_collection.Id, 1), LogSequence = 9, Timestamp = new Timestamp(900), Tombstones = [tombstones] };
        await _service.Segments.CommitAsync(new SegmentChange { CollectionId = _collection.Id, Checkpoint = checkpoint });
        Assert.Equal(ErrorCode.SchemaVersionNotReady, (await Assert.ThrowsAsync<MilvusException>(() => _service.ExecuteAsync(new CreateSnapshot("", "c", "s")))).Code);
        await _service.ExecuteAsync(new CreateSnapshot("", "c", "s") { Tombstones = [new ObjectCopy("tombstones/x", "copy/x")] });
        await _service.Segments.CommitAsync(new SegmentChange { CollectionId = _collection.Id, Removed = [1, 2] });
        await _service.ExecuteAsync(new DropCollection("", "c"));
        Assert.Equal(["copy/x", "segment/1", "segment/2"], _service.Segments.LiveObjectKeys().Order());

        await _service.ExecuteAsync(new RestoreSnapshot("", "c", "s", "", "d") { Tombstones = [new ObjectCopy("copy/x", "copy/y")] });
        var restored = _service.Catalog.GetCollection("", "d");
        var segments = _service.Segments.GetSegments(restored.Id);
        Assert.Equal(["segment/1", "segment/2"], segments.SelectMany(s => s.Columns).Select(c => c.ObjectKey).Order());
        Assert.All(segments, s => Assert.Equal(restored.Partitions[0].Id, s.PartitionId));
        Assert.DoesNotContain(segments, s => s.SegmentId is 1 or 2);
        var taken = _service.Segments.GetCheckpoint(new ShardId(restored.Id, 1))!;
        Assert.Equal((0L, "copy/y", restored.Partitions[0].Id), (taken.LogSequence, taken.Tombstones[0].ObjectKey, taken.Tombstones[0].PartitionId));
        Assert.Equal(restored.Indexes.Select(i => i.Id), _collection.Indexes.Select(i => i.Id));

        await _service.ExecuteAsync(new DropSnapshot("", "c", "s"));
        Assert.Equal(["copy/y", "segment/1", "segment/2"], _service.Segments.LiveObjectKeys().Order());
        await ReopenAsync();
        Assert.Equal(["copy/y", "segment/1", "segment/2"], _service.Segments.LiveObjectKeys().Order());
        await _service.ExecuteAsync(new DropCollection("", "d"));
        Assert.Empty(_service.Segments.LiveObjectKeys());
    }

    private async Task OpenAsync()
    {
        _store = new SqliteMetaStore(Path.Combine(_directory.Path, "meta.db"));
        _service = await Shell.StartAsync(_store);
        _copy = new Copy(_service.Catalog);
        _service.Subscribe(_copy);
    }

    private async Task ReopenAsync()
    {
        await DisposeAsync();
        await OpenAsync();
    }

    private async Task CommitAsync(params long[] ids)
    {
        foreach (var id in ids) await _service.Segments.CommitAsync(new SegmentChange { CollectionId = _collection.Id, Added = [Manifest(id)] });
    }

    private SegmentManifest Manifest(long id) => new()
    {
        SegmentId = id,
        CollectionId = _collection.Id,
        PartitionId = _collection.Partitions[0].Id,
        Shard = 0,
        RowCount = 10,
        MinTimestamp = new(100),
        MaxTimestamp = new(200),
        DeletesAppliedTo = new(200),
        Columns = [new SegmentColumnFile(100, $"segment/{id}", 1)],
    };

    private sealed class Copy(Catalog catalog) : ICatalogObserver
    {
        public Catalog Catalog { get; private set; } = catalog;

        public ValueTask OnCatalogChangedAsync(CatalogChange change)
        {
            Catalog = CatalogReader.Apply(Catalog, CatalogReader.Describe(change));
            return ValueTask.CompletedTask;
        }
    }
}
