using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>Binary heaps of <see cref="SortableKey"/>s in caller-owned memory.</summary>
internal static class KeyHeap
{
    /// <summary>Adds a key to a max-heap of <paramref name="count"/> keys; there is room for one more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PushMax(Span<ulong> heap, int count, ulong key)
    {
        int child = count;
        while (child > 0)
        {
            int parent = (child - 1) >> 1;
            if (heap[parent] >= key)
                break;
            heap[child] = heap[parent];
            child = parent;
        }

        heap[child] = key;
    }

    /// <summary>Replaces the largest key of a full max-heap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ReplaceMax(Span<ulong> heap, ulong key)
    {
        int parent = 0;
        while (true)
        {
            int child = (2 * parent) + 1;
            if (child >= heap.Length)
                break;
            if (child + 1 < heap.Length && heap[child + 1] > heap[child])
                child++;
            if (heap[child] <= key)
                break;
            heap[parent] = heap[child];
            parent = child;
        }

        heap[parent] = key;
    }

    /// <summary>Adds a key to a min-heap of <paramref name="count"/> keys; there is room for one more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PushMin(Span<ulong> heap, int count, ulong key)
    {
        int child = count;
        while (child > 0)
        {
            int parent = (child - 1) >> 1;
            if (heap[parent] <= key)
                break;
            heap[child] = heap[parent];
            child = parent;
        }

        heap[child] = key;
    }

    /// <summary>Takes the smallest key off a min-heap; the heap then has one key fewer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong PopMin(Span<ulong> heap)
    {
        ulong smallest = heap[0];
        ulong key = heap[^1];
        int count = heap.Length - 1;
        int parent = 0;
        while (true)
        {
            int child = (2 * parent) + 1;
            if (child >= count)
                break;
            if (child + 1 < count && heap[child + 1] < heap[child])
                child++;
            if (heap[child] >= key)
                break;
            heap[parent] = heap[child];
            parent = child;
        }

        heap[parent] = key;
        return smallest;
    }
}
