using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Messages;
using Milvus.Actors.Tests.Rig;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Service;
using Milvus.Model;

namespace Milvus.Actors.Tests.Catalogs;

public sealed class CoordinatorActorTests : IAsyncLifetime
{
    private CoordinatorRig _rig = null!;

    public async Task InitializeAsync() => _rig = await CoordinatorRig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_command_is_answered_when_the_own_copy_shows_it()
    {
        var coordinator = _rig.StartCoordinator();
        _rig.RegisterNode(coordinator);
        var result = await _rig.Client(coordinator).ExecuteAsync(CoordinatorRig.Create(), default);
        Assert.True(result.Changed);
        Assert.NotNull(_rig.Replica.Catalog.FindCollection(result.Id));
        Assert.Equal(CoordinatorRig.Collection, result.Catalog.GetCollection(result.Id).Name);

        var again = await _rig.Client(coordinator).ExecuteAsync(CoordinatorRig.Create(), default);
        Assert.False(again.Changed);
        Assert.Equal(result.Id, again.Id);
        var e = await Assert.ThrowsAsync<MilvusException>(() => _rig.Client(coordinator).ExecuteAsync(new LoadCollection("", "c"), default));
        Assert.Equal(ErrorCode.IndexNotFound, e.Code);
    }

    [Fact]
    public async Task A_command_is_answered_when_every_registered_node_has_acknowledged_it()
    {
        var coordinator = _rig.StartCoordinator();
        _rig.RegisterNode(coordinator);
        var other = _rig.Kit.CreateTestProbe();
        coordinator.Tell(new RegisterNode("akka.tcp://milvus@other:1", ["proxy"], 1, 0, 0, 0), other);
        await other.ExpectMsgAsync<CatalogHeartbeat>(TimeSpan.FromMinutes(1));

        var command = _rig.Client(coordinator).ExecuteAsync(CoordinatorRig.Create(), default);
        var delta = await other.ExpectMsgAsync<CatalogDelta>(TimeSpan.FromMinutes(1));
        // Whatever is answered to this question was decided after the command.
        await _rig.Client(coordinator).AllocateIdsAsync(1, default);
        Assert.False(command.IsCompleted);
        coordinator.Tell(new CatalogDeltaApplied(delta.Epoch - 1, delta.ToVersion), other);
        await _rig.Client(coordinator).AllocateIdsAsync(1, default);
        Assert.False(command.IsCompleted);
        coordinator.Tell(new CatalogDeltaApplied(delta.Epoch, delta.ToVersion), other);
        Assert.True((await command).Changed);
        Assert.Equal((await command).Catalog.Version, delta.ToVersion);
    }

    [Fact]
    public async Task A_node_that_does_not_acknowledge_holds_up_a_command_for_a_while_only()
    {
        _rig.Settings = _rig.Settings with { AcknowledgePatience = TimeSpan.FromMilliseconds(100) };
        var coordinator = _rig.StartCoordinator();
        _rig.RegisterNode(coordinator);
        coordinator.Tell(new RegisterNode("akka.tcp://milvus@other:1", ["proxy"], 1, 0, 0, 0), _rig.Kit.CreateTestProbe());
        Assert.True((await _rig.Client(coordinator).ExecuteAsync(CoordinatorRig.Create(), default)).Changed);
    }

    [Fact]
    public async Task Changes_reach_the_copies_of_nodes_that_asked_for_nothing()
    {
        var coordinator = _rig.StartCoordinator();
        _rig.RegisterNode(coordinator);
        var otherReplica = await CatalogReplica.LoadAsync(_rig.Meta, default);
        _rig.System.ActorOf(NodeRegistrationActor.Props(coordinator, otherReplica, ["query"], () => default), "second-registration");
        var first = await _rig.Client(coordinator).ExecuteAsync(CoordinatorRig.Create(), default);
        await Eventually.TrueAsync(() => otherReplica.Catalog.Version >= first.Catalog.Version, "the change");
        Assert.NotNull(otherReplica.Catalog.FindCollection(first.Id));
    }

    [Fact]
    public async Task A_lost_change_makes_a_copy_read_the_store()
    {
        await using var service = await CoordinatorService.StartAsync(_rig.Meta, _rig.Settings.Coordinator, TimeProvider.System, NullLogger<CoordinatorService>.Instance);
        var replica = await CatalogReplica.LoadAsync(_rig.Meta, default);
        var told = new Told();
        using var subscription = service.Subscribe(told);
        await service.ExecuteAsync(CoordinatorRig.Create("a"));
        await service.ExecuteAsync(CoordinatorRig.Create("b"));
        await service.ExecuteAsync(CoordinatorRig.Create("c"));
        await replica.ApplyAsync(told.Deltas[1], default);
        Assert.Equal(service.Catalog.Version, replica.Catalog.Version);
        Assert.Equal(3, replica.Catalog.ListCollections("").Count);
        // Late and repeated ones change nothing.
        foreach (var delta in told.Deltas) await replica.ApplyAsync(delta, default);
        Assert.Equal(3, replica.Catalog.ListCollections("").Count);
    }

