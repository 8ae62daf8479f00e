using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The beam search over a graph in a file (Subramanya et al. 2019, section 3.4): of the nodes nearest by their codes a few are read at a time,
/// each is compared by the vector that was read with it, and its neighbours join the beam by their codes.
/// </summary>
internal sealed unsafe class DiskTraversal(NodeFile file, DiskCodes codes, int[] entries, bool isInline, NodeCache cache, NodeScorer scorer, int length)
{
    /// <summary>Most nodes read at a time: the largest beam width that requests may ask for.</summary>
    public const int MostAtOnce = 128;

    private const int LineBytes = 64;

    /// <summary>Entries that a search starts from.</summary>
    private const int Starts = 4;

    private readonly int _entryBytes = codes.EntryBytes;
    private readonly int _blocks = codes.Blocks;
    private readonly int _bits = codes.Bits;

    /// <summary>What one traversal met.</summary>
    /// <param name="Accepted">Nodes that pass the filter.</param>
    /// <param name="Reach">The estimated distance of the farthest node of a full beam; +∞ when the beam was never full: then all was met.</param>
    public readonly record struct Outcome(int Accepted, float Reach);

    /// <summary>Offers every node that is followed, and passes, to the collector, for the scratch's prepared query.</summary>
    /// <param name="width">Entries of the beam.</param>
    /// <param name="atOnce">Nodes read at a time, at most <see cref="MostAtOnce"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Outcome Run(RowFilter filter, int width, int atOnce, DiskScratch scratch, TopK results)
    {
        NodeLayout layout = file.Layout;
        ulong* pool = scratch.Begin(width, layout.Degree);
        MetRows met = scratch.Met;
        met.Begin((int)Math.Min(file.Rows, (long)width * layout.Degree / 2));
        int count = Start(pool, Math.Min(Starts, width), scratch), cursor = 0, accepted = 0;
        for (int i = 0; i < count; i++)
            met.Add(BeamPool.Node(pool[i]));
        while (true)
        {
            int chosen = 0;
            for (; cursor < count && chosen < atOnce; cursor++)
            {
                if ((pool[cursor] & 1) != 0)
                    continue;
                pool[cursor] |= 1;
                scratch.Chosen[chosen++] = BeamPool.Node(pool[cursor]);
            }

            if (chosen == 0)
                break;
            Fetch(scratch.Chosen.AsSpan(0, chosen), scratch);
            for (int i = 0; i < chosen; i++)
            {
                int row = scratch.Chosen[i];
                byte* node = (byte*)scratch.Nodes[i];
                if (filter.Passes(row))
                {
                    accepted++;
                    results.Add(row, Score(node, scratch));
                }

                ulong bound = count == width ? pool[count - 1] : ulong.MaxValue;
                int added = Estimate(node, bound, met, scratch);
                if (added > 0)
                    cursor = Math.Min(cursor, BeamPool.Merge(pool, ref count, width, scratch.Batch, added));
            }
        }

        GC.KeepAlive(cache);
        return new Outcome(accepted, count < width ? float.PositiveInfinity : SortableKey.Distance(pool[count - 1]));
    }

    /// <summary>Reads nodes by row, from the cache where they are there.</summary>
    /// <param name="rows">At most <see cref="MostAtOnce"/>; their addresses are in the scratch's <see cref="DiskScratch.Nodes"/> afterwards.</param>
    public void Fetch(ReadOnlySpan<int> rows, DiskScratch scratch)
    {
        nint* nodes = scratch.Nodes, read = nodes + MostAtOnce;
        int missing = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            nodes[i] = (nint)cache.Find(rows[i]);
            if (nodes[i] == 0)
                scratch.Missing[missing++] = rows[i];
        }

        if (missing == 0)
            return;
        file.Read(scratch.Missing.AsSpan(0, missing), scratch.Reads, read);
        for (int i = 0, next = 0; i < rows.Length; i++)
        {
            if (nodes[i] == 0)
                nodes[i] = read[next++];
        }
    }

    /// <summary>The distance of a node by its vector.</summary>
    public float Score(byte* node, DiskScratch scratch) =>
        scorer.Score(scratch.Queries.Pointer(0), scratch.Queries.Scale(0), node, *(float*)(node + file.Layout.NormOffset), length);

    /// <summary>The distance of a row by its code in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Estimate(int row, DiskScratch scratch) => DiskCodes.Estimate(codes.Entries.Pointer(row), scratch.Codes, _blocks, _bits);

    /// <summary>Puts the entries nearest by their codes into the beam.</summary>
    private int Start(ulong* pool, int most, DiskScratch scratch)
    {
        int count = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            ulong entry = BeamPool.Entry(Estimate(isInline ? i : entries[i], scratch), entries[i]);
            if (count < most || entry < pool[count - 1])
                BeamPool.Merge(pool, ref count, most, &entry, 1);
        }

        GC.KeepAlive(codes);
        return count;
    }

    /// <summary>Estimates a node's neighbours that were not met before.</summary>
    /// <returns>How many are nearer than the bound; they are in the scratch's batch.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Estimate(byte* node, ulong bound, MetRows met, DiskScratch scratch)
    {
        ReadOnlySpan<int> links = file.Links(node);
        byte* inline = node + file.Layout.EntriesOffset;
        RowReader entriesInMemory = codes.Entries;
        int* fresh = scratch.Fresh;
        int* places = fresh + file.Layout.Degree;
        int count = 0;
        for (int i = 0; i < links.Length; i++)
        {
            if (!met.Add(links[i]))
                continue;
            fresh[count] = links[i];
            places[count++] = i;
            if (!isInline)
                Prefetch(entriesInMemory.Pointer(links[i]));
        }

        ulong* batch = scratch.Batch;
        int added = 0;
        for (int i = 0; i < count; i++)
        {
            byte* entry = isInline ? inline + ((nint)places[i] * _entryBytes) : entriesInMemory.Pointer(fresh[i]);
            ulong candidate = BeamPool.Entry(DiskCodes.Estimate(entry, scratch.Codes, _blocks, _bits), fresh[i]);
            batch[added] = candidate;
            added += candidate < bound ? 1 : 0;
        }

        GC.KeepAlive(codes);
        return added;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Prefetch(byte* entry)
    {
        if (!Sse.IsSupported)
            return;
        for (int i = 0; i < _entryBytes; i += LineBytes)
            Sse.Prefetch0(entry + i);
    }
}
