using Milvus.Model;

namespace Milvus.Storage.Segments;

/// <summary>Which bounds a block's statistics carry. Persisted: values are frozen.</summary>
public enum BoundKind
{
    /// <summary>The type has no order, every row is null, or a bound was not worth keeping.</summary>
    None = 0,

    /// <summary>Bool (0 and 1), Int8 … Int64, Timestamptz.</summary>
    Int64 = 1,

    /// <summary>Float and Double; NaN rows are outside the bounds, see <see cref="BlockStatistics.HasNaN"/>.</summary>
    Double = 2,

    /// <summary>VarChar, String and Text in the order of their UTF-8 bytes.</summary>
    Text = 3,
}

/// <summary>
/// What is known of one block's values without reading them. Every non-null value v that is not NaN satisfies Min ≤ v ≤ Max of the
/// block's <see cref="Kind"/>; the bounds of numbers are attained, those of text longer than
/// <see cref="ColumnFileFormat.TextBoundBytes"/> are rounded outwards.
/// </summary>
public sealed record BlockStatistics
{
    public required int RowCount { get; init; }

    public required int NullCount { get; init; }

    public BoundKind Kind { get; init; }

    /// <summary>Some value is NaN, which lies in no bounds and equals nothing.</summary>
    public bool HasNaN { get; init; }

    public long MinInt64 { get; init; }

    public long MaxInt64 { get; init; }

    public double MinDouble { get; init; }

    public double MaxDouble { get; init; }

    public ReadOnlyMemory<byte> MinText { get; init; }

    public ReadOnlyMemory<byte> MaxText { get; init; }
}