    [Fact]
    public async Task Of_two_coordinators_the_older_one_commits_nothing_more()
    {
        var older = _rig.StartCoordinator("older");
        _rig.RegisterNode(older);
        await _rig.Client(older).ExecuteAsync(CoordinatorRig.Create("a"), default);
        var newer = _rig.StartCoordinator("newer");
        await _rig.Client(newer).ExecuteAsync(CoordinatorRig.Create("b"), default);
        var commits = _rig.Meta.CommitCount;

        var e = await Assert.ThrowsAsync<MilvusException>(() => _rig.Client(older, TimeSpan.FromSeconds(1)).ExecuteAsync(CoordinatorRig.Create("c"), default));
        Assert.True(e.Code is ErrorCode.ServiceUnavailable or ErrorCode.Timeout, e.Message);
        var collection = _rig.Replica.Catalog.GetCollection("", "a");
        await Assert.ThrowsAsync<MilvusException>(() => _rig.Client(older, TimeSpan.FromSeconds(1)).CommitSegmentsAsync(
            CoordinatorRig.Change(new SegmentManifest
            {
                SegmentId = 1,
                CollectionId = collection.Id,
                PartitionId = collection.Partitions[0].Id,
                Shard = 0,
                RowCount = 1,
                MinTimestamp = new(1),
                MaxTimestamp = new(1),
                DeletesAppliedTo = default,
            }), default));
        Assert.Equal(commits, _rig.Meta.CommitCount);
        Assert.Null((await CatalogReader.LoadAsync(_rig.Meta)).FindCollectionByName(1, "c"));
        Assert.True((await _rig.Client(newer).ExecuteAsync(CoordinatorRig.Create("d"), default)).Changed);
    }

    [Fact]
    public async Task A_superseded_coordinator_takes_over_again_when_it_still_is_the_singleton()
    {
        _rig.Settings = _rig.Settings with { FencedPause = TimeSpan.FromMilliseconds(50) };
        var coordinator = _rig.StartCoordinator();
        _rig.RegisterNode(coordinator);
        await _rig.Client(coordinator).ExecuteAsync(CoordinatorRig.Create("a"), default);
        // Somebody else, who then vanishes.
        await using (await CoordinatorService.StartAsync(_rig.Meta, _rig.Settings.Coordinator, TimeProvider.System, NullLogger<CoordinatorService>.Instance))
        {
        }
        Assert.True((await _rig.Client(coordinator).ExecuteAsync(CoordinatorRig.Create("b"), default)).Changed);
        Assert.Equal(2, _rig.Replica.Catalog.ListCollections("").Count);
    }

    [Fact]
    public async Task Requests_wait_while_the_store_is_away()
    {
        _rig.Meta.FailNextCommit(new IOException("the store is away"));
        var coordinator = _rig.StartCoordinator();
        _rig.RegisterNode(coordinator);
        Assert.True((await _rig.Client(coordinator).ExecuteAsync(CoordinatorRig.Create(), default)).Changed);
    }

    [Fact]
    public async Task Too_many_waiting_requests_are_refused()
    {
        _rig.Settings = _rig.Settings with { MaxEarlyRequests = 0, RetryPause = TimeSpan.FromMinutes(5) };
        _rig.Meta.FailNextCommit(new IOException("the store is away"));
        var coordinator = _rig.StartCoordinator();
        var answer = await coordinator.Ask<IControlMessage>(new AllocateIds(1), TimeSpan.FromMinutes(1));
        Assert.Equal((int)ErrorCode.ServiceUnavailable, Assert.IsType<ControlFailed>(answer).Code);
    }

    [Fact]
    public async Task Ids_are_never_given_twice()
    {
        var first = _rig.Client(_rig.StartCoordinator("first"));
        var a = await first.AllocateIdsAsync(1000, default);
        var b = await first.AllocateIdsAsync(1000, default);
        var c = await _rig.Client(_rig.StartCoordinator("second")).AllocateIdsAsync(1000, default);
        Assert.True(a + 1000 <= b && b + 1000 <= c, $"{a} {b} {c}");
    }

