using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Query;
using Milvus.Actors.Tests.Rig;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Resources;

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
        RegroupAfter = TimeSpan.FromMilliseconds(100),
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

    [Fact]
    public async Task Replicas_follow_their_resource_group()
    {
        var region = await AddAsync(await ClusterSystem.StartAloneAsync(NodeRoles.Query));
        await AddAsync(await ClusterSystem.StartInAsync(_nodes[0].System, NodeRoles.Query));
        await Eventually.TrueAsync(() => _nodes.All(n => QueryMembers.Of(n.System.System).Length == 2), "two query nodes");
        await _world.ExecuteAsync(new CreateResourceGroup("a", new ResourceGroupConfig { RequestedNodes = 1, NodeLimit = 1 }));
        int InGroup() => _nodes.FindIndex(n => new QueryMembers(n.System.System, () => _world.Catalog.Catalog).Groups()[n.System.Address.ToString()] == ResourceGroupInfo.NumberOf("a"));
        var (own, rest) = (InGroup(), 1 - InGroup());

        var number = ReplicaNumbers.Of(0, "a");
        _nodes[0].System.System.ActorOf(Props.Create(() => new Channel(region, Enumerable.Range(1, Segments).Select(id => new LoadSegment(_world.Collection.Id, id, number, 0, Array.Empty<long>())).ToArray())));
        await Eventually.TrueAsync(() => Held(own) == Segments && Held(rest) == 0, "all segments on the node of the group");

        // Another group takes that node, so that the first one has the other.
        var names = _nodes.Select(n => n.System.Address.ToString()).ToList();
        var one = new ResourceGroupConfig { RequestedNodes = 1, NodeLimit = 1 };
        var taker = Enumerable.Range(0, int.MaxValue).Select(i => $"b{i}")
            .First(b => NodeGroups.Assign([.. _world.Catalog.Catalog.ResourceGroups, new ResourceGroupInfo(b, one)], names)[names[own]] == b);
        await _world.ExecuteAsync(new CreateResourceGroup(taker, one));
        Assert.Equal(rest, InGroup());
        await Eventually.TrueAsync(() => Held(own) == 0 && Held(rest) == Segments && _nodes[rest].Role.Table.Count == Segments, "all segments on the node that the group has now");
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
