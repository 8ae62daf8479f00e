using Akka.Actor;
using Akka.Cluster.Sharding;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Messages;

namespace Milvus.Actors.Query;

/// <summary>
/// One replica of one sealed segment, wherever the cluster put it: has it loaded when asked, keeps it until told otherwise, and says so to who asked when it
/// has to move. Reads do not pass here.
/// </summary>
public sealed class SegmentEntity : ReceiveActor, IWithTimers
{
    private readonly SegmentLoads _loads;
    private readonly CatalogReplica _catalog;
    private readonly string _node;
    private readonly long _collectionId;
    private readonly long _segmentId;
    private readonly SegmentHold _hold;
    private readonly CancellationTokenSource _stop = new();
    private HashSet<IActorRef> _waiting = [];
    private HashSet<IActorRef> _waitingNext = [];
    private LoadSegment? _current;
    private LoadSegment? _next;
    private SegmentLoaded? _loaded;
    private IActorRef _owner = ActorRefs.Nobody;
    private bool _isLoading;
    private bool _isUnwanted;

    /// <param name="entityId">By <c>ClusterNames.Segment</c>.</param>
    public SegmentEntity(string entityId, SegmentLoads loads, CatalogReplica catalog, string node)
    {
        var parts = entityId.Split('-');
        _collectionId = long.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture);
        _segmentId = long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
        _hold = new SegmentHold(int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture));
        _loads = loads;
        _catalog = catalog;
        _node = node;
        Receive<LoadSegment>(OnLoad);
        Receive<ReleaseSegment>(_ => OnUnwanted());
        Receive<Answer>(OnAnswer);
        Receive<Stop>(_ => OnStop());
        Receive<Check>(_ =>
        {
            if (_catalog.Catalog.FindCollection(_collectionId) is null && !_isLoading) OnUnwanted();
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Check), Check.Instance, _loads.Options.CheckInterval);

    protected override void PostStop()
    {
        _stop.Cancel();
        _loads.Release(_segmentId, _hold, _isUnwanted ? _loads.Options.ReleaseGrace : _loads.Options.MoveGrace);
        if (_loaded is { } loaded && !_isUnwanted) _owner.Tell(new SegmentMoving(_segmentId, _hold.Replica, _node, loaded.Incarnation), ActorRefs.NoSender);
    }

    private void OnLoad(LoadSegment wanted)
    {
        _isUnwanted = false;
        _owner = Sender;
        if (_isLoading)
        {
            // What is being read may lack what this one asks for.
            _waitingNext.Add(Sender);
            _next = wanted;
            return;
        }
        _waiting.Add(Sender);
        Start(wanted);
    }

    private void Start(LoadSegment wanted)
    {
        _isLoading = true;
        _current = wanted;
        var self = Self;
        _ = LoadAsync(wanted, self);
    }

    // On the thread pool: reading a segment checks and decodes every byte of it.
    private Task LoadAsync(LoadSegment wanted, IActorRef self) => Task.Run(async () =>
    {
        try
        {
            var answer = await _loads.LoadAsync(wanted, _hold, _stop.Token).ConfigureAwait(false);
            // Stopped just then: the stop saw nothing to let go of.
            if (_stop.IsCancellationRequested) _loads.Release(_segmentId, _hold, _loads.Options.ReleaseGrace);
            else self.Tell(new Answer(answer), ActorRefs.NoSender);
        }
        catch (OperationCanceledException)
        {
            _loads.Release(_segmentId, _hold, _loads.Options.ReleaseGrace);
        }
    });

    private void OnAnswer(Answer answer)
    {
        _isLoading = false;
        foreach (var asker in _waiting) asker.Tell(answer.Message, Self);
        _waiting.Clear();
        _loaded = answer.Message as SegmentLoaded ?? _loaded;
        if (_next is { } next)
        {
            (_waiting, _waitingNext) = (_waitingNext, _waiting);
            _next = null;
            Start(next);
        }
        // Asked again, it begins anew, perhaps elsewhere.
        else if (answer.Message is SegmentLoadFailed && _loaded is null) OnUnwanted();
    }

    private void OnUnwanted()
    {
        _isUnwanted = true;
        Context.Parent.Tell(new Passivate(Stop.Instance));
    }

    // Who asked after the decision to stop, and before the shard knew of it, is answered by the entity that begins next.
    private void OnStop()
    {
        _isUnwanted = true;
        if (_isLoading)
            foreach (var asker in _waiting) Context.Parent.Tell(_current, asker);
        foreach (var asker in _waitingNext) Context.Parent.Tell(_next, asker);
        Context.Stop(Self);
    }

    private sealed record Answer(IControlMessage Message) : INoSerializationVerificationNeeded;

    private sealed class Stop : INoSerializationVerificationNeeded
    {
        public static readonly Stop Instance = new();
    }

    private sealed class Check : INoSerializationVerificationNeeded
    {
        public static readonly Check Instance = new();
    }
}
