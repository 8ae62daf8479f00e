using Milvus.Model;

namespace Milvus.Actors.Time;

/// <summary>
/// A node's hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014), and ids from blocks that the coordinator hands out.
/// Timestamps rise strictly on this node and lie above everything <see cref="Observe"/> was told. Thread-safe.
/// </summary>
/// <remarks>
/// No node asks another for the time: every message carries its sender's clock, and whoever reads it moves its own to at least that. So what
/// happened before in the sense of messages has the smaller timestamp, which is all that guarantee timestamps need.
/// </remarks>
public sealed class ClusterOracle(TimeProvider time, Func<int, CancellationToken, Task<long>> allocateIds) : ITimestampOracle
{
    /// <summary>Ids in one block.</summary>
    public const int IdBlock = 1 << 20;

    /// <summary>A clock that is further ahead than this is broken and not followed.</summary>
    public const int MaxSkewMs = 5 * 60 * 1000;

    private static readonly TimeSpan s_refillPatience = TimeSpan.FromSeconds(5);

    private readonly Lock _ids = new();
    private ulong _last;
    private long _nextId;
    private long _endId;
    private long _spareId;
    private Task? _refill;

    public Timestamp Current => new(Volatile.Read(ref _last));

    public Timestamp Next()
    {
        while (true)
        {
            var last = Volatile.Read(ref _last);
            var next = Math.Max(last + 1, Now());
            if (Interlocked.CompareExchange(ref _last, next, last) == last) return new Timestamp(next);
        }
    }

    /// <summary>Moves the clock to at least <paramref name="seen"/>, a timestamp from another node. False when that is too far ahead to be true.</summary>
    public bool Observe(Timestamp seen)
    {
        if (seen.PhysicalMs > time.GetUtcNow().ToUnixTimeMilliseconds() + MaxSkewMs) return false;
        while (true)
        {
            var last = Volatile.Read(ref _last);
            if (seen.Value <= last || Interlocked.CompareExchange(ref _last, seen.Value, last) == last) return true;
        }
    }

    /// <summary>Fetches the first block, so that the first write does not wait for it.</summary>
    public Task PrepareAsync(CancellationToken cancellation)
    {
        Task refill;
        lock (_ids)
        {
            if (_nextId < _endId) return Task.CompletedTask;
            refill = StartRefill();
        }
        return refill.WaitAsync(cancellation);
    }

    /// <exception cref="MilvusException">2: the ids are used up and the coordinator does not answer.</exception>
    public long NextIds(int count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, IdBlock);
        var deadline = time.GetTimestamp();
        while (true)
        {
            Task refill;
            lock (_ids)
            {
                if (_nextId + count > _endId && _spareId != 0)
                {
                    _nextId = _spareId;
                    _endId = _spareId + IdBlock;
                    _spareId = 0;
                }
                if (_nextId + count <= _endId)
                {
                    var first = _nextId;
                    _nextId += count;
                    if (_endId - _nextId < IdBlock / 2 && _spareId == 0) StartRefill();
                    return first;
                }
                refill = StartRefill();
            }
            var left = s_refillPatience - time.GetElapsedTime(deadline);
            var inTime = false;
            Exception? failure = null;
            try
            {
                inTime = left > TimeSpan.Zero && refill.Wait(left);
            }
            catch (AggregateException e)
            {
                failure = e.InnerException;
            }
            if (!inTime) throw new MilvusException(ErrorCode.ServiceUnavailable, "no ids left and the coordinator gives no more: service unavailable", failure);
        }
    }

    // Under the lock.
    private Task StartRefill()
    {
        if (_refill is { IsCompleted: false }) return _refill;
        return _refill = Task.Run(async () =>
        {
            var first = await allocateIds(IdBlock, CancellationToken.None).ConfigureAwait(false);
            lock (_ids) _spareId = first;
        });
    }

    private ulong Now() => Timestamp.FromMs(time.GetUtcNow().ToUnixTimeMilliseconds()).Value;
}
