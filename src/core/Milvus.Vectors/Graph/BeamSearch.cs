using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// The beam search of one level without a filter: the same nodes as <see cref="LayerSearch{TKernel,TScale,TLayer,TAcceptance}"/>
/// visits, kept in one sorted list.
/// </summary>
internal static unsafe class BeamSearch<TKernel, TScale, TLayer>
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
    where TLayer : struct, IGraphLayer
{
    private const int LineBytes = 64;

    /// <summary>Lines asked for of every row of a list, when the list is read, and of the rows scored next, while others are scored.</summary>
    private const int FirstLines = 4;
    private const int NextLines = 16;

    /// <summary>Leaves up to <paramref name="ef"/> nodes, nearest first, in the scratch's results.</summary>
    /// <param name="ef">At most <see cref="BeamPool.MaxWidth"/>.</param>
    /// <param name="budget">Rows that may be scored.</param>
    /// <returns>False when the budget ended the search early.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run(
        in RowScorer<TKernel, TScale> scorer, in TLayer layer, int nodes, int entry, float entryDistance, int ef, long budget, HnswScratch scratch)
    {
        byte* visited = scratch.BeginVisit(nodes, layer.Degree, ef, out byte epoch);
        ulong* pool = scratch.BeamRoom(ef + layer.Degree);
        ulong* batch = pool + ef;
        int* pending = scratch.Pending;
        float* distances = scratch.Distances;
        bool wholeRows = scorer.RowBytes <= NextLines * LineBytes;
        pool[0] = BeamPool.Entry(entryDistance, entry);
        visited[entry] = epoch;
        int count = 1, cursor = 0;
        while (cursor < count)
        {
            ulong nearest = pool[cursor];
            if ((nearest & 1) != 0)
            {
                cursor++;
                continue;
            }

            pool[cursor] = nearest | 1;
            int* links = layer.Links(BeamPool.Node(nearest));
            int fresh = 0;
            for (int i = 0; i < layer.Degree; i++)
            {
                int next = links[i];
                if (next < 0)
                    break;
                if (visited[next] == epoch)
                    continue;
                visited[next] = epoch;
                pending[fresh++] = next;
                if (!wholeRows)
                    scorer.Prefetch(layer.Row(next), 0, FirstLines);
            }

            if (cursor + 1 < count)
                PrefetchLinks(layer, BeamPool.Node(pool[cursor + 1]));
            budget -= fresh;
            if (budget < 0)
                return false;
            if (wholeRows)
                ScoreSmall(scorer, layer, pending, fresh, distances);
            else
                ScoreLarge(scorer, layer, pending, fresh, distances);

            ulong bound = count == ef ? pool[count - 1] : ulong.MaxValue;
            int added = 0;
            for (int i = 0; i < fresh; i++)
            {
                ulong candidate = BeamPool.Entry(distances[i], pending[i]);
                batch[added] = candidate;
                added += candidate < bound ? 1 : 0;
            }

            cursor++;
            if (added > 0)
                cursor = Math.Min(cursor, BeamPool.Merge(pool, ref count, ef, batch, added));
        }

        ulong[] results = scratch.Results;
        for (int i = 0; i < count; i++)
            results[i] = BeamPool.Key(pool[i]);
        scratch.ResultCount = count;
        return true;
    }

    /// <summary>Rows of a few lines: all of a row is asked for while the ones before are scored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoreSmall(in RowScorer<TKernel, TScale> scorer, in TLayer layer, int* nodes, int count, float* distances)
    {
        for (int i = 0; i < Math.Min(4, count); i++)
            scorer.Prefetch(layer.Row(nodes[i]), 0, NextLines);
        int scored = 0;
        for (; scored <= count - 4; scored += 4)
        {
            for (int next = scored + 4; next < Math.Min(scored + 8, count); next++)
                scorer.Prefetch(layer.Row(nodes[next]), 0, NextLines);
            scorer.Score4(
                layer.Row(nodes[scored]), layer.Row(nodes[scored + 1]), layer.Row(nodes[scored + 2]), layer.Row(nodes[scored + 3]), distances + scored);
        }

        for (; scored < count; scored++)
            distances[scored] = scorer.Score(layer.Row(nodes[scored]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoreLarge(in RowScorer<TKernel, TScale> scorer, in TLayer layer, int* nodes, int count, float* distances)
    {
        int scored = 0;
        for (; scored <= count - 4; scored += 4)
        {
            for (int next = scored + 4; next < Math.Min(scored + 8, count); next++)
                scorer.Prefetch(layer.Row(nodes[next]), FirstLines, NextLines);
            scorer.Score4(
                layer.Row(nodes[scored]), layer.Row(nodes[scored + 1]), layer.Row(nodes[scored + 2]), layer.Row(nodes[scored + 3]), distances + scored);
        }

        for (; scored < count; scored++)
            distances[scored] = scorer.Score(layer.Row(nodes[scored]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchLinks(in TLayer layer, int node)
    {
        if (!Sse.IsSupported)
            return;
        int* links = layer.Links(node);
        Sse.Prefetch0(links);
        Sse.Prefetch0(links + 16);
    }
}
