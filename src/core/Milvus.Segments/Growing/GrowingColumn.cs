using Milvus.Model;

namespace Milvus.Segments;

/// <summary>One scalar field of a growing segment as blocks of <see cref="ColumnLimits.BlockRows"/> rows. Single writer, lock-free readers.</summary>
internal sealed class GrowingColumn
{
    private readonly DataType _type;
    private readonly DataType _elementType;
    private GrowingBlock[] _blocks = [];
    private Column?[] _full = [];
    private int _count;

    public GrowingColumn(DataType type, DataType elementType)
    {
        _type = type;
        _elementType = elementType;
        _blocks = [GrowingBlock.For(type, elementType)];
        _full = [null];
    }

    public long MemoryBytes
    {
        get
        {
            long bytes = 0;
            foreach (var block in Volatile.Read(ref _blocks)) bytes += block.MemoryBytes;
            return bytes;
        }
    }

    /// <summary>A block whose rows the caller knows to be written.</summary>
    public GrowingBlock this[int block] => Volatile.Read(ref _blocks)[block];

    public void Append(Column source)
    {
        if (source.Type != _type) throw new ArgumentException($"a column of {source.Type} does not fit a field of {_type}", nameof(source));
        var start = 0;
        while (start < source.Count)
        {
            var block = _count >> ColumnLimits.BlockShift;
            if (block == _blocks.Length) AddBlock();
            var room = ColumnLimits.BlockRows - _blocks[block].Count;
            var take = Math.Min(room, source.Count - start);
            _blocks[block].Append(source, start, take);
            _count += take;
            start += take;
        }
    }

    /// <summary>The rows of a block, of which the first <paramref name="rowCount"/> of the segment are published.</summary>
    public Column Block(int block, int rowCount)
    {
        var rows = Math.Min(ColumnLimits.BlockRows, rowCount - (block << ColumnLimits.BlockShift));
        if (rows < ColumnLimits.BlockRows) return this[block].View(rows);
        // A full block no longer changes, so its view is made once. Blocks are read before views: both arrays grow together.
        var blocks = Volatile.Read(ref _blocks);
        var views = Volatile.Read(ref _full);
        if (block >= views.Length) return blocks[block].View(rows);
        return views[block] ??= blocks[block].View(rows);
    }

    private void AddBlock()
    {
        var views = new Column?[_blocks.Length + 1];
        _full.CopyTo(views, 0);
        Volatile.Write(ref _full, views);
        Volatile.Write(ref _blocks, [.. _blocks, GrowingBlock.For(_type, _elementType)]);
    }
}
