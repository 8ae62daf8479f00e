using Akka.Actor;
using Akka.Persistence;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Node;
using Milvus.Actors.Protocol;
using Milvus.Actors.Streaming.Deletes;
using Milvus.Actors.Streaming.Journal;
using Milvus.Model;
using Milvus.StreamingNode;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>
/// The single writer of one shard channel: prepares the writes that queued up, persists them at once, applies them, answers. Its journal is the channel's log. When the journal fails,
/// the fate of what was being persisted is unknown: the entity stops, and its successor reads the journal.
/// </summary>
/// <remarks>
/// Persisting stashes every other message until the last event is handled, so nothing runs between prepare and apply.
/// </remarks>
internal sealed class ChannelEntity : UntypedPersistentActor
{
    private readonly NodeServices _services;
    private readonly StreamingOptions _options;
    private readonly Wakefulness _wakefulness;
    private readonly int _sleeps;
    private readonly ChannelHandle _handle;
    private readonly ChannelCheckpoint? _checkpoint;
    private readonly ShardChannel _core;
    private readonly LiveChannel _live;
    private readonly ILogger _logger;
    private readonly RecordAssembler _assembler;
    private readonly WrittenRequests _written;
    private readonly JournalPositions _positions = new();
    private readonly List<PendingWrite> _batch = [];
    private readonly List<LoggedDelete> _deleted = [];
    private readonly Queue<(long JournalNr, long Since)> _trims = new();
    private PrepareOutcome[] _outcomes = [];
    private long _unpersisted;
    private long _batchBytes;
    private long _recoveredTo;
    private long _snapshotNr;
    private Exception? _failure;

    public ChannelEntity(StreamingRole role, ChannelHandle handle, ChannelFacts facts)
    {
        var (services, options) = (role.Services, role.Options);
        _services = services;
        _options = options;
        _wakefulness = role.Wakefulness;
        // Before the journal is read.
        _sleeps = _wakefulness.Look();
        _handle = handle;
        var info = facts.Info!;
        _checkpoint = facts.Stored.CheckpointOf(handle.Id.Shard);
        _core = new ShardChannel(handle.Id, ChannelContext.Of(info), services.Oracle, services.Options.Channel, _checkpoint);
        _live = new LiveChannel(_core, info, _checkpoint, handle, new DeleteLog(_core.CheckpointSequence)) { Sleeps = _sleeps };
        _logger = services.Logging.CreateLogger<ChannelEntity>();
        _assembler = new RecordAssembler($"journal of channel {handle.Id}");
        _written = new WrittenRequests(options.RememberedRequests);
        PersistenceId = ClusterNames.ChannelPersistence(handle.Id);
    }

    public override string PersistenceId { get; }

    protected override void OnRecover(object message)
    {
        try
        {
            switch (message)
            {
                case SnapshotOffer { Snapshot: ChannelSnapshot snapshot } offer:
                    OnSnapshot(snapshot, offer.Metadata);
                    break;
                case ChannelEvent e:
                    _batchBytes += e.Payload.Length;
                    if (_assembler.TryAdd(e, out var record)) Replay(record);
                    break;
                case RecoveryCompleted:
                    OnRecovered();
                    break;
            }
        }
        catch (Exception e)
        {
            // Not every failure in here comes by OnRecoveryFailure: one at a snapshot only stops the actor.
            _failure = e;
            Context.Parent.Tell(new EntityFailed(e));
            throw;
        }
    }

