using System.Runtime.ExceptionServices;

namespace Milvus.Vectors;

/// <summary>Spreads numbered pieces of work over threads, the calling one among them.</summary>
internal static class Workers
{
    /// <summary>Blocks until all pieces are done; the first failure ends the work and is thrown here.</summary>
    /// <param name="threads">At least 1.</param>
    /// <param name="pieces">Pieces 0…pieces−1, begun in this order.</param>
    /// <param name="start">Gives every thread its own worker.</param>
    /// <param name="cancellation">No further piece is begun; does not throw.</param>
    public static void Run(int threads, int pieces, Func<Action<int>> start, CancellationToken cancellation = default)
    {
        int next = -1;
        Exception? failure = null;

        void Work()
        {
            try
            {
                Action<int> worker = start();
                int piece;
                while ((piece = Interlocked.Increment(ref next)) < pieces && !cancellation.IsCancellationRequested && Volatile.Read(ref failure) is null)
                    worker(piece);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
        }

        Thread[] others = [.. Enumerable.Range(1, Math.Max(0, Math.Min(threads, pieces) - 1)).Select(i => new Thread(Work) { IsBackground = true, Name = $"index-build-{i}" })];
        foreach (Thread other in others)
            other.Start();
        Work();
        foreach (Thread other in others)
            other.Join();
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }
}
