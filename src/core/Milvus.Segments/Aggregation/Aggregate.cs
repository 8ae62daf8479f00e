using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>What is computed over the rows of a group. Frozen: the numbers travel between nodes.</summary>
public enum AggregateKind
{
    /// <summary>Rows.</summary>
    CountRows = 0,

    /// <summary>Rows whose value is not null.</summary>
    Count = 1,

    /// <summary>Integers sum to Int64 (wrapping), floats to Double.</summary>
    Sum = 2,

    /// <summary>Double.</summary>
    Average = 3,

    Min = 4,

    Max = 5,
}

/// <param name="Field">Null for <see cref="AggregateKind.CountRows"/> only.</param>
public sealed record Aggregate(AggregateKind Kind, FieldSchema? Field = null)
{
    /// <summary>The type of the result.</summary>
    public DataType ResultType => Kind switch
    {
        AggregateKind.CountRows or AggregateKind.Count => DataType.Int64,
        AggregateKind.Average => DataType.Double,
        AggregateKind.Sum => Field!.Type.IsFloating() ? DataType.Double : DataType.Int64,
        _ => Field!.Type,
    };
}

/// <summary>Groups with unfinished aggregates, as they travel between nodes.</summary>
/// <param name="GroupCount">Groups; without grouping one.</param>
/// <param name="Keys">A column per group field, one row per group.</param>
/// <param name="States">The state columns of all aggregates one after another, one row per group.</param>
public sealed record GroupStates(int GroupCount, ImmutableArray<Column> Keys, ImmutableArray<Column> States);
