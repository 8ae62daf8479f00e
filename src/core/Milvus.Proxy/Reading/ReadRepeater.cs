using Milvus.Model;

namespace Milvus.Proxy.Reading;

/// <summary>
/// Begins a read anew when what it reads has moved meanwhile or is still being loaded, until its patience ends. A read as a whole, because its shards and their readers belong
/// to one moment.
/// </summary>
internal sealed class ReadRepeater(TimeProvider time, ProxyOptions options)
{
    private const int FirstPauseMs = 20;
    private const int LongestPauseMs = 500;

    /// <param name="read">One attempt, which opens its own readers.</param>
    /// <exception cref="MilvusException">2: things kept moving; names what could not be reached last. 103: still being loaded.</exception>
    public async Task<TResult> RunAsync<TState, TResult>(TState state, Func<TState, CancellationToken, Task<TResult>> read, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var pauseMs = FirstPauseMs;
        while (true)
        {
            Exception met;
            try
            {
                return await read(state, cancellation).ConfigureAwait(false);
            }
            catch (ShardMovedException e)
            {
                met = new MilvusException(ErrorCode.ServiceUnavailable, $"what is to be read cannot be reached: {e.Message}: service unavailable", e);
            }
            catch (MilvusException e) when (e.Code == ErrorCode.CollectionNotFullyLoaded)
            {
                met = e;
            }
            if (time.GetElapsedTime(started).TotalMilliseconds + pauseMs > options.MovedReadPatienceMs) throw met;
            await Task.Delay(TimeSpan.FromMilliseconds(pauseMs), time, cancellation).ConfigureAwait(false);
            pauseMs = Math.Min(pauseMs * 2, LongestPauseMs);
        }
    }
}
