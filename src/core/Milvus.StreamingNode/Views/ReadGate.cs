using Milvus.Model;

namespace Milvus.StreamingNode;

/// <summary>
/// Decides when a reader may go ahead. The channel's writer brackets each batch with <see cref="Begin"/> and <see cref="End"/>; a reader
/// whose guarantee reaches into the open batch waits for it, every other reader goes at once — there are no time ticks to wait for.
/// Thread-safe.
/// </summary>
/// <remarks>
/// Why this is enough: timestamps come from one oracle and are taken inside the bracket. When no batch is open, every timestamp given out so
/// far that belongs to this channel is applied, and any later one is larger than the oracle's current value.
/// </remarks>
public sealed class ReadGate(ITimestampOracle oracle)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _open;
    private Timestamp _openFrom;

    /// <summary>Opens a batch: timestamps taken after this call belong to it until <see cref="End"/>.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _openFrom = oracle.Current;
        }
    }

    /// <summary>Closes the batch: everything in it is applied, or will never be.</summary>
    public void End()
    {
        TaskCompletionSource? done;
        lock (_lock)
        {
            done = _open;
            _open = null;
        }
        done?.SetResult();
    }

    /// <summary>The newest timestamp at which the shard is complete right now, an open batch left out.</summary>
    public Timestamp Settled
    {
        get
        {
            lock (_lock) return _open is null ? oracle.Current : _openFrom;
        }
    }

    /// <summary>
    /// Waits until everything at or before <paramref name="guarantee"/> is applied, and returns the newest timestamp at which the shard is
    /// complete (at least the guarantee, unless that lies in the future).
    /// </summary>
    public async ValueTask<Timestamp> WaitAsync(Timestamp guarantee, CancellationToken cancellation)
    {
        while (true)
        {
            Task wait;
            lock (_lock)
            {
                if (_open is null) return oracle.Current;
                if (_openFrom >= guarantee) return _openFrom;
                wait = _open.Task;
            }
            await wait.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }
}
