using Milvus.Expressions;

namespace Milvus.Segments;

/// <summary>Scalar queries over one segment.</summary>
public static class SegmentQuery
{
    /// <summary>The visible rows that pass the filter. Bits may live in <paramref name="scratch"/> until its next use.</summary>
    public static RowSet Select(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Matching rows, ascending by row.</summary>
    public static int[] Execute(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>The <paramref name="limit"/> matching rows with the smallest primary keys, ascending by key: pages and iterators.</summary>
    public static int[] ExecuteOrdered(Segment segment, FilterPlan? filter, ReadPoint at, int limit, SegmentScratch scratch, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>How many rows match; counts without looking at rows where there is no filter.</summary>
    public static long Count(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
