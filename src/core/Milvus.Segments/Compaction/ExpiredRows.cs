using Milvus.Model;

namespace Milvus.Segments;

/// <summary>Counts what a compaction would leave out because it has expired.</summary>
public static class ExpiredRows
{
    /// <summary>Rows of the segment, deleted ones included, whose field says that they have expired.</summary>
    public static long Count(Segment segment, FieldExpiry expiry)
    {
        long count = 0;
        var rows = segment.RowCount;
        for (var block = 0; block << ColumnLimits.BlockShift < rows; block++)
        {
            var bounds = segment.StatisticsOf(expiry.Field.Id, block);
            if (bounds?.Integers is { Min: var least } && least > expiry.Now) continue;
            if (bounds is { NullCount: 0, Integers.Max: var most } && most <= expiry.Now)
            {
                count += Math.Min(ColumnLimits.BlockRows, rows - (block << ColumnLimits.BlockShift));
                continue;
            }
            var column = (FixedColumn<long>)segment.ReadBlock(expiry.Field, block, rows);
            for (var i = 0; i < column.Count; i++)
                if (!column.IsNull(i) && column.Values[i] <= expiry.Now) count++;
        }
        return count;
    }
}
