using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Data;
using Milvus.Actors.Messages;
using Milvus.Coordinator.Service;
using Milvus.Model;

namespace Milvus.Actors.Catalogs;

/// <summary>
/// The cluster's coordinator: exactly one actor of this kind is meant to run, as a cluster singleton, and the epoch in the meta store makes sure that of two only the
/// later one can commit. Puts <see cref="CoordinatorService"/> behind messages, tells nodes what changed and keeps channels awake.
/// </summary>
/// <remarks>
/// Work with the store happens beside the actor, so that heartbeats are answered while it is slow. While the service starts, or the store is away, requests wait in the
/// actor; a coordinator that finds itself superseded drops the service at once and stands back before it tries to take over again.
/// </remarks>
public sealed class CoordinatorActor : ReceiveActor, IWithTimers
{
    private const int WakeSlices = 10;

    private readonly CoordinatorSettings _settings;
    private readonly ILogger _logger;
    private readonly LargeRequests _large;
    private readonly NodeTable _nodes;
    private readonly Queue<Early> _early = new();
    private readonly HashSet<Executed> _unacknowledged = [];
    private readonly CancellationTokenSource _stopped = new();
    private readonly string _address;
    private CoordinatorService? _service;
    private CoordinatorRequests? _requests;
    private IDisposable[] _subscriptions = [];
    private IActorRef _planner = ActorRefs.Nobody;
    private TimeSpan _retryPause;
    private long _startedAt;
    private int _wakeSlice;

