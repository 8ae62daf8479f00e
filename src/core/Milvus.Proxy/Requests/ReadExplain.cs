using System.Collections.Immutable;
using Milvus.Segments;

namespace Milvus.Proxy;

/// <summary>One thing that a request asked of one shard.</summary>
/// <param name="Operation">open, search, query, count, aggregate, fetch or terms.</param>
/// <param name="Ms">How long the proxy waited for the answer.</param>
/// <param name="Segments">How each segment answered; empty for operations that no filter or vector decides.</param>
public sealed record ShardStep(int Shard, string Operation, double Ms, ImmutableArray<SegmentExplain> Segments);

/// <summary>How a query or search was answered: what each shard was asked, how its segments answered, and what it took.</summary>
public sealed record ReadExplain
{
    /// <summary>From the start of the read to its end, explanations not included.</summary>
    public required double TotalMs { get; init; }

    /// <summary>In the order in which they ended.</summary>
    public required ImmutableArray<ShardStep> Steps { get; init; }
}
