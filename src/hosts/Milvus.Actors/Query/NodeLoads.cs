using System.Collections.Concurrent;
using System.Collections.Immutable;
using Milvus.Actors.Messages;

namespace Milvus.Actors.Query;

/// <summary>How full a query node is, by its own word.</summary>
/// <param name="MemoryBytes">Without what is kept for late readers only.</param>
/// <param name="Loading">Segments that it is reading at present.</param>
/// <param name="ShardBytes">Memory of the loaded segments by shard of the segment region.</param>
public sealed record NodeLoad(string Node, long MemoryBytes, long LimitBytes, long Rows, int Loading, ImmutableDictionary<string, long> ShardBytes)
{
    /// <summary>The part of its memory that is taken; 0 when it has no limit.</summary>
    public double Fullness => LimitBytes > 0 ? (double)MemoryBytes / LimitBytes : 0;
}

/// <summary>The latest word of every query node. Thread-safe.</summary>
public sealed class NodeLoads(TimeProvider time)
{
    private static readonly TimeSpan s_validFor = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, (NodeLoad Load, long At)> _loads = new(StringComparer.Ordinal);

    public void Report(QueryNodeLoad report)
    {
        var shards = ImmutableDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < Math.Min(report.Shards.Length, report.ShardBytes.Length); i++) shards[report.Shards[i]] = report.ShardBytes[i];
        Report(new NodeLoad(report.Node, report.MemoryBytes, report.LimitBytes, report.Rows, report.Loading, shards.ToImmutable()));
    }

    public void Report(NodeLoad load) => _loads[load.Node] = (load, time.GetTimestamp());

    public void Forget(string node) => _loads.TryRemove(node, out _);

    /// <summary>Null when the node has said nothing lately.</summary>
    public NodeLoad? Find(string node) =>
        _loads.TryGetValue(node, out var known) && time.GetElapsedTime(known.At) < s_validFor ? known.Load : null;
}
