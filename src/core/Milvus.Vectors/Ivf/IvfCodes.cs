using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>
/// What the lists hold of their rows, by place, and how a query is compared with it. Immutable once built; per query state is in the
/// scratch.
/// </summary>
internal abstract class IvfCodes
{
    /// <summary>Bytes held.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Bytes that a scan reads per row.</summary>
    public abstract int BytesPerRow { get; }

    /// <summary>Bytes <see cref="Write"/> writes.</summary>
    public abstract long PayloadBytes { get; }

    /// <summary>Errors of estimates are not known, so that rows can only be ranked by them.</summary>
    public virtual bool OnlyRanks => false;

    /// <summary>Starts a query that <see cref="IvfIndex"/> has put into the scratch.</summary>
    public abstract void Begin(in IvfSearch search);

    /// <summary>
    /// Offers the rows of one list: by their estimates to the candidates where the search ranks, and else, compared exactly, to the results unless estimates rule
    /// them out.
    /// </summary>
    public abstract void Scan(in IvfSearch search, int list, RowFilter filter, TopK results);

    public abstract void Write(PayloadWriter writer);
}

/// <summary>One query on its way through an inverted file.</summary>
/// <param name="ranks">Estimates choose the candidates; otherwise what they don't rule out is compared at once.</param>
internal readonly struct IvfSearch(IvfIndex index, IvfScratch scratch, VectorSearchParameters parameters, DistanceRange range, bool ranks)
{
    public readonly IvfIndex Index = index;
    public readonly IvfScratch Scratch = scratch;
    public readonly VectorSearchParameters Parameters = parameters;
    public readonly DistanceRange Range = range;
    public readonly bool Ranks = ranks;

    /// <summary>The largest distance that a row may have to matter still.</summary>
    public float Bound(TopK results) => Ranks ? Scratch.Candidates.Bound : Range.HasUpper ? Math.Min(results.Bound, Range.Upper) : results.Bound;

    /// <summary>Takes a row that its estimate does not rule out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(int row, float estimate, TopK results)
    {
        if (Ranks)
            Scratch.Candidates.Add(row, estimate);
        else
            Scratch.Survivors.Add(row, this, results);
    }
}

/// <summary>
/// Nothing: the rows are read where they are. A list's rows lie scattered over the store, but the next ones are asked for while one is compared.
/// </summary>
internal sealed unsafe class RawCodes(VectorStore store, IvfLists lists) : IvfCodes
{
    public override long MemoryBytes => 0;

    public override int BytesPerRow => store.RowBytes;

    public override long PayloadBytes => 0;

    public override void Begin(in IvfSearch search)
    {
    }

    public override void Scan(in IvfSearch search, int list, RowFilter filter, TopK results)
    {
        int[] selected = search.Scratch.Selected;
        for (int place = lists.Start(list), end = place + lists.Size(list); place < end;)
        {
            int some = Math.Min(end - place, selected.Length);
            var rows = new ReadOnlySpan<int>(lists.Rows + place, some);
            place += some;
            if (!filter.PassesAll)
            {
                int passing = 0;
                foreach (int row in rows)
                {
                    selected[passing] = row;
                    passing += filter.Passes(row) ? 1 : 0;
                }

                rows = selected.AsSpan(0, passing);
            }

            search.Index.Exact.ScanRows(store, search.Scratch.Queries, rows, results);
        }
    }

    public override void Write(PayloadWriter writer)
    {
    }
}
