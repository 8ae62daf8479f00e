using System.Numerics;
using Milvus.Model;

namespace Milvus.Storage.Segments;

/// <summary>Derives a block's statistics from its values.</summary>
internal static class BlockStatisticsCollector
{
    public static BlockStatistics Collect(Column block)
    {
        var nulls = block.Validity is { } validity ? block.Count - validity.CountValid() : 0;
        var plain = new BlockStatistics { RowCount = block.Count, NullCount = nulls };
        if (nulls == block.Count)
            return plain;
        return block.Type switch
        {
            DataType.Bool => OfBools((FixedColumn<bool>)block, plain),
            DataType.Int8 => OfIntegers((FixedColumn<sbyte>)block, plain),
            DataType.Int16 => OfIntegers((FixedColumn<short>)block, plain),
            DataType.Int32 => OfIntegers((FixedColumn<int>)block, plain),
            DataType.Int64 or DataType.Timestamptz => OfIntegers((FixedColumn<long>)block, plain),
            DataType.Float => OfFloats((FixedColumn<float>)block, plain),
            DataType.Double => OfFloats((FixedColumn<double>)block, plain),
            _ when block.Type.IsText() => OfTexts((BinaryColumn)block, plain),
            _ => plain,
        };
    }

    private static BlockStatistics OfBools(FixedColumn<bool> column, BlockStatistics plain)
    {
        var values = column.Values;
        bool any = false, all = true;
        for (var i = 0; i < values.Length; i++)
        {
            if (column.IsNull(i))
                continue;
            any |= values[i];
            all &= values[i];
        }
        return plain with { Kind = BoundKind.Int64, MinInt64 = all ? 1 : 0, MaxInt64 = any ? 1 : 0 };
    }

    private static BlockStatistics OfIntegers<T>(FixedColumn<T> column, BlockStatistics plain)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var values = column.Values;
        var min = T.MaxValue;
        var max = T.MinValue;
        for (var i = 0; i < values.Length; i++)
        {
            if (column.IsNull(i))
                continue;
            min = T.Min(min, values[i]);
            max = T.Max(max, values[i]);
        }
        return plain with { Kind = BoundKind.Int64, MinInt64 = long.CreateChecked(min), MaxInt64 = long.CreateChecked(max) };
    }

    private static BlockStatistics OfFloats<T>(FixedColumn<T> column, BlockStatistics plain)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var values = column.Values;
        var min = T.PositiveInfinity;
        var max = T.NegativeInfinity;
        bool anyNumber = false, anyNaN = false;
        for (var i = 0; i < values.Length; i++)
        {
            if (column.IsNull(i))
                continue;
            if (T.IsNaN(values[i]))
            {
                anyNaN = true;
                continue;
            }
            anyNumber = true;
            if (values[i] < min)
                min = values[i];
            if (values[i] > max)
                max = values[i];
        }
        if (!anyNumber)
            return plain with { HasNaN = anyNaN };
        return plain with { Kind = BoundKind.Double, HasNaN = anyNaN, MinDouble = double.CreateChecked(min), MaxDouble = double.CreateChecked(max) };
    }

    private static BlockStatistics OfTexts(BinaryColumn column, BlockStatistics plain)
    {
        int min = -1, max = -1;
        for (var i = 0; i < column.Count; i++)
        {
            if (column.IsNull(i))
                continue;
            if (min < 0 || column[i].SequenceCompareTo(column[min]) < 0)
                min = i;
            if (max < 0 || column[i].SequenceCompareTo(column[max]) > 0)
                max = i;
        }
        var upper = UpperBound(column[max]);
        if (upper is null)
            return plain;
        var lower = column[min];
        return plain with
        {
            Kind = BoundKind.Text,
            MinText = lower[..Math.Min(lower.Length, ColumnFileFormat.TextBoundBytes)].ToArray(),
            MaxText = upper,
        };
    }

    // A cut text is rounded up: the last byte that can grow grows, what follows is dropped. Null when every kept byte is 0xFF.
    private static byte[]? UpperBound(ReadOnlySpan<byte> value)
    {
        if (value.Length <= ColumnFileFormat.TextBoundBytes)
            return value.ToArray();
        var kept = value[..ColumnFileFormat.TextBoundBytes];
        var length = kept.LastIndexOfAnyExcept((byte)0xFF) + 1;
        if (length == 0)
            return null;
        var bound = kept[..length].ToArray();
        bound[^1]++;
        return bound;
    }
}
