using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// The nodes a beam search holds, sorted by distance in caller-owned memory. An entry is a <see cref="SortableKey"/> whose lower half is
/// the node shifted left by one, and a bit that says that the node's links were followed. New entries come in batches, one per hop, so
/// that the list is moved once.
/// </summary>
internal static unsafe class BeamPool
{
    /// <summary>Beams up to this width are kept sorted; wider ones are better kept as heaps.</summary>
    public const int MaxWidth = 1024;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Entry(float distance, int node)
    {
        uint bits = float.IsNaN(distance) ? 0x7FFF_FFFFu : BitConverter.SingleToUInt32Bits(distance + 0f);
        uint flip = (uint)((int)bits >> 31) | 0x8000_0000u;
        return ((ulong)(bits ^ flip) << 32) | ((uint)node << 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Node(ulong entry) => (int)((uint)entry >> 1);

    /// <summary>The distance of an entry; NaN of one larger than all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(ulong entry) => SortableKey.Distance(entry);

    /// <summary>The entry as a <see cref="SortableKey"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Key(ulong entry) => (entry & 0xFFFF_FFFF_0000_0000UL) | ((uint)entry >> 1);

    /// <summary>Merges a batch; what does not fit into <paramref name="width"/> entries falls off the end.</summary>
    /// <param name="batch">Unsorted; sorted afterwards.</param>
    /// <param name="count">Entries in the pool.</param>
    /// <returns>Where the smallest new entry stands.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Merge(ulong* pool, ref int count, int width, ulong* batch, int added)
    {
        for (int i = 1; i < added; i++)
        {
            ulong entry = batch[i];
            int j = i - 1;
            for (; j >= 0 && batch[j] > entry; j--)
                batch[j + 1] = batch[j];
            batch[j + 1] = entry;
        }

        // Entries beyond the width are passed over before anything is written.
        int old = count, fresh = added, place = count + added;
        while (place > width && fresh > 0)
        {
            if (old > 0 && pool[old - 1] > batch[fresh - 1])
                old--;
            else
                fresh--;
            place--;
        }

        count = Math.Min(count + added, width);
        while (fresh > 0)
        {
            // Old entries behind a new one move by as many places as there are new ones before them.
            ulong entry = batch[--fresh];
            for (; old >= Vector512<ulong>.Count && pool[old - Vector512<ulong>.Count] > entry; old -= Vector512<ulong>.Count)
            {
                place -= Vector512<ulong>.Count;
                Vector512.Load(pool + old - Vector512<ulong>.Count).Store(pool + place);
            }

            while (old > 0 && pool[old - 1] > entry)
                pool[--place] = pool[--old];
            pool[--place] = entry;
        }

        return old;
    }
}
