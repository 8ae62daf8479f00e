using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Persistence;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Streaming.Replicas;
using Milvus.Actors.Streaming.Sealing;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>
/// What the region knows as a channel: reads the facts, starts the persistent entity, starts it again after failures, and removes the journal when the collection is gone.
/// Answers control messages beside the journal.
/// </summary>
internal sealed class ChannelGuardian : UntypedActor, IWithTimers
{
    private readonly StreamingRole _role;
    private readonly NodeServices _services;
    private readonly ShardId _id;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly ChannelHandle _handle;
    private IActorRef _entity = ActorRefs.Nobody;
    private IActorRef _keeper = ActorRefs.Nobody;
    private Exception? _failure;
    private int _run;
    private int _failures;
    private bool _isGone;
    private bool _isStopping;
    private bool _isJournalDeleted;
    private bool _areSnapshotsDeleted;

    public ChannelGuardian(StreamingRole role, ShardId id)
    {
        _role = role;
        _services = role.Services;
        _id = id;
        _logger = _services.Logging.CreateLogger<ChannelGuardian>();
        _handle = new ChannelHandle(id, Self, role.Options);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    // A failed child starts again from the journal only, after a pause.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        _role.Channels.Add(_handle);
        LoadFacts();
    }

    protected override void PostStop()
    {
        _stop.Cancel();
        _role.Channels.Remove(_handle);
        _handle.Close();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case LocateChannel when _isGone:
                Sender.Tell(new ControlFailed((int)ErrorCode.CollectionNotFound, $"collection not found[collection={_id.CollectionId}]", false));
                break;
            case LocateChannel:
                Sender.Tell(new ChannelLocation(_id.CollectionId, _id.Shard, _services.Rpc.Self.ToString()));
                break;
            case GetChannelStatus:
                Sender.Tell(ChannelReports.Describe(_handle, _services));
                break;
            case FlushChannel:
                ChannelReports.FlushAsync(_handle, _services, _stop.Token).PipeTo(Sender, Self);
                break;
            case ChannelFacts facts:
                OnFacts(facts);
                break;
            case FactsFailed failed:
                OnFailure(failed.Reason);
                break;
            case EntityRecovered recovered:
                OnRecovered(recovered.Live);
                break;
            case EntityFailed failed:
                _failure = failed.Reason;
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_entity):
                OnEntityStopped();
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_keeper) && !_isGone:
                // Without it nothing is loaded any more: the channel begins anew.
                _failure ??= new InvalidOperationException("the keeper of its replicas failed");
                Context.Stop(_entity);
                break;
            case CollectionGone:
                OnGone();
                break;
            case Retry:
                if (_isGone) DeleteJournal();
                else LoadFacts();
                break;
            case StopChannel:
                OnStop();
                break;
            case DeleteMessagesSuccess:
                _isJournalDeleted = true;
                LeaveWhenDeleted();
                break;
            case DeleteSnapshotsSuccess:
                _areSnapshotsDeleted = true;
                LeaveWhenDeleted();
                break;
            case DeleteMessagesFailure or DeleteSnapshotsFailure:
                RetryLater();
                break;
        }
    }

    private void LoadFacts() =>
        ChannelFacts.LoadAsync(_services, _id, _stop.Token).PipeTo(Self, Self, success: f => f, failure: e => new FactsFailed(e));

    private void OnFacts(ChannelFacts facts)
    {
        if (_isStopping || _isGone) return;
        if (facts.Info is null)
        {
            OnGone();
            return;
        }
        _failure = null;
        _entity = Context.ActorOf(_role.ChannelProps(_handle, facts), $"journal-{++_run}");
        Context.Watch(_entity);
    }

    private void OnRecovered(LiveChannel live)
    {
        _failures = 0;
        if (_isStopping || _isGone) return;
        _keeper = Context.ActorOf(Props.Create(() => new ReplicaKeeper(_role, live)), $"replicas-{_run}");
        Context.Watch(_keeper);
        ChannelMaintenance.Start(_role, live, _entity, _keeper);
    }

    private void OnEntityStopped()
    {
        _entity = ActorRefs.Nobody;
        Context.Unwatch(_keeper);
        Context.Stop(_keeper);
        _keeper = ActorRefs.Nobody;
        if (_isGone) DeleteJournal();
        else if (_isStopping) Context.Stop(Self);
        else OnFailure(_failure ?? new InvalidOperationException("it stopped by itself"));
    }

    private void OnFailure(Exception reason)
    {
        if (_isStopping || _isGone) return;
        _logger.LogError(reason, "Channel {Channel} failed and will be started again", _id);
        if (!RestingChannel.IsJournalAway(reason)) _handle.EndRest();
        // Damage does not go away by itself: say so instead of letting writers wait. Everything else may be over in a moment.
        if (reason is IntegrityException) _handle.Fail(new MilvusException(ErrorCode.ChannelNotAvailable, $"channel not available[channel={_id}]: {reason.Message}", reason));
        RetryLater();
    }

    private void RetryLater()
    {
        var pause = Math.Min(_role.Options.MaxRestartMs, _role.Options.MinRestartMs << Math.Min(_failures++, 16));
        Timers.StartSingleTimer("retry", Retry.Instance, TimeSpan.FromMilliseconds(pause));
    }

    private void OnStop()
    {
        _isStopping = true;
        _stop.Cancel();
        if (_entity.IsNobody()) Context.Stop(Self);
        else _entity.Tell(StopChannel.Instance);
    }

    private void OnGone()
    {
        if (_isGone) return;
        _isGone = true;
        _role.Channels.Remove(_handle);
        _handle.Close();
        _keeper.Tell(ReleaseReplicas.Instance);
        if (_entity.IsNobody()) DeleteJournal();
        else Context.Stop(_entity);
    }

    private void DeleteJournal()
    {
        var persistence = Persistence.Instance.Apply(Context.System);
        var id = ClusterNames.ChannelPersistence(_id);
        if (!_isJournalDeleted) persistence.JournalFor(string.Empty).Tell(new DeleteMessagesTo(id, long.MaxValue, Self), Self);
        if (!_areSnapshotsDeleted) persistence.SnapshotStoreFor(string.Empty).Tell(new DeleteSnapshots(id, SnapshotSelectionCriteria.Latest), Self);
        Timers.StartSingleTimer("retry", Retry.Instance, TimeSpan.FromMilliseconds(_role.Options.MaxRestartMs));
    }

    private void LeaveWhenDeleted()
    {
        if (!_isJournalDeleted || !_areSnapshotsDeleted) return;
        Timers.CancelAll();
        _logger.LogInformation("Channel {Channel}: the collection is gone, and so is the journal", _id);
        Context.Parent.Tell(new Passivate(StopChannel.Instance));
    }

    private sealed record FactsFailed(Exception Reason) : INoSerializationVerificationNeeded;

    private sealed class Retry : INoSerializationVerificationNeeded
    {
        public static readonly Retry Instance = new();
    }
}

/// <summary>The catalogue does not know the channel's collection any more.</summary>
internal sealed class CollectionGone : INoSerializationVerificationNeeded
{
    public static readonly CollectionGone Instance = new();
}
