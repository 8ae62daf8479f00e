using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>Finds, in rows that a query with element_filter has found, the elements that pass.</summary>
internal static class PassingElements
{
    /// <param name="fetched">Columns of these rows that are there already, by their fields' names.</param>
    /// <returns>The places of passing elements in each row's list, ascending; empty when the filter says nothing about elements.</returns>
    public static async Task<ImmutableArray<ImmutableArray<int>>> FindAsync(FilterPlan? filter, CollectionSchema schema, RowFetch rows, ImmutableArray<NamedColumn> fetched, CancellationToken cancellation)
    {
        if (filter is not { ElementFilterStruct: not null } || rows.Count == 0) return [];
        var columns = new Dictionary<long, Column>();
        var ids = filter.ElementFilterFieldIds;
        foreach (var id in ids)
        {
            var field = schema.Find(id)!;
            var known = fetched.FirstOrDefault(c => c.Name == field.Name && !c.IsDynamic);
            columns[id] = known?.Column ?? await rows.FetchAsync(field, cancellation).ConfigureAwait(false);
        }
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
        return found.MoveToImmutable();
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
