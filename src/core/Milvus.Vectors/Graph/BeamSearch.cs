using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// The beam search of one level without a filter: at least the nodes that <see cref="LayerSearch{TKernel,TScale,TLayer,TAcceptance}"/>
/// visits, kept in one sorted list that may hold more than are followed.
/// </summary>
/// <remarks>The steps of a hop are methods of their own: in one, the compiler runs out of registers, and their loops reload what they need in every round.</remarks>
internal static unsafe class BeamSearch<TKernel, TScale, TLayer>
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
    where TLayer : struct, IGraphLayer
{
    /// <summary>
    /// Rows are asked for when their numbers are met, so many lines of each, and scored while the next hop's rows are on their way. That follows a few nodes more than needed.
    /// </summary>
    private const int Lines = 64;

    private const ulong Lanes = ushort.MaxValue;

    /// <summary>Leaves up to <paramref name="hold"/> nodes, nearest first, in the scratch's results.</summary>
    /// <param name="ef">Only the nearest so many are followed.</param>
    /// <param name="hold">Nodes kept, at least <paramref name="ef"/> and at most <see cref="BeamPool.MaxWidth"/>.</param>
    /// <param name="budget">Rows that may be scored.</param>
    /// <returns>False when the budget ended the search early.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run(
        in RowScorer<TKernel, TScale> scorer, in TLayer layer, int nodes, int entry, float entryDistance, int ef, int hold, long budget, HnswScratch scratch)
    {
        byte* visited = scratch.BeginVisit(nodes, layer.Degree, hold, out byte epoch);
        ulong* pool = scratch.BeamRoom(hold + layer.Degree);
        ulong* batch = pool + hold;
        int* gathered = scratch.Pending;
        int* waiting = scratch.Ahead;
        float* distances = scratch.Distances;
        pool[0] = BeamPool.Entry(entryDistance, entry);
        visited[entry] = epoch;
        int count = 1, cursor = 0, left = 0;
        long allowed = budget;
        while (true)
        {
            while (cursor < count && (pool[cursor] & 1) != 0)
                cursor++;
            int fresh = 0;
            if (cursor < Math.Min(count, ef))
            {
                ulong nearest = pool[cursor];
                pool[cursor] = nearest | 1;
                fresh = Gather(scorer, layer, BeamPool.Node(nearest), visited, epoch, gathered);
                if (cursor + 1 < count)
                    PrefetchLinks(layer, BeamPool.Node(pool[cursor + 1]));
                cursor++;
            }
            else if (left == 0)
            {
                break;
            }

            // What the hop before met is scored now: meanwhile it came from memory.
            budget -= left;
            if (budget < 0)
            {
                scratch.Scored += allowed;
                return false;
            }

            Score(scorer, layer, waiting, left, distances);
            int added = Nearer(distances, waiting, left, count == hold ? pool[count - 1] : ulong.MaxValue, batch);
            if (added > 0)
            {
                // The nearest of the new nodes will be followed next, and its list is wanted right after the merge.
                PrefetchLinks(layer, BeamPool.Node(Nearest(batch, added)));
                cursor = Math.Min(cursor, BeamPool.Merge(pool, ref count, hold, batch, added));
                if (added > 1)
                    PrefetchLinks(layer, BeamPool.Node(batch[1]));
            }

            int* scored = waiting;
            waiting = gathered;
            gathered = scored;
            left = fresh;
        }

        ulong[] results = scratch.Results;
        for (int i = 0; i < count; i++)
            results[i] = BeamPool.Key(pool[i]);
        scratch.ResultCount = count;
        scratch.Scored += allowed - budget;
        return true;
    }

    /// <summary>Lists the neighbours not met before and asks for their rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Gather(
        in RowScorer<TKernel, TScale> scorer, in TLayer layer, int node, byte* visited, byte epoch, int* gathered)
    {
        int* links = layer.Links(node);
        int fresh = 0, degree = layer.Degree;
        for (int i = 0; i < degree; i++)
        {
            int next = links[i];
            if (next < 0)
                break;
            if (!layer.Holds(next))
                continue;

            // Whether a node was met is a toss-up that no processor predicts.
            gathered[fresh] = next;
            fresh += visited[next] == epoch ? 0 : 1;
            visited[next] = epoch;
        }

        for (int i = 0; i < fresh; i++)
            scorer.Prefetch(layer.Row(gathered[i]), Lines);
        return fresh;
    }

    /// <summary>Lists the entries that come before another one.</summary>
    /// <param name="distances">Read in whole registers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Nearer(float* distances, int* nodes, int count, ulong bound, ulong* batch)
    {
        // Of a full list's candidates few are nearer, and half of all hops bring none.
        Vector512<float> most = Vector512.Create(BeamPool.Distance(bound));
        int added = 0;
        for (int first = 0; first < count; first += Vector512<float>.Count)
        {
            ulong near = ~Vector512.GreaterThan(Vector512.Load(distances + first), most).ExtractMostSignificantBits() & (ulong.MaxValue >> Math.Max(0, 64 - (count - first)));
            for (near &= Lanes; near != 0; near &= near - 1)
            {
                int i = first + BitOperations.TrailingZeroCount(near);
                ulong candidate = BeamPool.Entry(distances[i], nodes[i]);
                batch[added] = candidate;
                added += candidate < bound ? 1 : 0;
            }
        }

        return added;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Nearest(ulong* batch, int count)
    {
        ulong nearest = batch[0];
        for (int i = 1; i < count; i++)
            nearest = Math.Min(nearest, batch[i]);
        return nearest;
    }

    /// <param name="nodes">Room for three more than <paramref name="count"/>, as in <paramref name="distances"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Score(in RowScorer<TKernel, TScale> scorer, in TLayer layer, int* nodes, int count, float* distances)
    {
        if (count == 0)
            return;

        // Three more rows of four cost nothing beside one.
        nodes[count] = nodes[count + 1] = nodes[count + 2] = nodes[count - 1];
        for (int scored = 0; scored < count; scored += 4)
        {
            scorer.Score4(
                layer.Row(nodes[scored]), layer.Row(nodes[scored + 1]), layer.Row(nodes[scored + 2]), layer.Row(nodes[scored + 3]), distances + scored);
        }
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
