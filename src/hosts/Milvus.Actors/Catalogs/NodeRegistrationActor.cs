using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Milvus.Actors.Messages;

namespace Milvus.Actors.Catalogs;

/// <summary>What a node says of itself with every heartbeat.</summary>
/// <param name="Rows">Rows of the segments in its memory.</param>
public readonly record struct NodeUsage(long MemoryBytes, long MemoryLimitBytes, long Rows);

/// <summary>
/// Keeps a node's copy of the catalogue up to date: registers with the coordinator every two seconds, applies the changes it tells and says so, and passes hints about segments
/// on to the local event stream (<see cref="SegmentsChanged"/>). One per node, at a path the coordinator knows.
/// </summary>
public sealed class NodeRegistrationActor : ReceiveActor, IWithTimers
{
    /// <summary>Name at the top level. Frozen: a new coordinator calls every member's by it.</summary>
    public const string Name = "registration";

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);

    private readonly IActorRef _coordinator;
    private readonly CatalogReplica _replica;
    private readonly string _node;
    private readonly string[] _roles;
    private readonly Func<NodeUsage> _usage;
    private long _epoch;

    /// <param name="coordinator">The singleton proxy.</param>
    /// <param name="usage">Called every two seconds on the actor's thread.</param>
    public NodeRegistrationActor(IActorRef coordinator, CatalogReplica replica, string[] roles, Func<NodeUsage> usage)
    {
        _coordinator = coordinator;
        _replica = replica;
        _node = Cluster.Get(Context.System).SelfAddress.ToString();
        _roles = roles;
        _usage = usage;
        Receive<Register>(_ => SendRegistration(_coordinator));
        Receive<CatalogHeartbeat>(OnHeartbeat);
        Receive<CatalogDelta>(OnDelta);
        Receive<SegmentsChanged>(Context.System.EventStream.Publish);
        Receive<Failed>(f => Context.GetLogger().Warning("The catalogue could not be read: {0}", f.Message));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Start it as <see cref="Name"/>.</summary>
    public static Props Props(IActorRef coordinator, CatalogReplica replica, string[] roles, Func<NodeUsage> usage) =>
        Akka.Actor.Props.Create(() => new NodeRegistrationActor(coordinator, replica, roles, usage));

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Register), Register.Instance, TimeSpan.Zero, s_interval);

    private void SendRegistration(IActorRef to)
    {
        var usage = _usage();
        to.Tell(new RegisterNode(_node, _roles, _replica.Catalog.Version, usage.MemoryBytes, usage.MemoryLimitBytes, usage.Rows), Self);
    }

    private void OnHeartbeat(CatalogHeartbeat heartbeat)
    {
        if (heartbeat.Epoch < _epoch) return;
        if (heartbeat.Epoch > _epoch)
        {
            _epoch = heartbeat.Epoch;
            SendRegistration(Sender);
        }
        if (heartbeat.Version > _replica.Catalog.Version) Follow(_replica.EnsureAsync(heartbeat.Version, CancellationToken.None).AsTask(), heartbeat.Epoch);
    }

    private void OnDelta(CatalogDelta delta)
    {
        if (delta.Epoch < _epoch) return;
        _epoch = delta.Epoch;
        Follow(_replica.ApplyAsync(delta, CancellationToken.None), delta.Epoch);
    }

    // Changes that follow each other are applied at once; where the store must be read the acknowledgement comes later.
    private void Follow(Task applying, long epoch)
    {
        var (sender, self, replica) = (Sender, Self, _replica);
        if (applying.IsCompletedSuccessfully)
        {
            sender.Tell(new CatalogDeltaApplied(epoch, replica.Catalog.Version), self);
            return;
        }
        _ = applying.ContinueWith(
            t =>
            {
                if (t.IsCompletedSuccessfully) sender.Tell(new CatalogDeltaApplied(epoch, replica.Catalog.Version), self);
                else self.Tell(new Failed(t.Exception?.GetBaseException().Message ?? "cancelled"), ActorRefs.NoSender);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private sealed class Register
    {
        public static readonly Register Instance = new();
    }

    private sealed record Failed(string Message);
}
