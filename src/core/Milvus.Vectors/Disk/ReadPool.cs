namespace Milvus.Vectors;

/// <summary>
/// A few threads that do nothing but wait for the device, so that a search has several reads under way at once. Started by the first read
/// that needs them; shared by all indexes.
/// </summary>
internal sealed class ReadPool
{
    private const int Threads = 12;
    private const int StackBytes = 256 << 10;

    private readonly object _gate = new();
    private (ReadBatch Batch, uint Round)[] _waiting = new (ReadBatch, uint)[256];
    private int _first;
    private int _count;
    private bool _started;

    public static ReadPool Shared { get; } = new();

    /// <summary>Lets up to <paramref name="most"/> threads help a batch; returns at once.</summary>
    public void Offer(ReadBatch batch, uint round, int most)
    {
        lock (_gate)
        {
            if (!_started)
                Start();
            most = Math.Min(most, Threads);
            while (_count + most > _waiting.Length)
                Grow();
            for (int i = 0; i < most; i++)
                _waiting[(_first + _count++) % _waiting.Length] = (batch, round);
            if (most == 1)
                Monitor.Pulse(_gate);
            else
                Monitor.PulseAll(_gate);
        }
    }

    private void Start()
    {
        _started = true;
        for (int i = 0; i < Threads; i++)
            new Thread(Work, StackBytes) { IsBackground = true, Name = $"disk-index-read-{i}" }.Start();
    }

    private void Grow()
    {
        var larger = new (ReadBatch, uint)[2 * _waiting.Length];
        for (int i = 0; i < _count; i++)
            larger[i] = _waiting[(_first + i) % _waiting.Length];
        _waiting = larger;
        _first = 0;
    }

    private void Work()
    {
        while (true)
        {
            ReadBatch batch;
            uint round;
            lock (_gate)
            {
                while (_count == 0)
                    Monitor.Wait(_gate);
                (batch, round) = _waiting[_first];
                _waiting[_first] = default;
                _first = (_first + 1) % _waiting.Length;
                _count--;
            }

            while (batch.TakeOne(round))
            {
            }
        }
    }
}
