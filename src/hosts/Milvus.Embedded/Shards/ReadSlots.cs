using System.Diagnostics.CodeAnalysis;

namespace Milvus.Embedded.Shards;

/// <summary>
/// Lets so many reads compute at once as the cores can carry; the others wait in the order they came. Without it many clients' reads would take turns on the same
/// cores and caches, and all of them would end late. A read that finds a slot runs on its caller's thread at once. Thread-safe.
/// </summary>
internal sealed class ReadSlots(int count)
{
    /// <summary>The slots of this process. More than cores, so that a few long reads do not keep short ones from starting.</summary>
    public static ReadSlots Shared { get; } = new(Math.Max(4, 2 * Environment.ProcessorCount));

    private readonly SemaphoreSlim _free = new(count);

    public ValueTask<TResult> RunAsync<TState, TResult>(TState state, Func<TState, CancellationToken, TResult> read, CancellationToken cancellation) =>
        TryRun(state, read, cancellation, out var result) ? new(result) : WaitAsync(state, read, cancellation);

    /// <summary>Runs the read at once, unless all slots are taken.</summary>
    public bool TryRun<TState, TResult>(TState state, Func<TState, CancellationToken, TResult> read, CancellationToken cancellation, [MaybeNullWhen(false)] out TResult result)
    {
        result = default;
        if (!_free.Wait(0, CancellationToken.None)) return false;
        try
        {
            result = read(state, cancellation);
            return true;
        }
        finally
        {
            _free.Release();
        }
    }

    private async ValueTask<TResult> WaitAsync<TState, TResult>(TState state, Func<TState, CancellationToken, TResult> read, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return read(state, cancellation);
        }
        finally
        {
            _free.Release();
        }
    }
}