    public CoordinatorActor(CoordinatorSettings settings)
    {
        _settings = settings;
        _logger = settings.Logging.CreateLogger<CoordinatorActor>();
        _large = new LargeRequests(settings.Objects, settings.Time);
        _nodes = new NodeTable(settings.Time, settings.NodeSilence);
        _address = Cluster.Get(Context.System).SelfAddress.ToString();
        _retryPause = settings.RetryPause;
        Starting();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Properties of the singleton; its node must be a member of a cluster.</summary>
    public static Props Props(CoordinatorSettings settings) => Akka.Actor.Props.Create(() => new CoordinatorActor(settings));

    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, _settings.WakeInterval / WakeSlices);
        Start();
    }

    protected override void PostStop()
    {
        Cluster.Get(Context.System).Unsubscribe(Self);
        _stopped.Cancel();
        StopService();
    }

    // ---- starting ----

    private void Starting()
    {
        Receive<Started>(OnStarted);
        Receive<StartFailed>(OnStartFailed);
        Receive<Retry>(_ => Start());
        Receive<RegisterNode>(node => _nodes.Register(node, Sender));
        Receive<Tick>(_ => _nodes.ForgetSilent());
        ReceiveCommon();
        Receive<CatalogDeltaApplied>(_ => { });
        Receive<IControlMessage>(Keep);
    }

    private void Start()
    {
        var (settings, self, stopped) = (_settings, Self, _stopped.Token);
        // Off the dispatcher: some stores do their work on the caller's thread.
        _ = Task.Run(async () =>
        {
            try
            {
                var service = await CoordinatorService.StartAsync(settings.Meta, settings.Coordinator, settings.Time, settings.Logging.CreateLogger<CoordinatorService>(), stopped).ConfigureAwait(false);
                if (stopped.IsCancellationRequested) await service.DisposeAsync().ConfigureAwait(false);
                else self.Tell(new Started(service), ActorRefs.NoSender);
            }
            catch (Exception e)
            {
                self.Tell(new StartFailed(e), ActorRefs.NoSender);
            }
        });
    }

    private void OnStarted(Started started)
    {
        _service = started.Service;
        _retryPause = _settings.RetryPause;
        _startedAt = _settings.Time.GetTimestamp();
        var self = Self;
        _requests = new CoordinatorRequests(started.Service);
        _subscriptions =
        [
            started.Service.Subscribe(new CatalogTeller(self)),
            started.Service.Segments.Subscribe(change => self.Tell(new SegmentsCommitted(change.CollectionId), ActorRefs.NoSender)),
        ];
        _planner = Context.ActorOf(TaskPlanner.Props(started.Service, _settings), $"planner-{started.Service.Epoch}");
        _planner.Tell(new TaskPlanner.QueryMemory(_nodes.FreeQueryBytes()));
        Become(Running);
        _logger.LogInformation("Coordinator of epoch {Epoch} runs at catalogue version {Version}", started.Service.Epoch, started.Service.Catalog.Version);
        var heartbeat = new CatalogHeartbeat(started.Service.Epoch, started.Service.Catalog.Version);
        // Nodes would register by themselves within seconds; asked to, they do at once.
        foreach (var member in Cluster.Get(Context.System).State.Members.Where(m => m.Status is MemberStatus.Up or MemberStatus.WeaklyUp or MemberStatus.Leaving))
            Context.ActorSelection(new RootActorPath(member.Address) / "user" / NodeRegistrationActor.Name).Tell(heartbeat, Self);
        while (_early.TryDequeue(out var early))
        {
            if (_settings.Time.GetElapsedTime(early.At) <= _settings.EarlyRequestAge) Self.Tell(early.Message, early.Sender);
        }
    }

    private void OnStartFailed(StartFailed failed)
    {
        _logger.LogWarning(failed.Reason, "The coordinator cannot start; it tries again in {Pause}", _retryPause);
        Timers.StartSingleTimer(nameof(Retry), Retry.Instance, _retryPause);
        _retryPause = _retryPause * 2 < _settings.MaxRetryPause ? _retryPause * 2 : _settings.MaxRetryPause;
    }

    private void Keep(IControlMessage message)
    {
        if (_early.Count < _settings.MaxEarlyRequests) _early.Enqueue(new(message, Sender, _settings.Time.GetTimestamp()));
        else Sender.Tell(new ControlFailed((int)ErrorCode.ServiceUnavailable, "the coordinator is starting: service unavailable", false));
    }

    // ---- running ----

    private void Running()
    {
        Receive<ExecuteCommand>(OnExecute);
        Receive<StoredRequest>(OnStored);
        Receive<PingCoordinator>(_ => Sender.Tell(new CoordinatorAlive(_service!.Epoch)));
        Receive<Executed>(OnExecuted);
        Receive<PatienceOver>(p => Answer(p.Executed));
        Receive<AllocateIds>(m => Work(r => r.AllocateAsync(m)));
        Receive<CommitSegments>(m => Work(r => r.CommitAsync(m)));
        Receive<AttachIndex>(m => Work(r => r.AttachAsync(m)));
        Receive<RegisterNode>(OnRegister);
        Receive<CatalogDeltaApplied>(OnApplied);
        Receive<CatalogCommitted>(OnCommitted);
        Receive<SegmentsCommitted>(c =>
        {
            _nodes.Tell(new SegmentsChanged(c.CollectionId), Self);
            _planner.Tell(c);
        });
        Receive<StartCompaction>(m => _planner.Forward(m));
        Receive<GetCompactionState>(m => _planner.Forward(m));
        Receive<GetClusterStatus>(_ => _planner.Forward(new TaskPlanner.Complete(
            new ClusterStatus(_address, _service!.Epoch, _service.Catalog.Version, _nodes.Status(), []))));
        Receive<Superseded>(OnSuperseded);
        Receive<Tick>(_ => OnTick());
        ReceiveCommon();
        ReceiveAny(m => Unhandled(m));
    }

    private void ReceiveCommon()
    {
        Receive<ClusterEvent.MemberUp>(e => _nodes.MemberUp(e.Member.Address.ToString()));
        Receive<ClusterEvent.MemberRemoved>(e =>
        {
            _nodes.Remove(e.Member.Address.ToString());
            AnswerShown();
        });
        Receive<ClusterEvent.UnreachableMember>(e =>
        {
            _nodes.SetReachable(e.Member.Address.ToString(), false);
            AnswerShown();
        });
        Receive<ClusterEvent.ReachableMember>(e => _nodes.SetReachable(e.Member.Address.ToString(), true));
        Receive<ClusterEvent.IClusterDomainEvent>(_ => { });
    }

    private void Work(Func<CoordinatorRequests, Task<IControlMessage>> work)
    {
        var (requests, replyTo, self) = (_requests!, Sender, Self);
        _ = Task.Run(async () =>
        {
            replyTo.Tell(await work(requests).ConfigureAwait(false), self);
            if (requests.Service.IsFenced) self.Tell(new Superseded(requests.Service), ActorRefs.NoSender);
        });
    }

    private void OnExecute(ExecuteCommand message)
    {
        var (requests, replyTo, self) = (_requests!, Sender, Self);
        _ = Task.Run(async () =>
        {
            var reply = await requests.ExecuteAsync(message).ConfigureAwait(false);
            // Behind the change itself, which the service has told this actor already.
            if (reply is CommandExecuted executed) self.Tell(new Executed(executed, replyTo), ActorRefs.NoSender);
            else replyTo.Tell(reply, self);
            if (requests.Service.IsFenced) self.Tell(new Superseded(requests.Service), ActorRefs.NoSender);
        });
    }

    private void OnStored(StoredRequest stored)
    {
        var (large, replyTo, self) = (_large, Sender, Self);
        _ = Task.Run(async () =>
        {
            try
            {
                self.Tell(await large.UnpackAsync(stored).ConfigureAwait(false), replyTo);
            }
            catch (Exception e)
            {
                replyTo.Tell(new ControlFailed((int)ErrorCode.ServiceUnavailable, $"a large request cannot be read: {e.Message}: service unavailable", false), self);
            }
        });
    }

    private void OnExecuted(Executed executed)
    {
        if (IsShown(executed.Reply.Version))
        {
            executed.ReplyTo.Tell(executed.Reply, Self);
            return;
        }
        _unacknowledged.Add(executed);
        Timers.StartSingleTimer(executed, new PatienceOver(executed), _settings.AcknowledgePatience);
    }

    private void OnApplied(CatalogDeltaApplied applied)
    {
        if (applied.Epoch != _service!.Epoch) return;
        _nodes.Applied(Sender, applied.Version);
        AnswerShown();
    }

    private void AnswerShown()
    {
        if (_unacknowledged.Count == 0) return;
        foreach (var executed in _unacknowledged.Where(e => IsShown(e.Reply.Version)).ToList()) Answer(executed);
    }

    private void Answer(Executed executed)
    {
        if (!_unacknowledged.Remove(executed)) return;
        Timers.Cancel(executed);
        executed.ReplyTo.Tell(executed.Reply, Self);
    }

    private bool IsShown(long version) => _nodes.AllShow(version, _settings.Time.GetElapsedTime(_startedAt) < _settings.RegistrationPatience);

    private void OnRegister(RegisterNode node)
    {
        if (!_nodes.Register(node, Sender)) _logger.LogInformation("Node {Node} registered with roles {Roles} at catalogue version {Version}", node.Node, string.Join(',', node.Roles), node.CatalogVersion);
        _planner.Tell(new TaskPlanner.QueryMemory(_nodes.FreeQueryBytes()));
        Sender.Tell(new CatalogHeartbeat(_service!.Epoch, _service.Catalog.Version), Self);
        AnswerShown();
    }

    private void OnCommitted(CatalogCommitted committed)
    {
        var change = committed.Change;
        // One that is too large for a message would be lost: nodes that hear of it read the store.
        var isLarge = change.Keys.Sum(k => (long)k.Length) + change.Values.Sum(v => (long)(v?.Length ?? 0)) > LargeRequests.MaxMessageBytes;
        _nodes.Tell(isLarge ? new CatalogHeartbeat(_service!.Epoch, change.ToVersion) : new CatalogDelta(_service!.Epoch, change.FromVersion, change.ToVersion, change.Keys, change.Values), Self);
        foreach (var (id, shards) in committed.Touched) Wake(id, shards);
        _planner.Tell(committed);
    }

    private void OnTick()
    {
        // The planner may have been the one to notice.
        if (_service!.IsFenced)
        {
            OnSuperseded(new Superseded(_service));
            return;
        }
        _nodes.ForgetSilent();
        AnswerShown();
        var slice = _wakeSlice++ % WakeSlices;
        foreach (var collection in _service.Catalog.Collections)
            if ((ulong)collection.Id % WakeSlices == (ulong)slice) Wake(collection.Id, collection.ShardCount);
    }

    // Costs one small message per channel and interval; a channel that runs only notes it.
    private void Wake(long collectionId, int shards)
    {
        var channels = _settings.Channels();
        if (channels.IsNobody()) return;
        for (var i = 0; i < shards; i++) channels.Tell(new WakeChannel(collectionId, i), ActorRefs.NoSender);
    }

    private void OnSuperseded(Superseded superseded)
    {
        if (superseded.Service != _service) return;
        _logger.LogError(
            "Another coordinator has taken over from epoch {Epoch}. Either this side of a partition is about to be removed, or two clusters share one meta store. Standing back for {Pause}",
            _service.Epoch, _settings.FencedPause);
        StopService();
        Become(Starting);
        Timers.StartSingleTimer(nameof(Retry), Retry.Instance, _settings.FencedPause);
    }

    private void StopService()
    {
        foreach (var subscription in _subscriptions) subscription.Dispose();
        _subscriptions = [];
        if (!_planner.IsNobody()) Context.Stop(_planner);
        _planner = ActorRefs.Nobody;
        foreach (var executed in _unacknowledged.ToList()) Answer(executed);
        if (_service is not { } service) return;
        _service = null;
        _requests = null;
        // Commands under way finish first; nobody waits for it.
        _ = Task.Run(async () => await service.DisposeAsync().ConfigureAwait(false));
    }

    private sealed record Early(IControlMessage Message, IActorRef Sender, long At);

    private sealed record Started(CoordinatorService Service);

    private sealed record StartFailed(Exception Reason);

    private sealed record Superseded(CoordinatorService Service);

    private sealed class Executed(CommandExecuted reply, IActorRef replyTo)
    {
        public CommandExecuted Reply { get; } = reply;

        public IActorRef ReplyTo { get; } = replyTo;
    }

    private sealed record PatienceOver(Executed Executed);

    private sealed class Retry
    {
        public static readonly Retry Instance = new();
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
