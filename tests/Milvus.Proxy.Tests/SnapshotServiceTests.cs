using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using Milvus.TestKit.Objects;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests;

/// <summary>When taking a snapshot writes out the collection, and how often it tries.</summary>
public sealed class SnapshotServiceTests
{
    private readonly World _world = new();
    private readonly Storage _storage = new();

    public SnapshotServiceTests() => _world.Create([Key(), Vector()], 1);

    [Fact]
    public async Task A_collection_is_written_out_only_for_a_request_that_can_be()
    {
        _world.Coordinator.Put(new SnapshotInfo { Id = 1, Name = "taken", Collection = _world.Collection, CreatedAt = _world.Oracle.Next() });
        _world.Coordinator.OnExecute = c =>
        {
            if (c is CreateSnapshot { Name: "taken" }) throw MilvusException.InvalidParameter("snapshot name taken already exists");
        };
        await World.RefusedAsync("snapshot name can only contain", () => CreateAsync("a b"));
        await World.RefusedAsync("already exists", () => CreateAsync("taken"));
        Assert.Equal(0, _storage.Checkpoints);
        Assert.Equal(7, await CreateAsync("free"));
        Assert.Equal(1, _storage.Checkpoints);
    }

    [Fact]
    public async Task The_name_of_a_dropped_collections_snapshot_is_free()
    {
        var gone = _world.Collection;
        _world.Coordinator.Put(new SnapshotInfo { Id = 1, Name = "s", Collection = gone, CreatedAt = _world.Oracle.Next() });
        _world.Coordinator.Remove(gone);
        _world.Create([Key(), Vector()], 1);
        await CreateAsync("s");
        Assert.Equal(1, _storage.Checkpoints);
    }

    [Fact]
    public async Task Checkpoints_that_come_in_between_each_time_make_it_unavailable()
    {
        var tries = 0;
        _world.Coordinator.OnExecute = _ =>
        {
            if (++tries < 3) throw new MilvusException(ErrorCode.SchemaVersionNotReady, "others by now");
        };
        await CreateAsync("s");
        Assert.Equal(3, tries);
        _world.Coordinator.OnExecute = _ => throw new MilvusException(ErrorCode.SchemaVersionNotReady, "others by now");
        await World.RefusedAsync(ErrorCode.ServiceUnavailable, "service unavailable", () => CreateAsync("t"));
    }

    [Fact]
    public async Task A_snapshot_that_is_gone_is_not_exported_as_an_empty_one()
    {
        // As a node sees it whose catalogue does not know yet.
        _world.Coordinator.Put(new SnapshotInfo { Id = 1, Name = "s", Collection = _world.Collection, CreatedAt = _world.Oracle.Next() });
        var elsewhere = new InMemoryObjectStore();
        var transfer = new SnapshotTransfer(_world.Proxy, _storage, new ExternalPlaces(elsewhere));
        await World.RefusedAsync(ErrorCode.SnapshotNotFound, "snapshot not found[snapshot=s]", () => transfer.ExportAsync(RequestContext.Default, "c", "s", "s3://vault/a", "", default));
        Assert.False(await elsewhere.ListAsync("").AnyAsync());
    }

    private Task<long> CreateAsync(string name) => new SnapshotService(_world.Proxy, _storage).CreateAsync(RequestContext.Default, new CreateSnapshot("", "c", name), default);

    private sealed class Storage : ISnapshotStorage, IDisposable
    {
        public int Checkpoints { get; private set; }

        public Task CheckpointAsync(CollectionInfo collection, CancellationToken cancellation)
        {
            Checkpoints++;
            return Task.CompletedTask;
        }

        public Task<ImmutableArray<TombstoneFile>> GetTombstonesAsync(long collectionId, CancellationToken cancellation) => Task.FromResult(ImmutableArray<TombstoneFile>.Empty);

        public Milvus.Storage.Objects.IObjectStore Objects => throw new NotSupportedException("nothing is exported here");

        public Task<SnapshotContent?> GetSnapshotAsync(long snapshotId, CancellationToken cancellation) => Task.FromResult<SnapshotContent?>(null);

        public Task<ImmutableArray<TombstoneFile>> GetSnapshotTombstonesAsync(long snapshotId, CancellationToken cancellation) => Task.FromResult(ImmutableArray<TombstoneFile>.Empty);

        public Task<IDisposable> ProtectAsync(string prefix, CancellationToken cancellation) => Task.FromResult<IDisposable>(this);

        public Task CopyAsync(string source, string target, CancellationToken cancellation) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
