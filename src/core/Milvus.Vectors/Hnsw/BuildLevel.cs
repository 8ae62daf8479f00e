using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// The lists of one level while a graph is built: beside every link its distance, and per node how many leading links are diverse.
/// Both parts of a list, the diverse links and the others that fill it up, are sorted by distance.
/// </summary>
internal sealed unsafe class BuildLevel(LinkTable links)
{
    private const int Stripes = 1 << 12;
    private const int IntsPerLine = 16;
    private const int LineBytes = 64;

    private readonly LinkTable _links = links;
    private readonly LinkTable _distances = new(links.Nodes, links.Degree);
    private readonly ushort[] _diverse = new ushort[links.Nodes];

    // One spin lock per cache line, shared by many nodes: lists are changed for microseconds and a builder holds one lock at a time.
    private readonly int[] _held = new int[StripesFor(links.Nodes) * IntsPerLine];

    public int Nodes => _links.Nodes;

    /// <summary>Bytes beside the links.</summary>
    public long MemoryBytes => _distances.MemoryBytes + ((long)_diverse.Length * sizeof(ushort)) + ((long)_held.Length * sizeof(int));

    public void Enter(int node)
    {
        ref int held = ref Lock(node);
        var spin = default(SpinWait);
        while (Interlocked.CompareExchange(ref held, 1, 0) != 0)
            spin.SpinOnce(sleep1Threshold: -1);
    }

    public void Exit(int node) => Volatile.Write(ref Lock(node), 0);

    /// <summary>Asks for a node's list, which <see cref="Read"/> would wait for.</summary>
    public void Prefetch(int node)
    {
        if (!Sse.IsSupported)
            return;
        byte* targets = _links.Lists.Pointer(node), distances = _distances.Lists.Pointer(node);
        for (int i = 0; i < _links.Degree * sizeof(int); i += LineBytes)
        {
            Sse.Prefetch0(targets + i);
            Sse.Prefetch0(distances + i);
        }
    }

    /// <summary>Copies the lists of a level with fewer nodes, which are the first ones of this.</summary>
    public void TakeOver(BuildLevel smaller)
    {
        smaller._links.CopyTo(_links);
        smaller._distances.CopyTo(_distances);
        smaller._diverse.CopyTo(_diverse, 0);
    }

    /// <summary>Copies a list as (distance, node) keys.</summary>
    public void Read(int node, KeyList diverse, KeyList others)
    {
        int* targets = (int*)_links.Lists.Pointer(node);
        float* distances = (float*)_distances.Lists.Pointer(node);
        diverse.Clear();
        others.Clear();
        for (int i = 0; i < _links.Degree && targets[i] >= 0; i++)
            (i < _diverse[node] ? diverse : others).Add(SortableKey.Of(distances[i], targets[i]));
    }

    /// <summary>
    /// Replaces a list. Readers beside it may see old and new links mixed, but never an end before the shorter of both lists.
    /// </summary>
    public void Write(int node, KeyList keys, int diverse)
    {
        int* targets = (int*)_links.Lists.Pointer(node);
        float* distances = (float*)_distances.Lists.Pointer(node);
        ReadOnlySpan<ulong> all = keys.Keys;
        for (int i = 0; i < all.Length; i++)
        {
            distances[i] = SortableKey.Distance(all[i]);
            Volatile.Write(ref targets[i], SortableKey.Row(all[i]));
        }

        if (all.Length < _links.Degree)
            Volatile.Write(ref targets[all.Length], -1);
        _diverse[node] = (ushort)diverse;
    }

    private ref int Lock(int node) => ref _held[(node & ((_held.Length / IntsPerLine) - 1)) * IntsPerLine];

    /// <summary>A power of two.</summary>
    private static int StripesFor(int nodes) => (int)Math.Min(Stripes, BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, nodes)));
}

/// <summary>A reusable list of <see cref="SortableKey"/>s.</summary>
internal sealed class KeyList
{
    private ulong[] _keys = new ulong[64];

    public int Count { get; private set; }

    public Span<ulong> Keys => _keys.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Truncate(int most) => Count = Math.Min(Count, most);

    public void Add(ulong key)
    {
        if (Count == _keys.Length)
            Array.Resize(ref _keys, 2 * Count);
        _keys[Count++] = key;
    }
}
