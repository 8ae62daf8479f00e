using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>
/// Chooses links that lead in different directions (Malkov and Yashunin 2016, algorithm 4): a candidate that is closer to a chosen
/// one than to the base node is passed over; closer by a factor, when one is given (Subramanya et al. 2019, algorithm 2).
/// </summary>
/// <param name="alpha">The factor, at least 1.</param>
/// <param name="shift">What makes a distance of the rows one that is never negative, which a factor above 1 needs.</param>
internal sealed unsafe class NeighbourSelection<TKernel, TScale>(GraphRows rows, float alpha = 1, float shift = 0)
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    /// <summary>Lists of up to so many links, which those of usual parameters are, are filled whatever the diverse ones.</summary>
    private const int MostFilled = 1024;

    private readonly bool _isProduct = rows.IsProduct;
    private readonly int _length = rows.Length;

    /// <summary>Room for one row in query form.</summary>
    public PinnedBuffer NewQuery() => new(rows.QueryBytes);

    /// <summary>A stored row as the query.</summary>
    public RowScorer<TKernel, TScale> ScorerOf(int row, PinnedBuffer query)
    {
        byte* prepared = rows.AsQuery(row, query.Pointer, out float scale);
        return new RowScorer<TKernel, TScale>(prepared, scale, _length, rows.Rows, rows.Norms, rows.RowBytes);
    }

    /// <summary>Fills <paramref name="chosen"/>, diverse candidates first.</summary>
    /// <param name="candidates">Keys by distance from the base node, nearest first.</param>
    /// <param name="most">How many diverse candidates to choose.</param>
    /// <returns>How many are diverse; the nearest of the others are added up to <see cref="Filled"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Select<TLayer>(
        in TLayer layer, ReadOnlySpan<ulong> candidates, int most, KeyList chosen, BuildScratch scratch)
        where TLayer : struct, IGraphLayer
    {
        chosen.Clear();
        scratch.PassedOver.Clear();
        if (scratch.Rows.Length < most)
            scratch.Rows = new int[most];
        scratch.Judged ??= NewQuery();
        int next = 0;
        for (; next < candidates.Length && chosen.Count < most; next++)
        {
            int row = layer.Row(SortableKey.Row(candidates[next]));
            RowScorer<TKernel, TScale> judged = ScorerOf(row, scratch.Judged);
            if (IsCovered(judged, SortableKey.Distance(candidates[next]), scratch.Rows, chosen.Keys))
            {
                scratch.PassedOver.Add(candidates[next]);
            }
            else
            {
                scratch.Rows[chosen.Count] = row;
                chosen.Add(candidates[next]);
            }
        }

        int diverse = chosen.Count, fill = Filled(layer.Degree, diverse);
        foreach (ulong key in scratch.PassedOver.Keys)
        {
            if (chosen.Count < fill)
                chosen.Add(key);
        }

        for (; next < candidates.Length && chosen.Count < fill; next++)
            chosen.Add(candidates[next]);
        return diverse;
    }

    /// <summary>
    /// Merges the inserted row into the list held in <see cref="BuildScratch.Diverse"/> and <see cref="BuildScratch.Others"/>. Only
    /// distances from the inserted row are needed: members that were diverse among themselves remain so unless it covers them.
    /// </summary>
    /// <param name="added">Distance from the list's node, and the inserted row's node.</param>
    /// <returns>False when the list is full of better links, or has this one.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Merge<TLayer>(in RowScorer<TKernel, TScale> inserted, in TLayer layer, ulong added, BuildScratch scratch)
        where TLayer : struct, IGraphLayer
    {
        ReadOnlySpan<ulong> diverse = scratch.Diverse.Keys;
        float distance = SortableKey.Distance(added);
        int place = 0, self = SortableKey.Row(added);
        bool isListed = false;
        if (scratch.Rows.Length < diverse.Length)
            scratch.Rows = new int[diverse.Length];
        for (int i = 0; i < diverse.Length; i++)
        {
            scratch.Rows[i] = layer.Row(SortableKey.Row(diverse[i]));
            place += diverse[i] < added ? 1 : 0;
            isListed |= SortableKey.Row(diverse[i]) == self;
        }

        foreach (ulong key in scratch.Others.Keys)
            isListed |= SortableKey.Row(key) == self;
        if (isListed)
            return false;

        KeyList merged = scratch.Merged;
        merged.Clear();
        if (IsCovered(inserted, distance, scratch.Rows, diverse[..place]))
        {
            if (diverse.Length + scratch.Others.Count >= Filled(layer.Degree, diverse.Length) && (scratch.Others.Count == 0 || added > scratch.Others.Keys[^1]))
                return false;
            scratch.Others.Add(added);
            foreach (ulong key in diverse)
                merged.Add(key);
        }
        else
        {
            foreach (ulong key in diverse[..place])
                merged.Add(key);
            merged.Add(added);
            for (int i = place; i < diverse.Length; i++)
            {
                bool covered = Covers(inserted.Score(scratch.Rows[i]), SortableKey.Distance(diverse[i]), distance);
                (covered ? scratch.Others : merged).Add(diverse[i]);
            }
        }

        scratch.MergedDiverse = Math.Min(merged.Count, layer.Degree);
        scratch.Others.Keys.Sort();
        foreach (ulong key in scratch.Others.Keys)
            merged.Add(key);
        merged.Truncate(Filled(layer.Degree, scratch.MergedDiverse));
        return true;
    }

    /// <summary>Up to how many links a list of so many diverse ones is filled, which saves a fifth of the rows scored at equal recall.</summary>
    /// <remarks>A list costs its length for each of as many neighbours whenever a row is inserted: with 4 096 links, 6 000 rows were not done in six minutes of a processor.</remarks>
    private static int Filled(int degree, int diverse) => Math.Min(degree, Math.Max(MostFilled, 2 * diverse));

    /// <summary>Whether a chosen node, by row and key, makes the judged one redundant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool IsCovered(in RowScorer<TKernel, TScale> judged, float distance, int[] rows, ReadOnlySpan<ulong> chosen)
    {
        float* between = stackalloc float[4];
        int i = 0;
        for (; i <= chosen.Length - 4; i += 4)
        {
            judged.Score4(rows[i], rows[i + 1], rows[i + 2], rows[i + 3], between);
            for (int j = 0; j < 4; j++)
            {
                if (Covers(between[j], distance, SortableKey.Distance(chosen[i + j])))
                    return true;
            }
        }

        for (; i < chosen.Length; i++)
        {
            if (Covers(judged.Score(rows[i]), distance, SortableKey.Distance(chosen[i])))
                return true;
        }

        return false;
    }

    /// <summary>
    /// Whether a chosen node makes a candidate redundant. Copies of the base node itself are all equally far from each other; one of
    /// them is enough, or a heap of equal rows would link only among themselves.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Covers(float between, float distance, float chosenDistance) =>
        alpha * (between + shift) < distance + shift
        || (between == distance && chosenDistance == distance && (_isProduct ? distance < 0 : distance == 0));
}
