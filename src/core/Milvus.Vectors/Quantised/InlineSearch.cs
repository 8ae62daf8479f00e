using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// The beam search of level 0 over <see cref="NeighbourCodes"/>: a hop reads one record and one row's byte code, estimates all 32
/// neighbours at once and merges the promising ones into the beam. Nodes that were followed are results, with their byte-code distances.
/// </summary>
internal static unsafe class InlineSearch<TKernel, TScale, TAcceptance>
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
    where TAcceptance : struct, IAcceptance
{
    private const int LineBytes = 64;

    /// <summary>Leaves up to <paramref name="keep"/> of the nodes followed in the scratch's results, nearest first.</summary>
    /// <param name="acceptance">Which of the nodes followed may be results.</param>
    /// <param name="ef">Beam width, at most <see cref="BeamPool.MaxWidth"/>.</param>
    /// <returns>How many of the nodes followed were accepted.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Run(
        in RowScorer<TKernel, TScale> scorer, NeighbourCodes codes, SignQuery query, in TAcceptance acceptance, int nodes, int entry, float entryDistance, int ef, int keep,
        HnswScratch scratch)
    {
        byte* visited = scratch.BeginVisit(nodes, NeighbourCodes.Degree, Math.Max(ef, keep), out byte epoch);
        ulong* pool = scratch.BeamRoom(ef + keep + (2 * NeighbourCodes.Degree));
        ulong* batch = pool + ef;
        ulong* best = batch + NeighbourCodes.Degree;
        RowReader records = codes.Records;
        int recordBytes = codes.RecordBytes;
        pool[0] = BeamPool.Entry(entryDistance, entry);
        visited[entry] = epoch;
        int count = 1, cursor = 0, found = 0, accepted = 0;
        int waiting = -1;
        while (true)
        {
            // The next node is chosen, and asked for from memory, before the one chosen before it is worked on.
            int next = -1;
            while (cursor < count)
            {
                ulong candidate = pool[cursor];
                if ((candidate & 1) == 0)
                {
                    pool[cursor] = candidate | 1;
                    next = BeamPool.Node(candidate);
                    Prefetch(records.Pointer(next), recordBytes);
                    scorer.Prefetch(next, int.MaxValue / LineBytes);
                    break;
                }

                cursor++;
            }

            int node = waiting;
            waiting = next;
            if (node < 0)
            {
                if (next < 0)
                    break;
                continue;
            }

            float distance = scorer.Score(node);
            if (acceptance.Accepts(node, distance))
            {
                accepted++;
                ulong followed = BeamPool.Entry(distance, node);
                if (found < keep || followed < best[found - 1])
                    Keep(best, ref found, keep, followed);
            }

            ulong bound = count == ef ? pool[count - 1] : ulong.MaxValue;
            int added = Estimate(records.Pointer(node), codes.CodeBytes, query, distance, bound, visited, epoch, batch);
            if (added > 0)
                cursor = Math.Min(cursor, BeamPool.Merge(pool, ref count, ef, batch, added));
        }

        ulong[] results = scratch.Results;
        for (int i = 0; i < found; i++)
            results[i] = BeamPool.Key(best[i]);
        scratch.ResultCount = found;
        return accepted;
    }

    /// <summary>Estimates a node's neighbours.</summary>
    /// <returns>How many of those not met before are nearer than the bound; written to <paramref name="batch"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Estimate(
        byte* record, int codeBytes, SignQuery query, float distance, ulong bound, byte* visited, byte epoch, ulong* batch)
    {
        ushort* sums = stackalloc ushort[NeighbourCodes.Degree];
        float* estimates = stackalloc float[NeighbourCodes.Degree];
        NibbleScan.Sum(record, query.Tables, codeBytes / NibbleScan.GroupBytes, sums);
        float* factors = (float*)(record + codeBytes);
        int* names = (int*)(factors + (2 * NeighbourCodes.Degree));
        Vector512<float> factor = Vector512.Create(query.Factor), constant = Vector512.Create(query.Constant), start = Vector512.Create(distance);
        Vector512<float> limit = Vector512.Create(bound == ulong.MaxValue ? float.PositiveInfinity : SortableKey.Distance(bound));
        ulong near = 0;
        for (int i = 0; i < NeighbourCodes.Degree; i += 16)
        {
            Vector512<float> product = (Vector512.ConvertToSingle(Widen(sums + i)) * factor) + constant;
            Vector512<float> estimate = start + Vector512.Load(factors + i) + (Vector512.Load(factors + NeighbourCodes.Degree + i) * product);
            estimate.Store(estimates + i);
            near |= Vector512.ExtractMostSignificantBits(Vector512.LessThan(estimate, limit)) << i;
        }

        int added = 0;
        for (; near != 0; near &= near - 1)
        {
            int i = System.Numerics.BitOperations.TrailingZeroCount(near);
            int node = names[i];
            if (visited[node] == epoch)
                continue;
            visited[node] = epoch;
            batch[added++] = BeamPool.Entry(estimates[i], node);
        }

        return added;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(ushort* source)
    {
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(source));
        return Vector512.Create(low, high).AsInt32();
    }

    /// <summary>Inserts into the sorted list of the best; the worst falls off when it is full.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(ulong* best, ref int found, int keep, ulong entry)
    {
        int place = found < keep ? found++ : found - 1;
        for (; place > 0 && best[place - 1] > entry; place--)
            best[place] = best[place - 1];
        best[place] = entry;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* start, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        for (int i = 0; i < bytes; i += LineBytes)
            Sse.Prefetch1(start + i);
    }
}
