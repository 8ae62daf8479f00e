using System.Runtime.InteropServices;
using Milvus.Expressions.Geometry;
using Milvus.Expressions.Predicates;

namespace Milvus.Expressions.Indexes;

/// <summary>
/// RTREE: a packed R-tree over the boxes of geometries, built by sort-tile-recursive packing (Leutenegger, Lopez and Edgington, 1997).
/// Answers st_* that need a common point: rows whose boxes meet are candidates, which are then tested.
/// </summary>
internal sealed class RTreeIndex : ScalarIndex
{
    public const int Fanout = 16;

    private readonly double[] _boxes;
    private readonly int[] _rows;
    private readonly int[] _levels;

    /// <param name="boxes">Four numbers per node (least x, least y, greatest x, greatest y), the rows' boxes first, then each level above.</param>
    /// <param name="rows">The row of each box of the lowest level.</param>
    /// <param name="levels">Where each level starts in nodes, and the end of the last.</param>
    public RTreeIndex(ScalarIndexSpec spec, int rowCount, ulong[]? known, double[] boxes, int[] rows, int[] levels)
        : base(spec, rowCount, known)
    {
        _boxes = boxes;
        _rows = rows;
        _levels = levels;
    }

    public override long MemoryBytes => _boxes.LongLength * sizeof(double) + _rows.LongLength * sizeof(int) + (Known?.LongLength ?? 0) * sizeof(ulong);

    public static RTreeIndex Build(ScalarIndexSpec spec, int rowCount, ulong[]? known, List<(int Row, GeometryBox Box)> entries)
    {
        entries.Sort((a, b) => (a.Box.MinX + a.Box.MaxX).CompareTo(b.Box.MinX + b.Box.MaxX));
        var leaves = (entries.Count + Fanout - 1) / Fanout;
        var slice = Math.Max(1, (int)Math.Ceiling(Math.Sqrt(leaves)) * Fanout);
        var span = CollectionsMarshal.AsSpan(entries);
        for (var start = 0; start < entries.Count; start += slice)
            span[start..Math.Min(entries.Count, start + slice)].Sort((a, b) => (a.Box.MinY + a.Box.MaxY).CompareTo(b.Box.MinY + b.Box.MaxY));
        var boxes = new List<GeometryBox>(entries.Count + leaves * 2);
        var levels = new List<int> { 0 };
        foreach (var entry in span) boxes.Add(entry.Box);
        for (var from = 0; boxes.Count - from > 1;)
        {
            var end = boxes.Count;
            levels.Add(end);
            for (var first = from; first < end; first += Fanout)
            {
                var box = GeometryBox.Empty;
                for (var i = first; i < Math.Min(end, first + Fanout); i++) box = box.Extend(boxes[i]);
                boxes.Add(box);
            }
            from = end;
        }
        levels.Add(boxes.Count);
        var numbers = new double[boxes.Count * 4];
        for (var i = 0; i < boxes.Count; i++) (numbers[4 * i], numbers[4 * i + 1], numbers[4 * i + 2], numbers[4 * i + 3]) = (boxes[i].MinX, boxes[i].MinY, boxes[i].MaxX, boxes[i].MaxY);
        return new RTreeIndex(spec, rowCount, known, numbers, [.. entries.Select(e => e.Row)], [.. levels]);
    }

    /// <summary>Levels fit together and rows exist.</summary>
    public bool IsSound()
    {
        if (_levels.Length < 2 || _levels[0] != 0 || _levels[^1] * 4L != _boxes.LongLength || _levels[1] != _rows.Length) return false;
        for (var level = 1; level + 1 < _levels.Length; level++)
        {
            var below = _levels[level] - _levels[level - 1];
            if (_levels[level + 1] - _levels[level] != (below + Fanout - 1) / Fanout) return false;
        }
        if (_rows.Length > 1 && _levels[^1] - _levels[^2] != 1) return false;
        foreach (var row in _rows)
            if ((uint)row >= (uint)RowCount) return false;
        return true;
    }

    internal override IndexProbe? Plan(Leaf leaf)
    {
        if (leaf is not GeometryLeaf { Condition.Bounds: var bounds } || bounds == GeometryBox.Everything) return null;
        var share = Estimate(bounds);
        return new Probe(this, bounds) { IsExact = false, Rows = (long)Math.Ceiling(share * _rows.Length), Cost = 1000 + (long)(share * _rows.Length * 12) };
    }

    internal override IReadOnlyList<ReadOnlyMemory<byte>> Sections() =>
        [MemoryMarshal.AsBytes(_boxes.AsSpan()).ToArray(), MemoryMarshal.AsBytes(_rows.AsSpan()).ToArray(), MemoryMarshal.AsBytes(_levels.AsSpan()).ToArray()];

    private GeometryBox BoxOf(int node) => new(_boxes[4 * node], _boxes[4 * node + 1], _boxes[4 * node + 2], _boxes[4 * node + 3]);

    /// <summary>The share of rows that lie below nodes of the lowest inner level that meet the box.</summary>
    private double Estimate(in GeometryBox bounds)
    {
        var level = Math.Min(2, _levels.Length - 2);
        var (first, last) = (_levels[level], _levels[level + 1]);
        if (last == first) return 0;
        var met = 0;
        for (var node = first; node < last; node++)
            if (BoxOf(node).Intersects(bounds)) met++;
        return (double)met / (last - first);
    }

    private void Mark(int level, int node, in GeometryBox bounds, Span<ulong> rows)
    {
        if (!BoxOf(node).Intersects(bounds)) return;
        if (level == 0)
        {
            rows[_rows[node] >> 6] |= 1UL << (_rows[node] & 63);
            return;
        }
        var first = _levels[level - 1] + (node - _levels[level]) * Fanout;
        var last = Math.Min(_levels[level], first + Fanout);
        for (var child = first; child < last; child++) Mark(level - 1, child, bounds, rows);
    }

    private sealed class Probe(RTreeIndex index, GeometryBox bounds) : IndexProbe(index)
    {
        public override void Mark(Span<ulong> rows)
        {
            var top = index._levels.Length - 2;
            for (var node = index._levels[top]; node < index._levels[top + 1]; node++) index.Mark(top, node, bounds, rows);
        }
    }
}
