using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Milvus.Model;
using Milvus.Storage.Files;
using Milvus.Storage.Wal;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Shards;

/// <summary>
/// Drives one shard channel over a file log: collects the writes that arrived together, prepares them, makes them durable with one fsync,
/// applies them, acknowledges. One loop is the channel's single writer; whatever else must touch the channel is posted into the same queue.
/// </summary>
public sealed class ShardDriver : IChannelHost, IAsyncDisposable
{
    private const long MaxBatchBytes = 32L << 20;
    private const int MaxBatchWrites = 1024;
    private const long MaxQueuedBytes = 512L << 20;

    private readonly Channel<Item> _queue = System.Threading.Channels.Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Func<IChannelLog> _openLog;
    private readonly ILogger _logger;
    private readonly Task _loop;
    private readonly RecordBuffer _records = new();
    private IChannelLog _log;
    private long _queuedBytes;
    private long _seenSequence;
    private bool _isReleased;
    private Exception? _stopped;

    /// <param name="channel">Already recovered: <see cref="ShardChannel.AppliedSequence"/> is the log's last record.</param>
    /// <param name="log">The open log; owned from now on.</param>
    /// <param name="openLog">Opens the log again after a failed fsync.</param>
    public ShardDriver(ShardChannel channel, IChannelLog log, Func<IChannelLog> openLog, ILogger logger)
    {
        Channel = channel;
        _log = log;
        _openLog = openLog;
        _logger = logger;
        _loop = RunAsync();
    }

    public ShardChannel Channel { get; }

    /// <summary>Bytes of the log's files.</summary>
    public long LogBytes => Volatile.Read(ref _log).LengthBytes;

    /// <summary>Enqueues a write; completes when it is durable and visible.</summary>
    public ValueTask<Timestamp> WriteAsync(ShardWrite write, CancellationToken cancellation)
    {
        ThrowIfStopped();
        cancellation.ThrowIfCancellationRequested();
        var bytes = write.ByteSize;
        if (Interlocked.Add(ref _queuedBytes, bytes) > MaxQueuedBytes && bytes < Volatile.Read(ref _queuedBytes))
        {
            Interlocked.Add(ref _queuedBytes, -bytes);
            throw new MilvusException(ErrorCode.TooManyRequests, $"too many concurrent requests, queue is full[channel={Channel.Id}]");
        }
        var item = new WriteItem(write, bytes);
        if (!_queue.Writer.TryWrite(item)) throw Unavailable();
        return new ValueTask<Timestamp>(item.Completion.Task.WaitAsync(cancellation));
    }

    /// <summary>Runs <paramref name="action"/> as the channel's writer, after everything enqueued before it.</summary>
    public Task<T> PostAsync<T>(Func<ShardChannel, T> action)
    {
        var item = new ActionItem<T>(action);
        if (!_queue.Writer.TryWrite(item)) throw Unavailable();
        return item.Completion.Task;
    }

    public Task PostAsync(Action<ShardChannel> action) => PostAsync(channel =>
    {
        action(channel);
        return true;
    });

    /// <summary>Closes the file of a log that has not grown since the last call; the next write opens it again.</summary>
    public void ReleaseWhenIdle()
    {
        var next = Volatile.Read(ref _log).NextSequence;
        if (next != Interlocked.Exchange(ref _seenSequence, next))
        {
            _isReleased = false;
            return;
        }
        if (_isReleased) return;
        _isReleased = true;
        _ = PostAsync(_ =>
        {
            if (!_log.IsFailed && _log.NextSequence == next) _log.ReleaseHandle();
        });
    }

    /// <summary>Deletes the log files that the channel's checkpoint made unnecessary.</summary>
    public Task TrimAsync() => PostAsync(channel => _log.TrimTo(channel.CheckpointSequence));

