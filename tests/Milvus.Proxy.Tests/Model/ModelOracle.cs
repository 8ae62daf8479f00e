using Milvus.Model;

namespace Milvus.Proxy.Tests.Model;

/// <summary>A clock that stands still until moved, and an oracle that counts on top of it.</summary>
internal sealed class ModelOracle : TimeProvider, ITimestampOracle
{
    private ulong _current = Timestamp.FromMs(1_700_000_000_000).Value;
    private long _ids = 1000;

    public Timestamp Current => new(_current);

    public Timestamp Next() => new(++_current);

    public long NextIds(int count = 1)
    {
        var first = _ids;
        _ids += count;
        return first;
    }

    public void Advance(long milliseconds) => _current = Timestamp.FromMs(Current.PhysicalMs + milliseconds).Value;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Current.PhysicalMs);
}
