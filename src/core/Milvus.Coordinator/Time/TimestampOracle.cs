using System.Buffers.Binary;
using Milvus.Coordinator.Persistence;
using Milvus.Coordinator.Service;
using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Time;

/// <summary>
/// Hybrid timestamps from a clock: the clock's milliseconds when it has moved on, one more than the last otherwise, so they rise
/// strictly even when the clock goes back. An upper bound is stored ahead of use, and a successor starts above it. Timestamps and
/// ids are two sequences under the same bound. Lock-free except when the bound has to be moved.
/// </summary>
/// <remarks>
/// The bound lies <see cref="DefaultLeaseMs"/> ahead, so after a restart timestamps may run that far ahead of the clock. It is moved in
/// the background once half of it is used; an idle oracle writes nothing and pays one commit at its next call.
/// </remarks>
public sealed class TimestampOracle : ITimestampOracle, IAsyncDisposable
{
    public const int DefaultLeaseMs = 3000;
    private const int BoundFormat = 1;

    private readonly MetaWriter _writer;
    private readonly TimeProvider _time;
    private readonly ulong _lease;
    private readonly SemaphoreSlim _extending = new(1, 1);
    private readonly ITimer _renewal;

    private ulong _lastTimestamp;
    private ulong _lastId;

    // Values below it may be given out.
    private ulong _bound;
    private int _renewing;
    private int _disposed;

    private TimestampOracle(MetaWriter writer, TimeProvider time, int leaseMs, ulong start)
    {
        _writer = writer;
        _time = time;
        _lease = (ulong)leaseMs << Timestamp.LogicalBits;
        _lastTimestamp = _lastId = start;
        _bound = start;
        _renewal = time.CreateTimer(static state => ((TimestampOracle)state!).Renew(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Starts above everything that earlier oracles on this store gave out.</summary>
    /// <param name="store">Where the bound is kept.</param>
    /// <param name="epoch">Acquired from <paramref name="store"/>.</param>
    public static Task<TimestampOracle> StartAsync(IMetaStore store, long epoch, TimeProvider time, int leaseMs = DefaultLeaseMs, CancellationToken cancellationToken = default) =>
        StartAsync(new MetaWriter(store, epoch), time, leaseMs, cancellationToken);

    internal static async Task<TimestampOracle> StartAsync(MetaWriter writer, TimeProvider time, int leaseMs, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(leaseMs, 1);
        var entries = await writer.Store.LoadAsync(MetaLayout.OracleBound, cancellationToken).ConfigureAwait(false);
        var stored = entries.Count == 0 ? 0 : Decode(entries[0].Value);
        var oracle = new TimestampOracle(writer, time, leaseMs, Math.Max(stored, ClockValue(time)));
        await oracle.ExtendAsync(oracle._lastTimestamp + 1).ConfigureAwait(false);
        return oracle;
    }

    public Timestamp Current => new(Volatile.Read(ref _lastTimestamp));

    /// <exception cref="MilvusException">The bound is used up and cannot be moved: 2 superseded, 7 or 1001 store failure.</exception>
    public Timestamp Next() => new(Take(ref _lastTimestamp, 1));

    /// <inheritdoc cref="Next"/>
    public long NextIds(int count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return (long)Take(ref _lastId, (uint)count);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _renewal.DisposeAsync().ConfigureAwait(false);
        await _extending.WaitAsync().ConfigureAwait(false);
        // Whoever comes late finds no room below the bound and cannot move it.
        Volatile.Write(ref _bound, 0);
        _extending.Dispose();
    }

    // The first of count values, all of them above the last and below the bound.
    private ulong Take(ref ulong sequence, uint count)
    {
        while (true)
        {
            var last = Volatile.Read(ref sequence);
            var first = Math.Max(last + 1, ClockValue(_time));
            var newLast = first + count - 1;
            var bound = Volatile.Read(ref _bound);
            if (newLast >= bound)
            {
                ExtendAndWait(newLast + 1);
                continue;
            }
            if (Interlocked.CompareExchange(ref sequence, newLast, last) != last) continue;
            if (bound - newLast < _lease / 2) ScheduleRenewal();
            return first;
        }
    }

    private void ExtendAndWait(ulong needed)
    {
        _extending.Wait();
        try
        {
            if (Volatile.Read(ref _bound) < needed) ExtendAsync(needed).GetAwaiter().GetResult();
        }
        finally
        {
            _extending.Release();
        }
    }

    private void ScheduleRenewal()
    {
        if (Interlocked.Exchange(ref _renewing, 1) == 0) _renewal.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void Renew()
    {
        // Somebody who waits for room is moving the bound already.
        if (!_extending.Wait(0)) return;
        try
        {
            ExtendAsync(Math.Max(Volatile.Read(ref _lastTimestamp), Volatile.Read(ref _lastId)) + 1).GetAwaiter().GetResult();
        }
        catch (Exception)
        {
            // Half the lease is left; when it is used up the caller gets the error. Whatever it is, it must not end the timer's thread.
        }
        finally
        {
            Volatile.Write(ref _renewing, 0);
            _extending.Release();
        }
    }

    // Only under _extending, or before the oracle is shared. Stores first, so a crash loses room and never gives a value out twice.
    private async Task ExtendAsync(ulong needed)
    {
        var bound = Math.Max(needed, ClockValue(_time)) + _lease;
        await _writer.CommitAsync([MetaMutation.Put(MetaLayout.OracleBound, Encode(bound))]).ConfigureAwait(false);
        Volatile.Write(ref _bound, bound);
        Volatile.Write(ref _renewing, 0);
    }

    private static ulong ClockValue(TimeProvider time) => Timestamp.FromMs(time.GetUtcNow().ToUnixTimeMilliseconds()).Value;

    private static byte[] Encode(ulong bound)
    {
        var bytes = new byte[9];
        bytes[0] = BoundFormat;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(1), bound);
        return bytes;
    }

    private static ulong Decode(byte[] bytes) => bytes.Length == 9 && bytes[0] == BoundFormat
        ? BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(1))
        : throw new IntegrityException(MetaLayout.OracleBound, "not a timestamp bound this program understands");
}