    /// <summary>Makes everything logged so far durable, whatever the sync mode: a checkpoint must never be ahead of its log.</summary>
    public Task SyncAsync() => PostAsync(_ => _log.Sync());

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        try
        {
            _log.Dispose();
        }
        catch (Exception e)
        {
            // What was acknowledged is durable; the next start looks at the rest.
            _logger.LogWarning(e, "The log of channel {Channel} was not closed cleanly", Channel.Id);
        }
    }

    private async Task RunAsync()
    {
        var reader = _queue.Reader;
        var batch = new List<WriteItem>();
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            // What follows waits for the disk.
            await BlockingThreads.Shared.SwitchAsync();
            while (reader.TryRead(out var item))
            {
                long bytes = 0;
                while (item is WriteItem write)
                {
                    batch.Add(write);
                    bytes += write.Bytes;
                    if (bytes >= MaxBatchBytes || batch.Count >= MaxBatchWrites || !reader.TryRead(out item)) item = null;
                }
                if (batch.Count > 0)
                {
                    WriteBatch(batch);
                    batch.Clear();
                    Interlocked.Add(ref _queuedBytes, -bytes);
                }
                item?.Run(Channel);
            }
        }
    }

    private void WriteBatch(List<WriteItem> batch)
    {
        if (_stopped is not null)
        {
            foreach (var w in batch) w.Completion.TrySetException(Unavailable());
            return;
        }
        Channel.Gate.Begin();
        var outcomes = default(PrepareOutcome[]);
        Exception? failure = null;
        try
        {
            if (_log.IsFailed) Reopen();
            outcomes = Channel.Prepare(batch.ConvertAll(w => w.Write));
            Log(outcomes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failure = Describe(e);
            _logger.LogError(e, "Channel {Channel}: {Count} writes could not be made durable", Channel.Id, batch.Count);
        }
        catch (MilvusException e)
        {
            // Refused before anything was logged: the oracle cannot move its bound, say.
            failure = e;
        }
        catch (Exception e)
        {
            Stop(e);
            failure = Unavailable();
        }
        finally
        {
            Channel.Gate.End();
        }
        for (var i = 0; i < batch.Count; i++)
        {
            if (failure is not null) batch[i].Completion.TrySetException(failure);
            else if (outcomes![i].Rejection is { } rejection) batch[i].Completion.TrySetException(rejection);
            else batch[i].Completion.TrySetResult(outcomes[i].Record!.Timestamp);
        }
    }

    private void Log(PrepareOutcome[] outcomes)
    {
        long sequence;
        try
        {
            foreach (var o in outcomes)
                if (o.Record is { } record) _records.Add(record);
            var payloads = _records.Payloads();
            if (payloads.Length == 0) return;
            sequence = _log.Append(payloads);
        }
        finally
        {
            _records.Clear();
        }
        _log.Commit();
        try
        {
            foreach (var o in outcomes)
                if (o.Record is { } record) Channel.Apply(sequence++, record);
        }
        catch (Exception e) when (e is not IntegrityException)
        {
            // Logged but not applied: memory and log differ until the next start, so nothing more may be built on it.
            throw new IntegrityException($"channel {Channel.Id}", $"record {sequence - 1} could not be applied: {e.Message}", e);
        }
    }

    // The fate of the records after the last good fsync is unknown until the log is read again; those that are there are applied now.
    private void Reopen()
    {
        _log.Dispose();
        Volatile.Write(ref _log, _openLog());
        ChannelRecovery.Replay(Channel, _log);
    }

    private void Stop(Exception reason)
    {
        _stopped = reason;
        _logger.LogCritical(reason, "Channel {Channel} stops taking writes", Channel.Id);
    }

    private void ThrowIfStopped()
    {
        if (_stopped is not null) throw Unavailable();
    }

    private MilvusException Unavailable() =>
        new(ErrorCode.ServiceUnavailable, $"channel {Channel.Id} takes no writes: {_stopped?.Message ?? "it is shutting down"}", _stopped);

    private MilvusException Describe(Exception e)
    {
        if (_log.IsFailed)
            return new MilvusException(ErrorCode.Timeout, $"channel {Channel.Id}: the log could not be synced, whether the write survived is unknown: {e.Message}", e);
        return e is IOException io && DiskErrors.IsDiskFull(io)
            ? new MilvusException(ErrorCode.DiskLimitExceeded, $"disk limit exceeded: the log of channel {Channel.Id} cannot grow: {e.Message}", e)
            : new MilvusException(ErrorCode.IoFailed, $"IO failed: the log of channel {Channel.Id}: {e.Message}", e);
    }

    private abstract class Item
    {
        public abstract void Run(ShardChannel channel);
    }

    private sealed class WriteItem(ShardWrite write, long bytes) : Item
    {
        public ShardWrite Write { get; } = write;

        public long Bytes { get; } = bytes;

        public TaskCompletionSource<Timestamp> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Run(ShardChannel channel) => throw new InvalidOperationException("writes run in batches");
    }

    private sealed class ActionItem<T>(Func<ShardChannel, T> action) : Item
    {
        public TaskCompletionSource<T> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Run(ShardChannel channel)
        {
            try
            {
                Completion.SetResult(action(channel));
            }
            catch (Exception e)
            {
                Completion.SetException(e);
            }
        }
    }
}