    protected override void OnCommand(object message)
    {
        if (_failure is not null) return;
        try
        {
            StayAwake();
            switch (message)
            {
                case Drain:
                    DrainQueue();
                    break;
                case SaveCheckpoint:
                    SaveCheckpointSnapshot();
                    break;
                case TrimJournal:
                    Trim();
                    break;
                case StopChannel:
                    Context.Stop(Self);
                    break;
                case SaveSnapshotSuccess saved:
                    OnSnapshotSaved(saved.Metadata.SequenceNr);
                    break;
                case SaveSnapshotFailure failed:
                    _snapshotNr = 0;
                    _logger.LogWarning(failed.Cause, "Channel {Channel}: the snapshot was not saved, the journal is trimmed at the next checkpoint", _core.Id);
                    break;
                case DeleteMessagesFailure failed:
                    _logger.LogWarning(failed.Cause, "Channel {Channel}: the journal is trimmed at the next checkpoint only", _core.Id);
                    break;
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        // The base class stops the actor.
        _failure = cause;
        Context.Parent.Tell(new EntityFailed(cause));
    }

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => Fail(cause);

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _failure = reason;
        Context.Parent.Tell(new EntityFailed(reason));
    }

    protected override void PostStop()
    {
        _live.Stop();
        _handle.Detach(_live, _failure is { } failure && RestingChannel.IsJournalAway(failure) ? _services.Time.GetTimestamp() : null);
        base.PostStop();
    }

    private void OnSnapshot(ChannelSnapshot snapshot, SnapshotMetadata metadata)
    {
        if (snapshot.Version != RecordParts.Version) throw new IntegrityException($"snapshot of channel {_core.Id}", $"version {snapshot.Version} is not known to this server");
        // A predecessor went on after the facts were read: they are read again.
        if (snapshot.Sequence > _core.CheckpointSequence) throw new InvalidOperationException($"the snapshot covers record {snapshot.Sequence}, the checkpoint that was read {_core.CheckpointSequence}");
        foreach (var w in snapshot.Written)
        {
            _written.Add(new Guid(w.RequestId.Span), new Timestamp(w.Timestamp), w.Sequence);
            Observe(new Timestamp(w.Timestamp));
        }
        _recoveredTo = snapshot.Sequence;
        _snapshotNr = metadata.SequenceNr;
        TrimLater(_snapshotNr);
    }

    private void Replay(JournalRecord journaled)
    {
        var record = ChannelRecordCodec.Decode(journaled.Payload, $"journal of channel {_core.Id}, record {journaled.Sequence}");
        Observe(record.Timestamp);
        _written.Add(journaled.RequestId, record.Timestamp, journaled.Sequence);
        _positions.Add(journaled.Sequence, LastSequenceNr, _batchBytes);
        _batchBytes = 0;
        _recoveredTo = journaled.Sequence;
        // What the checkpoint covers is in segments already; the snapshot that would have hidden it was not saved in time.
        if (journaled.Sequence > _core.CheckpointSequence) Apply(journaled.Sequence, record);
    }

    private void OnRecovered()
    {
        if (_assembler.IsPartial) throw new IntegrityException($"journal of channel {_core.Id}", $"it ends within the record after {_recoveredTo}");
        if (_recoveredTo < _core.CheckpointSequence)
            throw new IntegrityException($"journal of channel {_core.Id}", $"it ends at record {_recoveredTo}, but the checkpoint covers {_core.CheckpointSequence}");
        if (_checkpoint is not null) Observe(_checkpoint.Timestamp);
        // An earlier run may still have a commit of these segments on its way: rows that came in now would be taken for committed with it.
        _core.BeginSeal(_core.Growing.ToList());
        Publish();
        _logger.LogInformation(
            "Channel {Channel} runs: records {First} to {Last} replayed, {Growing} growing segments",
            _core.Id, _core.CheckpointSequence + 1, _core.AppliedSequence, _live.View.Growing.Length);
        _handle.Attach(Self, _live);
        Context.Parent.Tell(new EntityRecovered(_live));
        // An earlier run may have ended between the checkpoint and its snapshot.
        SaveCheckpointSnapshot();
    }

    private void DrainQueue()
    {
        while (true)
        {
            FollowCatalog();
            _batch.Clear();
            if (_handle.Take(_batch) is { } action)
            {
                action.Run(_core);
                Publish();
            }
            else if (_batch.Count == 0 || WriteBatch())
            {
                return;
            }
        }
    }

    // True when there is something to wait for.
    private bool WriteBatch()
    {
        _batch.RemoveAll(w =>
        {
            if (!_written.TryGet(w.RequestId, out var at)) return false;
            _handle.Complete(w, at);
            return true;
        });
        if (_batch.Count == 0) return false;
        _core.Gate.Begin();
        try
        {
            _outcomes = _core.Prepare(_batch.ConvertAll(w => w.Write));
        }
        catch (MilvusException e)
        {
            // Refused before anything was logged: there are no ids, say.
            _core.Gate.End();
            foreach (var w in _batch) _handle.Refuse(w, e);
            return false;
        }
        var events = new List<ChannelEvent>(_batch.Count);
        var sequence = _core.AppliedSequence;
        for (var i = 0; i < _outcomes.Length; i++)
            if (_outcomes[i].Record is { } record)
                RecordParts.Split(++sequence, ByteString.CopyFrom(_batch[i].RequestId.ToByteArray()), ChannelRecordCodec.Encode(record), _options.PartBytes, events);
        if (events.Count == 0)
        {
            Finish();
            return false;
        }
        _unpersisted = events.Count;
        _batchBytes = events.Sum(e => (long)e.Payload.Length);
        PersistAll(events, OnPersisted);
        return true;
    }

    private void OnPersisted(ChannelEvent e)
    {
        if (--_unpersisted > 0 || _failure is not null) return;
        try
        {
            // The journal has taken the events, but perhaps only because another owner has removed what stood there: nobody is told that they were written.
            StayAwake();
            for (var i = 0; i < _outcomes.Length; i++)
            {
                if (_outcomes[i].Record is not { } record) continue;
                Apply(_core.AppliedSequence + 1, record);
                _written.Add(_batch[i].RequestId, record.Timestamp, _core.AppliedSequence);
            }
            _positions.Add(_core.AppliedSequence, LastSequenceNr, _batchBytes);
            _live.JournalBytes = _positions.Bytes;
            _batchBytes = 0;
            Publish();
            Finish();
        }
        catch (Exception failure)
        {
            // Durable but not applied: memory and journal differ, so nothing more may be built on this.
            Fail(failure);
            return;
        }
        Self.Tell(Drain.Instance);
    }

    private void Finish()
    {
        _core.Gate.End();
        for (var i = 0; i < _batch.Count; i++)
        {
            if (_outcomes[i].Rejection is { } rejection) _handle.Refuse(_batch[i], rejection);
            else _handle.Complete(_batch[i], _outcomes[i].Record!.Timestamp);
        }
        _batch.Clear();
        _outcomes = [];
    }

    private void Apply(long sequence, WriteRecord record)
    {
        _core.Apply(sequence, record);
        if (record.Deletes is { Count: > 0 } keys) _deleted.Add(new LoggedDelete(sequence, record.Timestamp, keys, record.DeletePartitions));
    }

    private void Publish()
    {
        _live.Deletes.Append(_deleted, _core.AppliedSequence);
        _deleted.Clear();
        _live.Deletes.Trim(_core.CheckpointSequence);
        var view = _live.View;
        if (view.Growing != _core.View.Growing) _live.View = new ChannelView(_core.View.Growing, view.Served, Later(view.CompleteFrom, _core.View.CompleteFrom));
        var sealing = _core.Growing.Where(g => g.IsSealing).Select(g => g.Segment.SegmentId).ToList();
        if (!_live.Sealing.SetEquals(sealing)) _live.Sealing = [.. sealing];
    }

    private void FollowCatalog()
    {
        var info = _services.Catalog.Catalog.FindCollection(_core.Id.CollectionId);
        // Dropped: the guardian ends this.
        if (info is null || ReferenceEquals(info, _live.Info)) return;
        _core.Update(ChannelContext.Of(info));
        Publish();
        _live.SetInfo(info);
    }

    private void SaveCheckpointSnapshot()
    {
        if (_positions.Floor(_core.CheckpointSequence) is not { } position || position.JournalNr <= _snapshotNr) return;
        _snapshotNr = position.JournalNr;
        var now = _services.Time.GetUtcNow();
        var snapshot = new ChannelSnapshot { Version = RecordParts.Version, Sequence = position.Sequence };
        snapshot.Written.AddRange(_written.Since(Timestamp.FromMs(now.ToUnixTimeMilliseconds() - _options.RememberRequestsMs), position.Sequence));
        // Not SaveSnapshot: that would take the newest journal number, and what is after the checkpoint would be lost.
        SnapshotStore.Tell(new SaveSnapshot(new SnapshotMetadata(SnapshotterId, position.JournalNr, now.UtcDateTime), snapshot), Self);
    }

    private void OnSnapshotSaved(long journalNr)
    {
        _positions.TrimTo(journalNr);
        _live.JournalBytes = _positions.Bytes;
        // Stores take a largest number of 0 for no limit.
        if (journalNr > 1) DeleteSnapshots(new SnapshotSelectionCriteria(journalNr - 1));
        TrimLater(journalNr);
        Trim();
    }

    private void TrimLater(long journalNr)
    {
        _trims.Enqueue((journalNr, _services.Time.GetTimestamp()));
        _live.HasTrims = true;
    }

    private void Trim()
    {
        long upTo = 0;
        while (_trims.TryPeek(out var next) && _services.Time.GetElapsedTime(next.Since).TotalMilliseconds >= _options.TrimDelayMs) upTo = _trims.Dequeue().JournalNr;
        _live.HasTrims = _trims.Count > 0;
        if (upTo > 0) DeleteMessages(upTo);
    }

    private void StayAwake()
    {
        if (_wakefulness.Look() != _sleeps) throw new InvalidOperationException($"this process did not run for a while: channel {_core.Id} may have another owner, so its journal is read again");
    }

    private void Observe(Timestamp at)
    {
        if (!_services.Oracle.Observe(at))
            throw new InvalidOperationException($"channel {_core.Id} has records of {at.Physical:O}: this node's clock is behind");
    }

    private void Fail(Exception reason)
    {
        if (_failure is not null) return;
        _failure = reason;
        Context.Parent.Tell(new EntityFailed(reason));
        Context.Stop(Self);
    }

    private static Timestamp Later(Timestamp a, Timestamp b) => a > b ? a : b;
}

/// <summary>The journal is replayed, the channel takes writes.</summary>
internal sealed record EntityRecovered(LiveChannel Live) : INoSerializationVerificationNeeded;

/// <summary>Why the entity stops.</summary>
internal sealed record EntityFailed(Exception Reason) : INoSerializationVerificationNeeded;

/// <summary>The checkpoint moved: the journal may be trimmed.</summary>
internal sealed class SaveCheckpoint : INoSerializationVerificationNeeded
{
    public static readonly SaveCheckpoint Instance = new();
}

/// <summary>Events that the snapshot covers may be old enough to go.</summary>
internal sealed class TrimJournal : INoSerializationVerificationNeeded
{
    public static readonly TrimJournal Instance = new();
}

/// <summary>Ends a channel on this node after what it is persisting.</summary>
public sealed class StopChannel : INoSerializationVerificationNeeded
{
    public static readonly StopChannel Instance = new();
}
