using Akka.Actor;
using Akka.Cluster;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Embedded.Collections;

namespace Milvus.Actors.Query;

/// <summary>Tells the other query nodes how full this one is and hears it from them.</summary>
public sealed class NodeLoadActor : ReceiveActor, IWithTimers
{
    public const string Name = "query-load";

    private readonly NodeLoads _loads;
    private readonly SegmentTable _table;
    private readonly MemoryBudget _memory;
    private readonly Func<int> _loading;
    private readonly TimeSpan _interval;
    private readonly Cluster _cluster = Cluster.Get(Context.System);

    public NodeLoadActor(NodeLoads loads, SegmentTable table, MemoryBudget memory, Func<int> loading, TimeSpan interval)
    {
        _loads = loads;
        _table = table;
        _memory = memory;
        _loading = loading;
        _interval = interval;
        Receive<QueryNodeLoad>(_loads.Report);
        Receive<Tick>(_ => Tell());
        Receive<ClusterEvent.MemberRemoved>(m => _loads.Forget(m.Member.Address.ToString()));
        Receive<ClusterEvent.IClusterDomainEvent>(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, TimeSpan.Zero, _interval);
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    private void Tell()
    {
        var report = Measure();
        _loads.Report(report);
        // Those that are leaving too: they stay until others have what they had.
        foreach (var member in _cluster.State.Members)
            if (member.HasRole(NodeRoles.Query) && member.Address != _cluster.SelfAddress)
                Context.ActorSelection(new RootActorPath(member.Address) / "user" / Name).Tell(report);
    }

    private QueryNodeLoad Measure()
    {
        long rows = 0, leaving = 0;
        var shards = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var replica in _table.Replicas)
        {
            var numbers = replica.Replicas;
            if (numbers.Length == 0) leaving += replica.ReservedBytes;
            else rows += replica.Segment.RowCount;
            foreach (var number in numbers)
            {
                var shard = ClusterNames.SegmentShard(replica.SegmentId, number);
                shards[shard] = shards.GetValueOrDefault(shard) + replica.ReservedBytes;
            }
        }
        return new QueryNodeLoad(
            _cluster.SelfAddress.ToString(), _memory.UsedBytes - leaving, _memory.LimitBytes, rows, _loading(), [.. shards.Keys], [.. shards.Values]);
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }
}
