using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>Buckets of hits instead of hits: hits that share the values of some fields, inside of each perhaps more buckets.</summary>
public sealed record SearchAggregation
{
    /// <summary>Whose values make a bucket.</summary>
    public required ImmutableArray<string> Fields { get; init; }

    /// <summary>Buckets wanted.</summary>
    public required long Size { get; init; }

    /// <summary>Buckets to look for among the hits before they are ordered; 0 for as many as wanted.</summary>
    public long SearchSize { get; init; }

    /// <summary>What is computed over each bucket's hits, by the name in the answer.</summary>
    public ImmutableDictionary<string, AggregationMetric> Metrics { get; init; } = ImmutableDictionary<string, AggregationMetric>.Empty;

    /// <summary>Empty for the best hit first.</summary>
    public ImmutableArray<AggregationOrder> Order { get; init; } = [];

    /// <summary>Null for no hits in the buckets.</summary>
    public AggregationHits? TopHits { get; init; }

    public SearchAggregation? Sub { get; init; }
}

/// <param name="Operation">count, sum, avg, min or max.</param>
/// <param name="Field">A field, <c>_score</c>, or for counts <c>*</c>.</param>
public sealed record AggregationMetric(string Operation, string Field);

/// <param name="Key">A field, <c>_score</c>, and for buckets <c>_count</c>, <c>_key</c> or the name of a metric.</param>
public sealed record AggregationOrder(string Key, bool Descending, bool NullsFirst);

/// <param name="Size">Hits per bucket.</param>
/// <param name="Sort">Empty for the best first.</param>
public sealed record AggregationHits(long Size, ImmutableArray<AggregationOrder> Sort);

/// <summary>One value of a column.</summary>
public readonly record struct ColumnValue(Column Column, int Row)
{
    public bool IsNull => Column.IsNull(Row);
}

/// <summary>Hits with the same values.</summary>
/// <param name="Key">The values, by field name.</param>
/// <param name="Count">Hits that the search found for it.</param>
/// <param name="Metrics">By the names of the request.</param>
/// <param name="Hits">Positions among the result's hits.</param>
public sealed record AggregationBucket(
    ImmutableArray<(string Field, ColumnValue Value)> Key,
    long Count,
    ImmutableArray<(string Name, ColumnValue Value)> Metrics,
    ImmutableArray<int> Hits,
    ImmutableArray<AggregationBucket> Sub);
