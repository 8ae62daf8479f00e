using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Streaming.Channels;
using Milvus.Actors.Streaming.Deletes;
using Milvus.Coordinator.Replication;
using Milvus.Embedded.Collections;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Replicas;

/// <summary>
/// Keeps the replicas of a running channel's sealed segments as <see cref="SealedReplicas"/> decides: tells the segment region, listens to the cluster, pushes deletes, and has the channel change its
/// view over.
/// </summary>
internal sealed class ReplicaKeeper : UntypedActor, IWithTimers
{
    private readonly NodeServices _services;
    private readonly StreamingOptions _options;
    private readonly LiveChannel _live;
    private readonly ILogger _logger;
    private readonly SealedReplicas _state;
    private readonly DeletePusher _pusher;
    private readonly HashSet<Address> _pushing = [];
    private readonly Action<CollectionInfo> _infoChanged;
    private CollectionInfo _info;
    private bool _isReading;
    private bool _readAgain;
    private bool _isSwitching;
    private long _readAtMs = long.MinValue / 2;

    public ReplicaKeeper(StreamingRole role, LiveChannel live)
    {
        _services = role.Services;
        _options = role.Options;
        _live = live;
        _info = live.Info;
        _logger = _services.Logging.CreateLogger<ReplicaKeeper>();
        _state = new SealedReplicas(live.Id, role.Options);
        var self = Self;
        _pusher = new DeletePusher(_services.Rpc, live.Id, live.Deletes, role.Options, () => self.Tell(ReplicasLost.Instance, ActorRefs.NoSender));
        _live.Pusher = _pusher;
        _infoChanged = _ => self.Tell(InfoChanged.Instance, ActorRefs.NoSender);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private long NowMs => _services.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private bool IsClustered => ((ExtendedActorSystem)Context.System).Provider is IClusterActorRefProvider;

    protected override void PreStart()
    {
        _live.InfoChanged += _infoChanged;
        Follow();
        Context.System.EventStream.Subscribe(Self, typeof(SegmentsChanged));
        if (IsClustered)
        {
            Cluster.Get(Context.System).Subscribe(
                Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
                typeof(ClusterEvent.MemberRemoved), typeof(ClusterEvent.UnreachableMember), typeof(ClusterEvent.ReachableMember));
        }
        Timers.StartPeriodicTimer("tick", Tick.Instance, TimeSpan.FromMilliseconds(_options.TickMs));
        Read();
    }

    protected override void PostStop()
    {
        _live.InfoChanged -= _infoChanged;
        Context.System.EventStream.Unsubscribe(Self);
        if (IsClustered) Cluster.Get(Context.System).Unsubscribe(Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick:
                OnTick();
                break;
            case SegmentsChanged changed when changed.CollectionId != _live.Id.CollectionId:
                return;
            case SegmentsChanged or ReadSegments:
                Read();
                break;
            case StoredSegments stored:
                OnRead(stored);
                break;
            case ReadFailed failed:
                _isReading = false;
                _logger.LogWarning(failed.Reason, "Channel {Channel}: the segments could not be read", _live.Id);
                break;
            case InfoChanged:
                Follow();
                break;
            case SegmentLoaded loaded:
                _state.Loaded(loaded);
                break;
            case SegmentLoadFailed failed:
                _logger.LogWarning("Channel {Channel}: segment {Segment} could not be loaded on {Node}: {Reason}", _live.Id, failed.SegmentId, failed.Node, failed.Message);
                _state.LoadFailed(failed, NowMs);
                // It may have been compacted away.
                if (failed.Code == (int)ErrorCode.SegmentNotFound) Read();
                break;
            case SegmentMoving moving:
                _state.Moving(moving);
                break;
            case ReplicasLost:
                _state.NoticeLost();
                break;
            case ClusterEvent.MemberRemoved removed:
                _state.NodeRemoved(removed.Member.Address);
                break;
            case ClusterEvent.UnreachableMember unreachable:
                _state.NodeUnreachable(unreachable.Member.Address);
                break;
            case ClusterEvent.ReachableMember reachable:
                _state.NodeReachable(reachable.Member.Address);
                break;
            case Pushed pushed:
                _pushing.Remove(pushed.Node);
                break;
            case Switched switched:
                OnSwitched(switched);
                break;
            case ReleaseReplicas:
                foreach (var release in _state.ReleaseAll()) _services.Segments.Tell(release, Self);
                Context.Stop(Self);
                return;
            default:
                return;
        }
        Act();
    }

    private void Follow()
    {
        _info = _live.Info;
        _state.SetCollection(_info);
    }

    private void OnTick()
    {
        if (NowMs - _readAtMs >= _options.ReloadMs) Read();
        Push(always: true);
    }

    private void Read()
    {
        if (_isReading)
        {
            _readAgain = true;
            return;
        }
        _isReading = true;
        _readAgain = false;
        _readAtMs = NowMs;
        SegmentStore.LoadAsync(_services.Meta, _live.Id.CollectionId, _live.Stopped).PipeTo(Self, Self, success: s => s, failure: e => new ReadFailed(e));
    }

    private void OnRead(StoredSegments stored)
    {
        _isReading = false;
        _state.SetStored(stored);
        if (_readAgain) Read();
    }

    private void Act()
    {
        foreach (var message in _state.Step(NowMs, _live.Deletes.TrimmedTo)) _services.Segments.Tell(message, Self);
        Push(always: false);
        _live.Placements = _state.Placements;
        _live.Replicas = _state.Statuses;
        _live.SetLoad(_info, _state.Progress(_live.Deletes.TrimmedTo));
        if (_isSwitching || _state.NextSwitch(_live.Deletes.TrimmedTo) is not { } next) return;
        _isSwitching = true;
        SwitchAsync(next).PipeTo(Self);
    }

    private void Push(bool always)
    {
        foreach (var group in _state.Pushable.Where(r => always || !r.IsConfirmed).GroupBy(r => r.Node))
        {
            if (!_pushing.Add(group.Key)) continue;
            PushAsync(group.Key, [.. group], always).PipeTo(Self);
        }
    }

    private async Task<Pushed> PushAsync(Address node, List<Replica> replicas, bool always)
    {
        try
        {
            await _pusher.PushAsync(node, replicas, _live.Deletes.LastDelete, always, _live.Stopped).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The channel ends.
        }
        return new Pushed(node);
    }

    private async Task<Switched> SwitchAsync(ViewSwitch next)
    {
        try
        {
            // Nobody may read the files at a moment before the deletes that are folded into them.
            _services.Oracle.Observe(next.CompleteFrom);
            MemoryReturn.After(await _live.PostAsync(_ => _live.Switch(next)).ConfigureAwait(false));
            return new Switched(next, null);
        }
        catch (Exception e)
        {
            return new Switched(next, e);
        }
    }

    private void OnSwitched(Switched switched)
    {
        _isSwitching = false;
        if (switched.Failure is null) _state.Commit(switched.Switch);
        else if (!_live.Stopped.IsCancellationRequested) _logger.LogError(switched.Failure, "Channel {Channel}: the view could not be changed", _live.Id);
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }

    private sealed class InfoChanged : INoSerializationVerificationNeeded
    {
        public static readonly InfoChanged Instance = new();
    }

    private sealed class ReplicasLost : INoSerializationVerificationNeeded
    {
        public static readonly ReplicasLost Instance = new();
    }

    private sealed record ReadFailed(Exception Reason) : INoSerializationVerificationNeeded;

    private sealed record Pushed(Address Node) : INoSerializationVerificationNeeded;

    private sealed record Switched(ViewSwitch Switch, Exception? Failure) : INoSerializationVerificationNeeded;
}

/// <summary>Makes the keeper read the manifests again.</summary>
internal sealed class ReadSegments : INoSerializationVerificationNeeded
{
    public static readonly ReadSegments Instance = new();
}

/// <summary>The collection is gone: nothing is to be kept.</summary>
internal sealed class ReleaseReplicas : INoSerializationVerificationNeeded
{
    public static readonly ReleaseReplicas Instance = new();
}
