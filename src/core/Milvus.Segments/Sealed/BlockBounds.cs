using Milvus.Model;
using Milvus.Storage.Segments;

namespace Milvus.Segments;

/// <summary>Stored block statistics in the form filters read.</summary>
internal static class BlockBounds
{
    public static ColumnStatistics ToColumnStatistics(BlockStatistics stored)
    {
        var counts = new ColumnStatistics { RowCount = stored.RowCount, NullCount = stored.NullCount };
        return stored.Kind switch
        {
            BoundKind.Int64 => counts with { Integers = (stored.MinInt64, stored.MaxInt64) },
            // Filters rely on bounds for every value; NaN lies in none.
            BoundKind.Double when !stored.HasNaN => counts with { Floats = (stored.MinDouble, stored.MaxDouble) },
            BoundKind.Text => counts with { MinText = stored.MinText.ToArray(), MaxText = stored.MaxText.ToArray() },
            _ => counts,
        };
    }
}
