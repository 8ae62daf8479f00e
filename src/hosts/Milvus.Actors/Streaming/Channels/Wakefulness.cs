namespace Milvus.Actors.Streaming.Channels;

/// <summary>
/// Notices when this process did not run for long: it was stopped, or its machine was asleep or moved. Its channels may have other owners by then, who may have trimmed the journal numbers
/// that would otherwise refuse what it writes next; so they look at the journal before they acknowledge anything more. Thread-safe.
/// </summary>
internal sealed class Wakefulness : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly ITimer? _timer;
    private long _lastTicks;
    private DateTimeOffset _lastUtc;
    private int _sleeps;

    /// <param name="limit">A longer gap is a sleep. Zero never looks.</param>
    public Wakefulness(TimeProvider time, TimeSpan limit)
    {
        _time = time;
        _limit = limit;
        _lastTicks = time.GetTimestamp();
        _lastUtc = time.GetUtcNow();
        if (limit > TimeSpan.Zero) _timer = time.CreateTimer(_ => Look(), null, limit / 8, limit / 8);
    }

    /// <summary>How often this process has slept so far. Whoever calls first after a sleep notices it.</summary>
    public int Look()
    {
        if (_limit <= TimeSpan.Zero) return 0;
        lock (_lock)
        {
            var (ticks, utc) = (_time.GetTimestamp(), _time.GetUtcNow());
            // One of the clocks stands still while a machine sleeps, the other may be set.
            if (_time.GetElapsedTime(_lastTicks, ticks) > _limit || utc - _lastUtc > _limit) _sleeps++;
            (_lastTicks, _lastUtc) = (ticks, utc);
            return _sleeps;
        }
    }

    public void Dispose() => _timer?.Dispose();
}
