using System.Runtime.CompilerServices;

namespace Milvus.Embedded.Shards;

/// <summary>
/// Threads for work that waits for the disk. On the pool's threads it would hold back requests until the pool noticed and grew; and a pool that is large from the
/// start lets so many requests compute at once that they take the cores from one another: with 16 clients on two cores the 99th percentile of searches was twice
/// as long. Threads are started when none is idle and end after some idle seconds. Thread-safe.
/// </summary>
internal sealed class BlockingThreads(int most, TimeSpan idle)
{
    private readonly Lock _gate = new();
    private readonly Queue<Action> _work = new();
    private readonly SemaphoreSlim _wanted = new(0);
    private int _running;

    /// <summary>Threads that wait for work or are just starting.</summary>
    private int _free;

    /// <summary>The threads of this process: more writers than this at once wait for one another.</summary>
    public static BlockingThreads Shared { get; } = new(64, TimeSpan.FromSeconds(20));

    /// <summary>Threads that exist now.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _running;
        }
    }

    /// <summary>Awaited, continues on one of these threads, in the order of asking.</summary>
    public Switch SwitchAsync() => new(this);

    private void Post(Action work)
    {
        var isNew = false;
        lock (_gate)
        {
            _work.Enqueue(work);
            if (_work.Count > _free && _running < most)
            {
                _running++;
                _free++;
                isNew = true;
            }
        }
        _wanted.Release();
        if (isNew) Start();
    }

    private void Start()
    {
        try
        {
            new Thread(Run) { IsBackground = true, Name = "log-writer" }.Start();
        }
        catch (OutOfMemoryException)
        {
            // The system gives no thread: others take the work when they are free, and without any the pool must.
            bool isLast;
            lock (_gate)
            {
                _free--;
                isLast = --_running == 0;
            }
            if (isLast) ThreadPool.UnsafeQueueUserWorkItem(static threads => threads.RunOne(), this, preferLocal: false);
        }
    }

    private void Run()
    {
        while (true)
        {
            var isWanted = _wanted.Wait(idle);
            Action? work = null;
            lock (_gate)
            {
                if (isWanted)
                {
                    _free--;
                    work = _work.Dequeue();
                }
                else if (_work.Count < _free)
                {
                    _free--;
                    _running--;
                    return;
                }
            }
            if (work is null) continue;
            work();
            lock (_gate) _free++;
        }
    }

    private void RunOne()
    {
        if (!_wanted.Wait(0)) return;
        Action work;
        lock (_gate) work = _work.Dequeue();
        work();
    }

    /// <summary>Continues on one of the threads.</summary>
    internal readonly struct Switch(BlockingThreads threads) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Switch GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => threads.Post(continuation);

        public void UnsafeOnCompleted(Action continuation) => threads.Post(continuation);
    }
}
