using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>A compiled filter. Immutable; may be evaluated on many threads and segments at once.</summary>
public sealed class FilterPlan
{
    /// <summary>The filter keeps every row: it was empty or folded to true.</summary>
    public bool IsAlwaysTrue { get; init; }

    public bool IsAlwaysFalse { get; init; }

    /// <summary>Columns the filter reads, without duplicates, in order of first use.</summary>
    public IReadOnlyList<long> FieldIds { get; init; } = [];

    /// <summary>Set when the filter is, or implies, <c>primary key in {…}</c>.</summary>
    public PrimaryKeyLookup? PrimaryKeys { get; init; }

    /// <summary>Values of the partition key outside of which the filter is never true; null when it does not narrow the key.</summary>
    public IReadOnlyList<Literal>? PartitionKeyValues { get; init; }

    /// <summary>The factor of random_sample, null without it.</summary>
    public double? SampleRate { get; init; }

    /// <summary>The plan as text, for logs and tests.</summary>
    public string Explain() => IsAlwaysTrue ? "true" : "false";
}
