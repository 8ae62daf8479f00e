using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Service;
using Milvus.Model;
using Milvus.Storage.Meta;
using Milvus.TestKit.Disk;

namespace Milvus.Coordinator.Tests.Service;

/// <summary>Objects that a snapshot names while nobody knows whether the snapshot is stored.</summary>
public sealed class UncertainSnapshotTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_snapshot_that_may_be_stored_keeps_its_objects(bool committed)
    {
        await using var store = new SqliteMetaStore(Path.Combine(_directory.Path, "meta.db"));
        var flaky = new FlakyMetaStore(store);
        await using var service = await Shell.StartAsync(flaky);
        var collection = await CreateAsync(service);

        await FailAsync(service, flaky, committed, new CreateSnapshot("", "c", "s"));
        // Segments go on being compacted away meanwhile.
        await service.Segments.CommitAsync(new SegmentChange { CollectionId = collection.Id, Removed = [1] });
        Assert.Equal(["segment/1"], service.Segments.LiveObjectKeys());

        flaky.Unreachable = false;
        await service.ExecuteAsync(new CreateCollection("", "other", Schemas.Simple));
        Assert.Equal(committed, service.Catalog.Snapshots.Any());
        Assert.Equal(committed ? ["segment/1"] : [], service.Segments.LiveObjectKeys());
        await using var successor = await Shell.StartAsync(store);
        Assert.Equal(successor.Segments.LiveObjectKeys(), service.Segments.LiveObjectKeys());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_collection_that_may_be_restored_keeps_its_copies(bool committed)
    {
        await using var store = new SqliteMetaStore(Path.Combine(_directory.Path, "meta.db"));
        var flaky = new FlakyMetaStore(store);
        await using var service = await Shell.StartAsync(flaky);
        var collection = await CreateAsync(service);
        var deletes = new TombstoneFile("tombstones/x", new(1), new(2), 3, 4, collection.Partitions[0].Id);
        await service.Segments.CommitAsync(new SegmentChange
        {
            CollectionId = collection.Id,
            Checkpoint = new ChannelCheckpoint { Shard = new(collection.Id, 0), LogSequence = 9, Timestamp = new Timestamp(900), Tombstones = [deletes] },
        });
        await service.ExecuteAsync(new CreateSnapshot("", "c", "s") { Tombstones = [new ObjectCopy("tombstones/x", "copy/x")] });
        await service.ExecuteAsync(new DropCollection("", "c"));

        await FailAsync(service, flaky, committed, new RestoreSnapshot("", "c", "s", "", "d") { Tombstones = [new ObjectCopy("copy/x", "copy/y")] });
        Assert.Contains("copy/y", service.Segments.LiveObjectKeys());
        Assert.Null(service.Catalog.FindCollectionByName(collection.DatabaseId, "d"));

        flaky.Unreachable = false;
        await service.ExecuteAsync(new CreateCollection("", "other", Schemas.Simple));
        Assert.Equal(committed, service.Segments.LiveObjectKeys().Contains("copy/y"));
        await using var successor = await Shell.StartAsync(store);
        Assert.Equal(successor.Segments.LiveObjectKeys().Order(), service.Segments.LiveObjectKeys().Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_snapshot_that_may_be_dropped_keeps_its_objects(bool committed)
    {
        await using var store = new SqliteMetaStore(Path.Combine(_directory.Path, "meta.db"));
        var flaky = new FlakyMetaStore(store);
        await using var service = await Shell.StartAsync(flaky);
        await CreateAsync(service);
        await service.ExecuteAsync(new CreateSnapshot("", "c", "s"));
        await service.ExecuteAsync(new DropCollection("", "c"));

        await FailAsync(service, flaky, committed, new DropSnapshot("", "c", "s"));
        Assert.Equal(["segment/1"], service.Segments.LiveObjectKeys());

        flaky.Unreachable = false;
        await service.ExecuteAsync(new CreateCollection("", "other", Schemas.Simple));
        Assert.Equal(committed ? [] : ["segment/1"], service.Segments.LiveObjectKeys());
    }

    private static async Task<CollectionInfo> CreateAsync(CoordinatorService service)
    {
        await service.ExecuteAsync(new CreateCollection("", "c", Schemas.Simple));
        var collection = service.Catalog.GetCollection("", "c");
        await service.Segments.CommitAsync(new SegmentChange
        {
            CollectionId = collection.Id,
            Added =
            [
                new SegmentManifest
                {
                    SegmentId = 1,
                    CollectionId = collection.Id,
                    PartitionId = collection.Partitions[0].Id,
                    Shard = 0,
                    RowCount = 10,
                    MinTimestamp = new(100),
                    MaxTimestamp = new(200),
                    DeletesAppliedTo = new(200),
                    Columns = [new SegmentColumnFile(100, "segment/1", 1)],
                },
            ],
        });
        return collection;
    }

    private static async Task FailAsync(CoordinatorService service, FlakyMetaStore flaky, bool committed, CoordinatorCommand command)
    {
        flaky.LoseNextAcknowledgement = committed;
        flaky.FailNextCommit = !committed;
        flaky.Unreachable = true;
        Assert.Equal(ErrorCode.IoFailed, (await Assert.ThrowsAsync<MilvusException>(() => service.ExecuteAsync(command))).Code);
    }
}
