using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// The beam search of one level (Malkov and Yashunin 2016, algorithm 2). Neighbours of a node are gathered first, their rows asked
/// for from memory, and then scored four at a time.
/// </summary>
internal static unsafe class LayerSearch<TKernel, TScale, TLayer, TAcceptance>
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
    where TLayer : struct, IGraphLayer
    where TAcceptance : struct, IAcceptance
{
    /// <summary>Lines asked for of every row of a list, when the list is read.</summary>
    private const int Lines = 64;

    /// <summary>Leaves up to <paramref name="ef"/> accepted nodes in the scratch's results.</summary>
    /// <param name="budget">Rows that may be scored.</param>
    /// <returns>False when the budget ended the search early.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run(
        in RowScorer<TKernel, TScale> scorer, in TLayer layer, in TAcceptance acceptance, int nodes, int entry, float entryDistance,
        int ef, long budget, HnswScratch scratch)
    {
        byte* visited = scratch.BeginVisit(nodes, layer.Degree, ef, out byte epoch);
        ulong[] results = scratch.Results;
        ulong[] candidates = scratch.Candidates;
        int found = 0, waiting = 1;
        candidates[0] = SortableKey.Of(entryDistance, entry);
        visited[entry] = epoch;
        if (acceptance.Accepts(layer.Row(entry), entryDistance))
            results[found++] = candidates[0];
        ulong bound = found == ef ? results[0] : SortableKey.Largest;
        long allowed = budget;

        while (waiting > 0)
        {
            ulong nearest = KeyHeap.PopMin(candidates.AsSpan(0, waiting--));
            if (nearest > bound)
                break;
            int fresh = Gather(scorer, layer, SortableKey.Row(nearest), visited, epoch, scratch.Pending);
            if (waiting > 0)
                PrefetchLinks(layer, SortableKey.Row(candidates[0]));
            budget -= fresh;
            if (budget < 0)
            {
                scratch.ResultCount = found;
                scratch.Scored += allowed;
                return false;
            }

            Score(scorer, layer, scratch.Pending, fresh, scratch.Distances);
            if (candidates.Length < waiting + fresh)
            {
                Array.Resize(ref scratch.Candidates, 2 * (waiting + fresh));
                candidates = scratch.Candidates;
            }

            for (int i = 0; i < fresh; i++)
            {
                int node = scratch.Pending[i];
                float distance = scratch.Distances[i];
                ulong key = SortableKey.Of(distance, node);
                if (key >= bound)
                    continue;
                KeyHeap.PushMin(candidates, waiting++, key);
                if (!acceptance.Accepts(layer.Row(node), distance))
                    continue;
                if (found < ef)
                    KeyHeap.PushMax(results, found++, key);
                else
                    KeyHeap.ReplaceMax(results.AsSpan(0, found), key);
                if (found == ef)
                    bound = results[0];
            }
        }

        scratch.ResultCount = found;
        scratch.Scored += allowed - budget;
        return true;
    }

    /// <summary>Walks to the node nearest the query, one neighbour list at a time; no node is scored twice.</summary>
    /// <param name="nodes">Nodes of the level.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Descend(in RowScorer<TKernel, TScale> scorer, in TLayer layer, int nodes, ref int node, ref float distance, HnswScratch scratch)
    {
        byte* visited = scratch.BeginVisit(nodes, layer.Degree, 0, out byte epoch);
        visited[node] = epoch;
        int* pending = scratch.Pending;
        float* distances = scratch.Distances;
        for (bool moved = true; moved;)
        {
            moved = false;
            int* links = layer.Links(node);
            int count = 0;
            for (int i = 0; i < layer.Degree; i++)
            {
                // Read once: a builder may be changing the list.
                int next = links[i];
                if (next < 0)
                    break;
                if (!layer.Holds(next) || visited[next] == epoch)
                    continue;
                visited[next] = epoch;
                pending[count++] = next;
                scorer.Prefetch(layer.Row(next), Lines);
            }

            Score(scorer, layer, pending, count, distances);
            for (int i = 0; i < count; i++)
            {
                if (distances[i] < distance)
                {
                    distance = distances[i];
                    node = pending[i];
                    moved = true;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Gather(
        in RowScorer<TKernel, TScale> scorer, in TLayer layer, int node, byte* visited, byte epoch, int* pending)
    {
        int* links = layer.Links(node);
        int fresh = 0;
        for (int i = 0; i < layer.Degree; i++)
        {
            int next = links[i];
            if (next < 0)
                break;
            if (!layer.Holds(next) || visited[next] == epoch)
                continue;
            visited[next] = epoch;
            pending[fresh++] = next;
            scorer.Prefetch(layer.Row(next), Lines);
        }

        return fresh;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Score(in RowScorer<TKernel, TScale> scorer, in TLayer layer, int* nodes, int count, float* distances)
    {
        int i = 0;
        for (; i <= count - 4; i += 4)
        {
            scorer.Score4(
                layer.Row(nodes[i]), layer.Row(nodes[i + 1]), layer.Row(nodes[i + 2]), layer.Row(nodes[i + 3]), distances + i);
        }

        for (; i < count; i++)
            distances[i] = scorer.Score(layer.Row(nodes[i]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchLinks(in TLayer layer, int node)
    {
        if (Sse.IsSupported)
        {
            int* links = layer.Links(node);
            Sse.Prefetch0(links);
            Sse.Prefetch0(links + 16);
        }
    }
}
