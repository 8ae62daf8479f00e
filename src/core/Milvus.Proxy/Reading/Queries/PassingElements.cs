using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>The elements that pass, in rows that a query with element_filter has found.</summary>
/// <param name="Places">Their places in each row's list, ascending.</param>
/// <param name="Columns">The fields of the rows that were looked at, by id.</param>
internal sealed record PassingElements(ImmutableArray<ImmutableArray<int>> Places, IReadOnlyDictionary<long, Column> Columns)
{
    /// <param name="filter">With an element_filter.</param>
    public static async Task<PassingElements> FindAsync(FilterPlan filter, CollectionSchema schema, RowFetch rows, CancellationToken cancellation)
    {
        var columns = new Dictionary<long, Column>();
        var ids = filter.ElementFilterFieldIds;
        foreach (var id in ids) columns[id] = await rows.FetchAsync(schema.Find(id)!, cancellation).ConfigureAwait(false);
        var lists = (ArrayColumn)columns[ids[0]];
        var source = new FetchedRows(rows.Count, columns);
        var scratch = new FilterScratch();
        var found = ImmutableArray.CreateBuilder<ImmutableArray<int>>(rows.Count);
        var all = new ulong[ColumnLimits.BlockRows / 64];
        all.AsSpan().Fill(ulong.MaxValue);
        for (var first = 0; first < rows.Count; first += ColumnLimits.BlockRows)
        {
            var passing = FilterEvaluator.EvaluateElements(filter, source, first >> ColumnLimits.BlockShift, rows.Count, all, scratch);
            for (var row = first; row < Math.Min(rows.Count, first + ColumnLimits.BlockRows); row++)
            {
                var places = ImmutableArray.CreateBuilder<int>();
                for (var element = lists.Offsets[row]; element < lists.Offsets[row + 1]; element++)
                {
                    var bit = element - lists.Offsets[first];
                    if ((passing[bit >> 6] >> (bit & 63) & 1) != 0) places.Add(element - lists.Offsets[row]);
                }
                found.Add(places.DrainToImmutable());
            }
        }
        return new PassingElements(found.MoveToImmutable(), columns);
    }

    /// <summary>The page that a query asks for: offset and limit count elements.</summary>
    /// <returns>The rows that an element is left of, and the places of these elements.</returns>
    public (int[] Rows, ImmutableArray<ImmutableArray<int>> Places) Page(PrimaryKeys keys, QueryParameters parameters)
    {
        var rows = new List<int>(Places.Length);
        var kept = ImmutableArray.CreateBuilder<ImmutableArray<int>>(Places.Length);
        var skip = parameters.Offset;
        var left = parameters.Limit ?? int.MaxValue;
        for (var row = 0; row < Places.Length && left > 0; row++)
        {
            var places = Places[row];
            if (parameters.Cursor is { } cursor && KeyValue.Of(keys, row) == cursor.Key) places = places.RemoveAll(p => p <= cursor.Element);
            var skipped = Math.Min(skip, places.Length);
            skip -= skipped;
            places = places.Slice(skipped, Math.Min(left, places.Length - skipped));
            if (places.IsEmpty) continue;
            left -= places.Length;
            rows.Add(row);
            kept.Add(places);
        }
        return ([.. rows], kept.DrainToImmutable());
    }

    private sealed class FetchedRows(int rowCount, Dictionary<long, Column> columns) : IColumnBlocks
    {
        public int RowCount => rowCount;

        public Column GetBlock(long fieldId, int block)
        {
            var first = block << ColumnLimits.BlockShift;
            return columns[fieldId].Slice(first, Math.Min(ColumnLimits.BlockRows, rowCount - first));
        }

        public ColumnStatistics? GetStatistics(long fieldId, int block) => null;
    }
}
