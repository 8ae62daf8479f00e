using System.Numerics;
using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>
/// Answers without following links, where few rows pass a filter: by the codes of all that pass and the vectors of the nearest of them, or by
/// the vectors of all that pass.
/// </summary>
internal sealed unsafe class DiskScan(DiskTraversal traversal, int rows)
{
    /// <summary>What reading a block costs, in estimates by codes.</summary>
    private const double ReadCost = 50;

    private const int ReadsAtOnce = 32;
    private const float Caution = 1.5f;

    /// <summary>What a scan costs.</summary>
    public double Cost(int passing, int list, bool byVectors) => byVectors ? passing * ReadCost : passing + (list * ReadCost) + (rows / 64.0);

    /// <summary>What following links costs.</summary>
    /// <param name="width">Nodes that will be followed.</param>
    public static double TraversalCost(double width, int degree) => width * (ReadCost + (degree / 2.0));

    /// <summary>
    /// Reads the rows nearest by their codes, nearest first, until what follows is farther than any error met explains.
    /// </summary>
    /// <param name="most">Rows read at most, unless a range holds more.</param>
    public void ByCodes(RowFilter filter, int passing, int most, DistanceRange range, DiskScratch scratch, TopK results)
    {
        scratch.Begin(1, 1);
        while (true)
        {
            most = Math.Min(most, passing);
            Span<ulong> nearest = Nearest(filter, most, scratch);
            nearest.Sort();
            bool ended = ReadNearest(nearest, range, scratch, results);
            if (ended || nearest.Length < most || most == passing || range.IsUnbounded || results.Count >= results.K)
                return;
            most = (int)Math.Min(passing, 4L * most);
            results.Reset(results.K, range);
        }
    }

    /// <summary>Reads all rows that pass.</summary>
    public void ByVectors(RowFilter filter, DiskScratch scratch, TopK results)
    {
        scratch.Begin(1, 1);
        int chosen = 0;
        for (int row = 0; row < rows; row++)
        {
            if (filter.Passes(row))
                scratch.Chosen[chosen++] = row;
            if (chosen < ReadsAtOnce && (row + 1 < rows || chosen == 0))
                continue;
            traversal.Fetch(scratch.Chosen.AsSpan(0, chosen), scratch);
            for (int i = 0; i < chosen; i++)
                results.Add(scratch.Chosen[i], traversal.Score((byte*)scratch.Nodes[i], scratch));
            chosen = 0;
        }
    }

    /// <returns>True when nothing beyond what was read can matter.</returns>
    private bool ReadNearest(ReadOnlySpan<ulong> nearest, DistanceRange range, DiskScratch scratch, TopK results)
    {
        float error = 0;
        for (int first = 0; first < nearest.Length; first += ReadsAtOnce)
        {
            float limit = Math.Min(results.Bound, range.HasUpper ? range.Upper : float.PositiveInfinity);
            if (first > 0 && SortableKey.Distance(nearest[first]) - (Caution * error) > limit)
                return true;
            ReadOnlySpan<ulong> some = nearest.Slice(first, Math.Min(ReadsAtOnce, nearest.Length - first));
            for (int i = 0; i < some.Length; i++)
                scratch.Chosen[i] = SortableKey.Row(some[i]);
            traversal.Fetch(scratch.Chosen.AsSpan(0, some.Length), scratch);
            for (int i = 0; i < some.Length; i++)
            {
                float distance = traversal.Score((byte*)scratch.Nodes[i], scratch);
                error = Math.Max(error, Math.Abs(distance - SortableKey.Distance(some[i])));
                results.Add(scratch.Chosen[i], distance);
            }
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Span<ulong> Nearest(RowFilter filter, int most, DiskScratch scratch)
    {
        if (scratch.Nearest.Length < most)
            scratch.Nearest = new ulong[most];
        ulong[] heap = scratch.Nearest;
        int found = 0;
        ReadOnlySpan<ulong> words = filter.Words;
        for (int word = 0; word < (rows + 63) / 64; word++)
        {
            ulong bits = filter.PassesAll ? ulong.MaxValue : word < words.Length ? words[word] : 0;
            if (word == rows / 64)
                bits &= (1UL << (rows & 63)) - 1;
            for (; bits != 0; bits &= bits - 1)
            {
                int row = (word * 64) + BitOperations.TrailingZeroCount(bits);
                ulong key = SortableKey.Of(traversal.Estimate(row, scratch), row);
                if (found < most)
                    KeyHeap.PushMax(heap, found++, key);
                else if (key < heap[0])
                    KeyHeap.ReplaceMax(heap.AsSpan(0, found), key);
            }
        }

        return heap.AsSpan(0, found);
    }
}
