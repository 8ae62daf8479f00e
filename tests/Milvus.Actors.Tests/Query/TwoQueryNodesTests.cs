using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Query;
using Milvus.Actors.Tests.Rig;

namespace Milvus.Actors.Tests.Query;

/// <summary>Replicas part when a second node comes, and are loaded there before the first one goes.</summary>
public sealed class TwoQueryNodesTests : IAsyncLifetime
{
    private const int Segments = 4;

    private static readonly QueryOptions s_options = new()
    {
        LoadReportInterval = TimeSpan.FromMilliseconds(50),
        LeavePause = TimeSpan.FromMilliseconds(50),
        ReleaseGrace = TimeSpan.Zero,
        MoveGrace = TimeSpan.FromMinutes(1),
    };

    private readonly List<(ClusterSystem System, QueryRole Role)> _nodes = [];
    private SegmentWorld _world = null!;

    public async Task InitializeAsync()
    {
        _world = await SegmentWorld.CreateAsync();
        for (var id = 1; id <= Segments; id++) await _world.SealAsync(id, id * 100, 50, 10);
    }

    public async Task DisposeAsync()
    {
        foreach (var (system, role) in _nodes)
        {
            await system.DisposeAsync();
            role.Dispose();
        }
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task Replicas_go_where_there_is_room_and_nothing_is_missing_on_the_way()
    {
        var region = await AddAsync(await ClusterSystem.StartAloneAsync(NodeRoles.Query));
        var wanted = Enumerable.Range(1, Segments).SelectMany(id => new[] { 0, 1 }.Select(r => new LoadSegment(_world.Collection.Id, id, r, 0, []))).ToArray();
        _nodes[0].System.System.ActorOf(Props.Create(() => new Channel(region, wanted)));
        await Eventually.TrueAsync(() => Held(0) == 2 * Segments, "both replicas on the only node");

        region = await AddAsync(await ClusterSystem.StartInAsync(_nodes[0].System, NodeRoles.Query));
        await Eventually.TrueAsync(() => Held(0) == Segments && Held(1) == Segments && _nodes[1].Role.Table.Count == Segments, "one replica on each node");
        foreach (var id in Enumerable.Range(1, Segments)) Assert.Single(_nodes[1].Role.Table.Find(id)!.Replicas);

        // The channel is elsewhere, as far as the leaving node is concerned.
        _nodes[1].System.System.ActorOf(Props.Create(() => new Channel(region, wanted)));
        await Task.WhenAny(CoordinatedShutdown.Get(_nodes[0].System.System).Run(CoordinatedShutdown.ClusterLeavingReason.Instance), Task.Delay(TimeSpan.FromSeconds(40)));
        Assert.Equal(Segments, _nodes[1].Role.Table.Count);
        Assert.Equal(2 * Segments, Held(1));
    }

    private async Task<IActorRef> AddAsync(ClusterSystem system)
    {
        var node = _world.Node(system.Rpc, system.System, time: TimeProvider.System);
        var role = QueryRole.Create(node, s_options);
        _nodes.Add((system, role));
        return await role.StartRegionAsync();
    }

    private int Held(int node) => _nodes[node].Role.Table.Replicas.Sum(r => r.Replicas.Length);

    /// <summary>Wants its replicas and says so until they are there, and again when they move.</summary>
    private sealed class Channel : ReceiveActor, IWithTimers
    {
        public Channel(IActorRef region, LoadSegment[] wanted)
        {
            var ready = new HashSet<(long, int)>();
            Receive<SegmentLoaded>(l => ready.Add((l.SegmentId, l.Replica)));
            Receive<SegmentMoving>(m => ready.Remove((m.SegmentId, m.Replica)));
            Receive<string>(_ =>
            {
                foreach (var load in wanted)
                    if (!ready.Contains((load.SegmentId, load.Replica))) region.Tell(load, Self);
            });
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart() => Timers.StartPeriodicTimer("ask", "ask", TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }
}
