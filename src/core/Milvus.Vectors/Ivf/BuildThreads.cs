using System.Runtime.ExceptionServices;

namespace Milvus.Vectors;

/// <summary>Splits work over consecutive blocks among threads; the caller is one of them. What a block does must not depend on who does it.</summary>
internal static class BuildThreads
{
    /// <param name="work">Told the first item and the number of items of a block.</param>
    /// <exception cref="OperationCanceledException">Cancelled between two blocks.</exception>
    public static void ForBlocks(int count, int blockSize, int threads, CancellationToken cancellation, Action<int, int> work)
    {
        int blocks = (count + blockSize - 1) / blockSize, next = -1;
        Exception? failure = null;

        void Run()
        {
            try
            {
                int block;
                while ((block = Interlocked.Increment(ref next)) < blocks && !cancellation.IsCancellationRequested && Volatile.Read(ref failure) is null)
                    work(block * blockSize, Math.Min(blockSize, count - (block * blockSize)));
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
        }

        Thread[] others = [.. Enumerable.Range(1, Math.Max(0, Math.Min(threads, blocks) - 1)).Select(i => new Thread(Run) { IsBackground = true, Name = $"ivf-build-{i}" })];
        foreach (Thread other in others)
            other.Start();
        Run();
        foreach (Thread other in others)
            other.Join();
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
        cancellation.ThrowIfCancellationRequested();
    }
}
