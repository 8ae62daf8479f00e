using Milvus.Model;

namespace Milvus.Segments;

/// <summary>Divides the rows of segments by ranges of a key into parts of about the same size.</summary>
internal static class KeyDivision
{
    /// <summary>Rows whose keys are sorted to find where parts begin: a part's size is off by a percent or two.</summary>
    private const int SampleRows = 1 << 16;

    /// <param name="key">Numbers or text; rows without a value come before all others.</param>
    /// <param name="horizon">Rows deleted at or before it belong to no part.</param>
    /// <returns>For every part the sources' rows that it has. Rows with equal keys may be divided, in the order of the sources.</returns>
    public static async Task<ISegmentRows[][]> DivideAsync(ISegmentRows[] sources, FieldSchema key, int parts, Timestamp horizon, CancellationToken cancellationToken)
    {
        var kept = new KeptRows[sources.Length];
        for (var i = 0; i < kept.Length; i++)
            kept[i] = await KeptRows.SelectAsync(sources[i], horizon, expireBefore: default, expiry: null, cancellationToken).ConfigureAwait(false);
        var order = new SortKey(key, NullsFirst: true);
        var starts = await StartsAsync(kept, order, parts, cancellationToken).ConfigureAwait(false);
        var divided = new ISegmentRows[parts][];
        for (var part = 0; part < parts; part++) divided[part] = new ISegmentRows[sources.Length];
        long firstRow = 0;
        for (var i = 0; i < sources.Length; i++)
        {
            var rows = await DivideAsync(kept[i], firstRow, order, starts, parts, cancellationToken).ConfigureAwait(false);
            for (var part = 0; part < parts; part++) divided[part][i] = new PartRows(sources[i], rows[part]);
            firstRow += sources[i].RowCount;
        }
        return divided;
    }

    /// <summary>Where all parts but the first begin, ascending.</summary>
    private static async Task<Sample> StartsAsync(KeptRows[] kept, SortKey order, int parts, CancellationToken cancellationToken)
    {
        var total = kept.Sum(k => (long)k.Count);
        var step = Math.Max(1, total / SampleRows);
        var builder = ColumnBuilder.For(order.Field);
        var rows = new List<long>();
        long firstRow = 0, met = 0;
        foreach (var source in kept)
        {
            await foreach (var (block, start) in BlocksAsync(source, order.Field, cancellationToken).ConfigureAwait(false))
            {
                for (var i = 0; i < block.Count; i++)
                {
                    if (!source.Has(start + i) || met++ % step != 0) continue;
                    builder.AppendFrom(block, i);
                    rows.Add(firstRow + start + i);
                }
            }
            firstRow += source.Source.RowCount;
        }
        var keys = builder.Build();
        var sorted = new int[rows.Count];
        for (var i = 0; i < sorted.Length; i++) sorted[i] = i;
        // Rows were met in ascending order, so a row's place in the sample orders equal keys.
        Array.Sort(sorted, (a, b) => order.Compare(keys, a, keys, b) is not 0 and var c ? c : a.CompareTo(b));
        var chosen = new int[sorted.Length == 0 ? 0 : parts - 1];
        for (var part = 0; part < chosen.Length; part++) chosen[part] = sorted[(int)((long)(part + 1) * sorted.Length / parts)];
        return new Sample(keys.Take(chosen), Array.ConvertAll(chosen, c => rows[c]));
    }

    /// <summary>The bits of the rows of every part.</summary>
    private static async Task<ulong[][]> DivideAsync(KeptRows source, long firstRow, SortKey order, Sample starts, int parts, CancellationToken cancellationToken)
    {
        var words = new ulong[parts][];
        for (var part = 0; part < parts; part++) words[part] = new ulong[Validity.WordCount(source.Source.RowCount)];
        await foreach (var (block, start) in BlocksAsync(source, order.Field, cancellationToken).ConfigureAwait(false))
        {
            for (var i = 0; i < block.Count; i++)
            {
                var row = start + i;
                if (source.Has(row)) words[PartOf(block, i, firstRow + row, order, starts)][row >> 6] |= 1UL << (row & 63);
            }
        }
        return words;
    }

    private static int PartOf(Column block, int at, long row, SortKey order, Sample starts)
    {
        int low = 0, high = starts.Rows.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            var compared = order.Compare(block, at, starts.Keys, middle);
            if (compared < 0 || (compared == 0 && row < starts.Rows[middle])) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private static async IAsyncEnumerable<(Column Block, int Start)> BlocksAsync(
        KeptRows source, FieldSchema field, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (source.Count == 0) yield break;
        var start = 0;
        await foreach (var block in source.Source.ReadBlocksAsync(field, cancellationToken).ConfigureAwait(false))
        {
            yield return (block, start);
            start += block.Count;
        }
    }

    /// <summary>Keys of some rows, and their numbers counted through all sources.</summary>
    private sealed record Sample(Column Keys, long[] Rows);

    /// <summary>Some rows of a source.</summary>
    private sealed class PartRows(ISegmentRows source, ulong[] words) : ISegmentRows
    {
        public long SegmentId => source.SegmentId;

        public int RowCount => source.RowCount;

        public bool Lacks(FieldSchema output) => source.Lacks(output);

        /// <summary>Those that are not deleted, as of the division.</summary>
        public Task<ulong[]?> KeptRowsAsync(Timestamp horizon, CancellationToken cancellationToken) => Task.FromResult<ulong[]?>(words);

        public IAsyncEnumerable<Column> ReadBlocksAsync(FieldSchema field, CancellationToken cancellationToken) => source.ReadBlocksAsync(field, cancellationToken);

        public IAsyncEnumerable<FixedColumn<long>> ReadTimestampBlocksAsync(CancellationToken cancellationToken) => source.ReadTimestampBlocksAsync(cancellationToken);
    }
}
