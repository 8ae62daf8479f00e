namespace Milvus.Embedded.Tests.Rig;

/// <summary>The system's time, put forward by a test that does not want to wait for a pause to end. Timers keep their pace.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long _shift;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _shift));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _shift, by.Ticks);
}
