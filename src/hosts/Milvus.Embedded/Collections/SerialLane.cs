using Microsoft.Extensions.Logging;

namespace Milvus.Embedded.Collections;

/// <summary>
/// Runs jobs one after another on the thread pool. Three of them per collection: one for what changes its structure (load, seal, swap), which is
/// short, one for what computes (index builds, compaction), which is long and hands its results to the first, and one for what waits for models.
/// </summary>
public sealed class SerialLane(ILogger logger) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _tail = Task.CompletedTask;
    private int _pending;
    private bool _closed;

    /// <summary>Jobs waiting or running.</summary>
    public int Pending => Volatile.Read(ref _pending);

    /// <summary>Cancelled when the lane closes.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Runs the job after all earlier ones; its failure is the caller's to observe.</summary>
    public Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> job)
    {
        lock (_lock)
        {
            if (_closed) return Task.FromException<T>(new OperationCanceledException("the collection is closed"));
            Interlocked.Increment(ref _pending);
            var previous = _tail;
            var task = Task.Run(() => AfterAsync(previous, job));
            _tail = task;
            return task;
        }
    }

    public Task RunAsync(Func<CancellationToken, Task> job) => RunAsync(async c =>
    {
        await job(c).ConfigureAwait(false);
        return true;
    });

    /// <summary>Runs the job without anybody waiting; a failure is logged under <paramref name="what"/>.</summary>
    public void Start(string what, Func<CancellationToken, Task> job) => _ = ObserveAsync(what, RunAsync(job));

    public async ValueTask DisposeAsync()
    {
        Task tail;
        lock (_lock)
        {
            if (_closed) return;
            _closed = true;
            tail = _tail;
        }
        await _stop.CancelAsync().ConfigureAwait(false);
        await tail.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<T> AfterAsync<T>(Task previous, Func<CancellationToken, Task<T>> job)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            _stop.Token.ThrowIfCancellationRequested();
            return await job(_stop.Token).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _pending);
        }
    }

    private async Task ObserveAsync(string what, Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: what was begun is done again after the next start.
        }
        catch (Exception e)
        {
            logger.LogError(e, "{What} failed", what);
        }
    }
}
