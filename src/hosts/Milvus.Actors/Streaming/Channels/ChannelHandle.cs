using Akka.Actor;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>
/// A channel of this node as the rest of the node sees it, whether it is recovering, running or failing at the moment. Writes queue up in it; the entity takes what
/// queued up while it was persisting. Thread-safe.
/// </summary>
public sealed class ChannelHandle
{
    private readonly StreamingOptions _options;
    private readonly Lock _lock = new();
    private readonly Queue<ChannelWork> _queue = new();
    private readonly Dictionary<Guid, PendingWrite> _pending = [];
    private TaskCompletionSource<LiveChannel> _running = NewRunning();
    private LiveChannel? _live;
    private RestingChannel? _resting;
    private IActorRef _entity = ActorRefs.Nobody;
    private MilvusException? _failure;
    private long _queuedBytes;
    private bool _isSignalled;
    private bool _isClosed;

    internal ChannelHandle(ShardId id, IActorRef guardian, StreamingOptions options)
    {
        Id = id;
        Guardian = guardian;
        _options = options;
    }

    public ShardId Id { get; }

    internal IActorRef Guardian { get; }

    /// <summary>The running channel; null while it recovers.</summary>
    internal LiveChannel? Live => Volatile.Read(ref _live);

    /// <summary>What can be read while the journal is away; null while the channel runs, and when nothing is known to be still true.</summary>
    internal RestingChannel? Resting => Volatile.Read(ref _resting);

    /// <summary>Why the channel cannot run; null while it runs, or may soon.</summary>
    internal MilvusException? Failure => Volatile.Read(ref _failure);

    /// <summary>Payload bytes of writes that wait or are being persisted.</summary>
    internal long QueuedBytes
    {
        get
        {
            lock (_lock) return _queuedBytes;
        }
    }

    /// <summary>Enqueues a write; completes when it is durable and visible. A request id that is here already, or was written before, is not written again.</summary>
    /// <exception cref="MilvusException">Refused: it did not happen.</exception>
    /// <exception cref="ShardMovedException">The channel stopped: whether it happened is unknown, ask again with the same id.</exception>
    public async Task<Timestamp> WriteAsync(Guid requestId, ShardWrite write, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        PendingWrite? pending;
        lock (_lock)
        {
            if (_isClosed) throw Moved();
            if (_failure is not null) throw _failure;
            if (!_pending.TryGetValue(requestId, out pending))
            {
                pending = new PendingWrite(requestId, write);
                if (_queuedBytes > 0 && _queuedBytes + pending.Bytes > _options.MaxQueuedBytes)
                    throw new MilvusException(ErrorCode.TooManyRequests, $"too many concurrent requests, queue is full[channel={Id}]");
                _pending.Add(requestId, pending);
                _queuedBytes += pending.Bytes;
                Enqueue(pending);
            }
            pending.Waiters++;
        }
        try
        {
            return await pending.Completion.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Leave(pending);
            throw;
        }
    }

