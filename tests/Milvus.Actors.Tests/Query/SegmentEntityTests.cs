using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Query;
using Milvus.Actors.Tests.Rig;
using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Actors.Tests.Query;

/// <summary>Segments by way of their region, on a cluster of one query node.</summary>
public sealed class SegmentEntityTests : IAsyncLifetime
{
    private static readonly QueryOptions s_options = new()
    {
        ReleaseGrace = TimeSpan.FromMilliseconds(20),
        CheckInterval = TimeSpan.FromMilliseconds(50),
        LoadReportInterval = TimeSpan.FromMilliseconds(100),
    };

    private ClusterSystem _cluster = null!;
    private SegmentWorld _world = null!;
    private NodeServices _node = null!;
    private QueryRole _role = null!;

    public async Task InitializeAsync()
    {
        _world = await SegmentWorld.CreateAsync();
        _cluster = await ClusterSystem.StartAloneAsync(NodeRoles.Query);
        _node = _world.Node(_cluster.Rpc, _cluster.System, time: TimeProvider.System);
        _role = QueryRole.Create(_node, s_options);
        _node.Segments = await _role.StartRegionAsync();
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _role.Dispose();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task A_segment_is_loaded_released_and_loaded_again()
    {
        await _world.SealAsync(1, 0, 100, 10);
        var first = await LoadAsync(1);
        Assert.Equal((1L, 0, _cluster.Address.ToString(), 100L), (first.SegmentId, first.Replica, first.Node, first.Rows));
        Assert.Equal(first.Incarnation, (await LoadAsync(1)).Incarnation);
        Assert.Equal(100, _role.Rows);

        _node.Segments.Tell(new ReleaseSegment(_world.Collection.Id, 1, 0));
        await Eventually.TrueAsync(() => _role.Table.Count == 0, "the release");
        Assert.Equal(0, _node.Memory.UsedBytes);
        Assert.NotEqual(first.Incarnation, (await LoadAsync(1)).Incarnation);

        await _world.BuildIndexAsync(1);
        Assert.Equal(_world.IndexId, Assert.Single((await LoadAsync(1, 0, _world.IndexId)).IndexIds));
        Assert.True(_role.Placement.Find(_cluster.Address.ToString()) is { LimitBytes: > 0 });
        await Eventually.TrueAsync(() => _role.Placement.Find(_cluster.Address.ToString())!.ShardBytes.ContainsKey(ClusterNames.SegmentShard(1, 0)), "the report");
    }

    [Fact]
    public async Task What_cannot_be_loaded_is_answered_and_may_be_asked_again()
    {
        Assert.Equal((int)ErrorCode.SegmentNotFound, Assert.IsType<SegmentLoadFailed>(await AskAsync(2, 0)).Code);
        await _world.SealAsync(2, 0, 10, 10);
        Assert.Equal(10, (await LoadAsync(2)).Rows);
    }

    [Fact]
    public async Task Asking_while_it_stops_is_answered_all_the_same()
    {
        await _world.SealAsync(5, 0, 10, 10);
        for (var i = 0; i < 30; i++)
        {
            await LoadAsync(5);
            _node.Segments.Tell(new ReleaseSegment(_world.Collection.Id, 5, 0));
            if (i % 3 == 0) await LoadAsync(5);
            if (i % 2 == 0) await Task.WhenAll(AskAsync(6, 0), AskAsync(6, 0));
        }
    }

    [Fact]
    public async Task Segments_of_a_dropped_collection_leave()
    {
        await _world.SealAsync(3, 0, 10, 10);
        await LoadAsync(3);
        await LoadAsync(3, replica: 1);
        await _world.ExecuteAsync(new DropCollection("", "c"));
        await Eventually.TrueAsync(() => _role.Table.Count == 0, "the leaving");
    }

    [Fact]
    public async Task A_replica_that_must_move_says_so_and_stays_readable_for_a_while()
    {
        await _world.SealAsync(4, 0, 10, 10);
        var told = new TaskCompletionSource<SegmentMoving>(TaskCreationOptions.RunContinuationsAsynchronously);
        var loaded = new TaskCompletionSource<SegmentLoaded>(TaskCreationOptions.RunContinuationsAsynchronously);
        var channel = _cluster.System.ActorOf(Props.Create(() => new Listening(told, loaded)));
        _node.Segments.Tell(new LoadSegment(_world.Collection.Id, 4, 0, 0, []), channel);
        var first = await loaded.Task.WaitAsync(TimeSpan.FromSeconds(20));
        // As the region does when its shard is handed over.
        var name = Uri.EscapeDataString(ClusterNames.Segment(_world.Collection.Id, 4, 0));
        _cluster.System.ActorSelection($"/system/sharding/{ClusterNames.SegmentRegion}/*/{name}").Tell(PoisonPill.Instance);
        var moving = await told.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((4L, 0, first.Incarnation), (moving.SegmentId, moving.Replica, moving.Incarnation));
        Assert.NotNull(_role.Table.Find(4));
        // Found here again, it is the same one.
        Assert.Equal(first.Incarnation, (await LoadAsync(4)).Incarnation);
    }

    private async Task<SegmentLoaded> LoadAsync(long segmentId, int replica = 0, params long[] indexIds) =>
        Assert.IsType<SegmentLoaded>(await AskAsync(segmentId, replica, indexIds));

    private Task<IControlMessage> AskAsync(long segmentId, int replica, params long[] indexIds) =>
        _node.Segments.Ask<IControlMessage>(new LoadSegment(_world.Collection.Id, segmentId, replica, 0, indexIds), TimeSpan.FromSeconds(20));

    private sealed class Listening : ReceiveActor
    {
        public Listening(TaskCompletionSource<SegmentMoving> told, TaskCompletionSource<SegmentLoaded> loaded)
        {
            Receive<SegmentMoving>(m => told.TrySetResult(m));
            Receive<SegmentLoaded>(m => loaded.TrySetResult(m));
        }
    }
}
