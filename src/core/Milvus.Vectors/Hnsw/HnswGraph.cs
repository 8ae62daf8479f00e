using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>
/// The links of all levels. Level 0 holds every row; a level above holds the rows drawn for it, numbered by slots in row order, with
/// links between slots. Mutable only while <see cref="HnswBuilder"/> or the loader fills it, and in a <see cref="GrowingGraph"/>.
/// </summary>
internal sealed unsafe class HnswGraph
{
    /// <param name="rows">Rows of level 0.</param>
    /// <param name="m">Degree of the upper levels, half that of level 0.</param>
    /// <param name="levelCounts">Slots of levels 1, 2, …; each not larger than the one before.</param>
    /// <param name="source">Where the links come from, which then are only read; null for a graph to be filled.</param>
    public HnswGraph(int rows, int m, ReadOnlySpan<int> levelCounts, PayloadReader? source = null)
    {
        Rows = rows;
        M = m;
        Base = new LinkTable(rows, 2 * m, source);
        Upper = new UpperLevel[levelCounts.Length];
        TopLevel = levelCounts.Length;
        for (int i = 0; i < levelCounts.Length; i++)
            Upper[i] = new UpperLevel(levelCounts[i], m, source);
    }

    public int Rows { get; }

    public int M { get; }

    public LinkTable Base { get; }

    /// <summary>Level l is <c>Upper[l − 1]</c>.</summary>
    public UpperLevel[] Upper { get; }

    /// <summary>The highest level in use: all there are, but for a <see cref="GrowingGraph"/>, which raises it as rows come.</summary>
    public int TopLevel { get; set; }

    /// <summary>The node of the top level where every search starts: its first slot, or row 0 when there is only level 0.</summary>
    public static int EntryNode => 0;

    public int EntryRow => EntryOf(TopLevel);

    /// <summary>Where a search that begins at a level starts.</summary>
    public int EntryOf(int topLevel) => topLevel == 0 ? 0 : Upper[topLevel - 1].Rows[0];

    /// <summary>The highest level that holds one of the first rows.</summary>
    public int TopOf(int rows)
    {
        int top = 0;
        while (top < Upper.Length && Upper[top].Rows[0] < rows)
            top++;
        return top;
    }

    public long MemoryBytes => Base.MemoryBytes + Upper.Sum(level => level.MemoryBytes);

    public BaseLayer BaseLayer => new(Base.Lists, Base.Degree);

    public UpperLayer UpperLayer(int level) => new(Upper[level - 1].Links.Lists, Upper[level - 1].Rows, M);

    /// <summary>The node of level − 1 for a slot of <paramref name="level"/>.</summary>
    public int Down(int level, int slot) => Upper[level - 1].Down[slot];

    /// <summary>The slot of a row on an upper level that holds it.</summary>
    public int SlotOf(int level, int row) => Upper[level - 1].SlotOf(row);
}

/// <summary>One level above level 0.</summary>
internal sealed unsafe class UpperLevel
{
    private readonly PinnedBuffer _rows;
    private readonly PinnedBuffer _down;

    public UpperLevel(int count, int degree, PayloadReader? source)
    {
        Count = count;
        _rows = Cells(count, source);
        _down = Cells(count, source);
        Links = new LinkTable(count, degree, source);
    }

    public int Count { get; }

    public LinkTable Links { get; }

    /// <summary>The row of each slot, ascending.</summary>
    public int* Rows => (int*)_rows.Pointer;

    /// <summary>The node of the level below for each slot: a slot, or the row itself on level 1.</summary>
    public int* Down => (int*)_down.Pointer;

    public Span<byte> RowBytes => _rows.Span;

    public Span<byte> DownBytes => _down.Span;

    public long MemoryBytes => Links.MemoryBytes + _rows.MemoryBytes + _down.MemoryBytes;

    public int SlotOf(int row) => new ReadOnlySpan<int>(Rows, Count).BinarySearch(row);

    private static PinnedBuffer Cells(int count, PayloadReader? source) =>
        source?.TakePart((long)count * sizeof(int)) ?? new PinnedBuffer((long)count * sizeof(int));

    /// <summary>How many slots hold rows below one.</summary>
    public int SlotsBelow(int row)
    {
        int slot = SlotOf(row);
        return slot < 0 ? ~slot : slot;
    }
}

/// <summary>What a traversal needs of a level.</summary>
internal unsafe interface IGraphLayer
{
    int Degree { get; }

    int* Links(int node);

    int Row(int node);

    /// <summary>Whether a search may use a node that a link leads to; asked before anything is looked up by its number.</summary>
    bool Holds(int node);
}

internal readonly unsafe struct BaseLayer(RowReader lists, int degree) : IGraphLayer
{
    private readonly RowReader _lists = lists;

    public int Degree { get; } = degree;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Links(int node) => (int*)_lists.Pointer(node);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int node) => node;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Holds(int node) => true;
}

internal readonly unsafe struct UpperLayer(RowReader lists, int* rows, int degree) : IGraphLayer
{
    private readonly RowReader _lists = lists;
    private readonly int* _rows = rows;

    public int Degree { get; } = degree;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Links(int node) => (int*)_lists.Pointer(node);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int node) => _rows[node];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Holds(int node) => true;
}

/// <summary>
/// The first nodes of a level that is being extended. Its lists may name nodes that were added after the reader took its addresses of
/// rows, which those do not cover.
/// </summary>
internal readonly unsafe struct FirstNodes<TLayer>(TLayer layer, int count) : IGraphLayer
    where TLayer : struct, IGraphLayer
{
    private readonly TLayer _layer = layer;
    private readonly int _count = count;

    public int Degree
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _layer.Degree;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Links(int node) => _layer.Links(node);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int node) => _layer.Row(node);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Holds(int node) => node < _count;
}
