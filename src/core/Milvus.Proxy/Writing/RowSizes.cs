using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Estimates payload bytes by row, to cut batches. Shared buffers behind slices do not count, other than in <see cref="Column.ByteSize"/>.</summary>
internal static class RowSizes
{
    /// <summary>Cuts rows 0 … count − 1 into consecutive ranges of at most <paramref name="limit"/> bytes, or one row when it alone is larger.</summary>
    /// <returns>Ranges with their bytes.</returns>
    public static IEnumerable<(int Start, int Count, long Bytes)> Cut(ColumnBatch batch, int limit)
    {
        var sizes = Of(batch);
        var start = 0;
        long bytes = 0;
        for (var row = 0; row < sizes.Length; row++)
        {
            if (row > start && bytes + sizes[row] > limit)
            {
                yield return (start, row - start, bytes);
                start = row;
                bytes = 0;
            }
            bytes += sizes[row];
        }
        if (start < sizes.Length) yield return (start, sizes.Length - start, bytes);
    }

    private static long[] Of(ColumnBatch batch)
    {
        var sizes = new long[batch.RowCount];
        foreach (var c in batch.Columns) Add(c.Column, sizes);
        return sizes;
    }

    private static void Add(Column column, long[] sizes)
    {
        switch (column)
        {
            case BinaryColumn binary:
                var offsets = binary.Offsets;
                for (var i = 0; i < sizes.Length; i++) sizes[i] += offsets[i + 1] - offsets[i] + sizeof(int);
                break;
            case ArrayColumn { Elements: BinaryColumn texts } array:
                var starts = array.Offsets;
                for (var i = 0; i < sizes.Length; i++)
                    sizes[i] += texts.Offsets[starts[i + 1]] - texts.Offsets[starts[i]] + ((starts[i + 1] - starts[i] + 1) * sizeof(int));
                break;
            case ArrayColumn array:
                var width = array.Elements.Count == 0 ? 0 : array.Elements.ByteSize / array.Elements.Count;
                for (var i = 0; i < sizes.Length; i++) sizes[i] += (width * array.Length(i)) + sizeof(int);
                break;
            default:
                var each = column.Count == 0 ? 0 : column.ByteSize / column.Count;
                for (var i = 0; i < sizes.Length; i++) sizes[i] += each;
                break;
        }
    }
}