    [Fact]
    public async Task It_serves_as_a_cluster_singleton_behind_its_proxy()
    {
        var proxy = _rig.StartSingleton();
        _rig.RegisterNode(proxy);
        Assert.True((await _rig.Client(proxy).ExecuteAsync(CoordinatorRig.Create(), default)).Changed);
        var status = await _rig.Client(proxy).AskAsync<ClusterStatus>(new GetClusterStatus(), default);
        var node = Assert.Single(status.Nodes);
        Assert.Equal((status.CatalogVersion, true, 1L, 2L, 3L), (node.CatalogVersion, node.Reachable, node.MemoryBytes, node.MemoryLimitBytes, node.Rows));
    }

    [Fact]
    public async Task Requests_that_are_too_large_for_a_message_reach_it_from_another_node()
    {
        _rig.RegisterNode(_rig.StartSingleton());
        await using var other = await CoordinatorRig.StartAsync(_rig);
        var proxy = other.StartSingleton();
        other.RegisterNode(proxy);
        var client = other.Client(proxy);
        var created = await client.ExecuteAsync(CoordinatorRig.Create() with { Properties = [new Property("note", new string('x', 2 * LargeRequests.MaxMessageBytes))] }, default);
        var collection = _rig.Replica.Catalog.FindCollection(created.Id)!;
        Assert.Equal(2 * LargeRequests.MaxMessageBytes, collection.Property("note")!.Length);

        var manifest = await other.SealAsync(collection, 7, 0, 20);
        await client.CommitSegmentsAsync(
            CoordinatorRig.Change(manifest with { Sources = [.. Enumerable.Range(0, 20_000).Select(i => $"file-{i}.parquet|{i}|{new string('a', 64)}")] }), default);
        var stored = Assert.Single((await SegmentStore.LoadAsync(_rig.Meta, collection.Id, default)).Segments);
        Assert.Equal(20_000, stored.Sources.Length);
        // Nothing of the requests is left.
        await foreach (var left in _rig.Objects.ListAsync("snapshots/")) Assert.Fail(left.Key);
        // Still answered by who decides, not by who carries.
        Assert.Equal(ErrorCode.CollectionNotFound, (await Assert.ThrowsAsync<MilvusException>(() => client.ExecuteAsync(
            new AlterCollection("", "none") { SetProperties = [new Property("note", new string('x', 2 * LargeRequests.MaxMessageBytes))] }, default))).Code);
    }

    [Fact]
    public async Task Another_node_asks_it_and_takes_over_when_its_node_leaves()
    {
        _rig.RegisterNode(_rig.StartSingleton());
        await using var other = await CoordinatorRig.StartAsync(_rig);
        var proxy = other.StartSingleton();
        other.RegisterNode(proxy);
        var client = other.Client(proxy);
        var first = await client.ExecuteAsync(CoordinatorRig.Create("a"), default);
        Assert.NotNull(other.Replica.Catalog.FindCollection(first.Id));
        // The answer came after both nodes showed it.
        Assert.NotNull(_rig.Replica.Catalog.FindCollection(first.Id));
        Assert.Equal(Cluster.Get(_rig.System).SelfAddress.ToString(), (await client.AskAsync<ClusterStatus>(new GetClusterStatus(), default)).Coordinator);

        await Cluster.Get(_rig.System).LeaveAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
        var second = await client.ExecuteAsync(CoordinatorRig.Create("b"), default);
        Assert.True(second.Changed && second.Id > first.Id);
        var status = await client.AskAsync<ClusterStatus>(new GetClusterStatus(), default);
        Assert.Equal((Cluster.Get(other.System).SelfAddress.ToString(), 2L), (status.Coordinator, status.Epoch));
    }

    [Fact]
    public async Task Channels_are_woken_when_their_collection_is_made_and_again()
    {
        var channels = _rig.Kit.CreateTestProbe();
        _rig.Settings = _rig.Settings with { Channels = () => channels, WakeInterval = TimeSpan.FromMilliseconds(100) };
        var coordinator = _rig.StartCoordinator();
        _rig.RegisterNode(coordinator);
        var made = await _rig.Client(coordinator).ExecuteAsync(CoordinatorRig.Create() with { Shards = 2 }, default);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(new WakeChannel(made.Id, 0), await channels.ExpectMsgAsync<WakeChannel>(TimeSpan.FromMinutes(1)));
            Assert.Equal(new WakeChannel(made.Id, 1), await channels.ExpectMsgAsync<WakeChannel>(TimeSpan.FromMinutes(1)));
        }
    }

    private sealed class Told : Milvus.Coordinator.ICatalogObserver
    {
        public List<CatalogDelta> Deltas { get; } = [];

        public ValueTask OnCatalogChangedAsync(Milvus.Coordinator.CatalogChange change)
        {
            var stored = CatalogReader.Describe(change);
            Deltas.Add(new CatalogDelta(1, stored.FromVersion, stored.ToVersion, stored.Keys, stored.Values));
            return ValueTask.CompletedTask;
        }
    }
}
