namespace Milvus.Coordinator.Tests.Service;

/// <summary>A clock that stands still, moves and goes back as told. Its timers fire when <see cref="FireTimers"/> is called.</summary>
internal sealed class ManualTime(long unixMs = 1_700_000_000_000) : TimeProvider
{
    private readonly List<ManualTimer> _timers = [];
    private long _unixMs = unixMs;

    public long UnixMs
    {
        get => Volatile.Read(ref _unixMs);
        set => Volatile.Write(ref _unixMs, value);
    }

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(UnixMs);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(() => callback(state)) { IsDue = dueTime == TimeSpan.Zero };
        lock (_timers) _timers.Add(timer);
        return timer;
    }

    /// <summary>Runs the timers that are due; returns how many.</summary>
    public int FireTimers()
    {
        ManualTimer[] due;
        lock (_timers) due = [.. _timers.Where(t => t.TakeDue())];
        foreach (var timer in due) timer.Fire();
        return due.Length;
    }

    private sealed class ManualTimer(Action fire) : ITimer
    {
        public volatile bool IsDue;

        public Action Fire { get; } = fire;

        public bool TakeDue()
        {
            var due = IsDue;
            IsDue = false;
            return due;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            IsDue = dueTime == TimeSpan.Zero;
            return true;
        }

        public void Dispose() => IsDue = false;

        public ValueTask DisposeAsync()
        {
            IsDue = false;
            return ValueTask.CompletedTask;
        }
    }
}
