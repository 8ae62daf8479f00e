using System.Collections.Immutable;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Explaining;

/// <summary>Collects what the shards were asked while one request is answered. Thread-safe.</summary>
internal sealed class ReadNotes(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<ShardStep> _steps = [];
    private readonly long _start = time.GetTimestamp();
    private double _explainMs;

    public long Now() => time.GetTimestamp();

    public double MsSince(long start) => time.GetElapsedTime(start).TotalMilliseconds;

    public void Add(int shard, string operation, double ms, ImmutableArray<SegmentExplain> segments = default, double explainMs = 0)
    {
        lock (_lock)
        {
            _steps.Add(new ShardStep(shard, operation, ms, segments.IsDefault ? [] : segments));
            // Shards explain at the same time: the slowest is what the request waited for.
            _explainMs = Math.Max(_explainMs, explainMs);
        }
    }

    public ReadExplain Finish()
    {
        lock (_lock) return new ReadExplain { TotalMs = Math.Max(0, MsSince(_start) - _explainMs), Steps = [.. _steps] };
    }
}