    /// <summary>The channel once it runs.</summary>
    /// <exception cref="MilvusException">It cannot run.</exception>
    /// <exception cref="ShardMovedException">It is leaving this node.</exception>
    internal Task<LiveChannel> GetRunningAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_isClosed) throw Moved();
            if (_failure is not null) throw _failure;
            return _running.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>Runs the action as the channel's writer between two batches.</summary>
    internal Task<T> PostAsync<T>(LiveChannel live, Func<ShardChannel, T> action)
    {
        var item = new ChannelAction<T>(action);
        lock (_lock)
        {
            if (!ReferenceEquals(_live, live)) throw Moved();
            Enqueue(item);
        }
        return item.Completion.Task;
    }

    /// <summary>Makes the entity look at the catalogue.</summary>
    internal void Nudge()
    {
        lock (_lock) Signal();
    }

    /// <summary>The entity has recovered and takes what is queued from now on.</summary>
    internal void Attach(IActorRef entity, LiveChannel live)
    {
        lock (_lock)
        {
            _entity = entity;
            _failure = null;
            Volatile.Write(ref _resting, null);
            Volatile.Write(ref _live, live);
            _running.TrySetResult(live);
            _isSignalled = false;
            Signal();
        }
    }

    /// <summary>The entity has stopped. What it had begun is in doubt; writes that it had not taken wait for the next one.</summary>
    /// <param name="restingSince">Now, when nothing but the journal's absence stopped it: nobody else can have written, so what was acknowledged can be read on.</param>
    internal void Detach(LiveChannel live, long? restingSince)
    {
        List<ChannelWork> doubtful;
        lock (_lock)
        {
            if (!ReferenceEquals(_live, live)) return;
            _entity = ActorRefs.Nobody;
            Volatile.Write(ref _live, null);
            Volatile.Write(ref _resting, restingSince is { } since ? new RestingChannel(live, live.Gate.Settled, since) : null);
            _running = NewRunning();
            doubtful = [.. _pending.Values.Where(p => p.IsStarted), .. _queue.Where(w => w is ChannelAction)];
            foreach (var write in doubtful.OfType<PendingWrite>()) Forget(write);
            var waiting = _queue.OfType<PendingWrite>().Where(w => !w.IsStarted).ToList();
            _queue.Clear();
            foreach (var write in waiting) _queue.Enqueue(write);
        }
        doubtful.ForEach(w => w.Fail(Moved()));
    }

    /// <summary>What was here may not be all there is any more.</summary>
    internal void EndRest() => Volatile.Write(ref _resting, null);

    /// <summary>The channel cannot be recovered, and why.</summary>
    internal void Fail(MilvusException failure)
    {
        TaskCompletionSource<LiveChannel> running;
        List<ChannelWork> waiting;
        lock (_lock)
        {
            _failure = failure;
            Volatile.Write(ref _resting, null);
            running = _running;
            _running = NewRunning();
            waiting = TakeAll();
        }
        if (running.TrySetException(failure)) _ = running.Task.Exception;
        waiting.ForEach(w => w.Fail(failure));
    }

    /// <summary>The channel leaves this node.</summary>
    internal void Close()
    {
        TaskCompletionSource<LiveChannel> running;
        List<ChannelWork> waiting;
        lock (_lock)
        {
            _isClosed = true;
            _entity = ActorRefs.Nobody;
            Volatile.Write(ref _live, null);
            Volatile.Write(ref _resting, null);
            running = _running;
            waiting = TakeAll();
        }
        if (running.TrySetException(Moved())) _ = running.Task.Exception;
        waiting.ForEach(w => w.Fail(Moved()));
    }

    /// <summary>
    /// Takes what is next: an action, or as many writes as go into one batch (into <paramref name="batch"/>). Nothing of both: the entity is told when there is something.
    /// </summary>
    internal ChannelAction? Take(List<PendingWrite> batch)
    {
        lock (_lock)
        {
            long bytes = 0;
            while (_queue.TryPeek(out var next))
            {
                if (next is ChannelAction action)
                {
                    if (batch.Count > 0) return null;
                    _queue.Dequeue();
                    return action;
                }
                var write = (PendingWrite)next;
                if (batch.Count > 0 && (bytes + write.Bytes > _options.MaxBatchBytes || batch.Count >= _options.MaxBatchWrites)) return null;
                _queue.Dequeue();
                if (write.Waiters == 0)
                {
                    Forget(write);
                    continue;
                }
                write.IsStarted = true;
                bytes += write.Bytes;
                batch.Add(write);
            }
            if (batch.Count == 0) _isSignalled = false;
            return null;
        }
    }

    internal void Complete(PendingWrite write, Timestamp at)
    {
        lock (_lock) Forget(write);
        write.Completion.TrySetResult(at);
    }

    internal void Refuse(PendingWrite write, Exception reason)
    {
        lock (_lock) Forget(write);
        write.Fail(reason);
    }

    private void Leave(PendingWrite write)
    {
        // Nobody waits any more: the entity passes over it, unless somebody comes and asks for the same write before.
        lock (_lock) write.Waiters--;
    }

    private void Enqueue(ChannelWork work)
    {
        _queue.Enqueue(work);
        Signal();
    }

    private void Signal()
    {
        if (_isSignalled || _live is null) return;
        _isSignalled = true;
        _entity.Tell(Drain.Instance, ActorRefs.NoSender);
    }

    private void Forget(PendingWrite write)
    {
        if (_pending.TryGetValue(write.RequestId, out var known) && ReferenceEquals(known, write))
        {
            _pending.Remove(write.RequestId);
            _queuedBytes -= write.Bytes;
        }
    }

    private List<ChannelWork> TakeAll()
    {
        List<ChannelWork> all = [.. _pending.Values, .. _queue.Where(w => w is ChannelAction)];
        _pending.Clear();
        _queue.Clear();
        _queuedBytes = 0;
        return all;
    }

    private ShardMovedException Moved() => new($"channel {Id} stopped here");

    private static TaskCompletionSource<LiveChannel> NewRunning() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Tells an entity that something is queued.</summary>
internal sealed class Drain : INoSerializationVerificationNeeded
{
    public static readonly Drain Instance = new();
}
