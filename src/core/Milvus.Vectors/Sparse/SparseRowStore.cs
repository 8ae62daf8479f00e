using System.Runtime.InteropServices;

namespace Milvus.Vectors;

/// <summary>
/// Sparse rows one behind the other, as a growing segment needs them: one writer appends, any number of readers read rows below a
/// <see cref="Count"/> they have observed, without locks. Rows never move; an empty store costs next to nothing.
/// </summary>
public sealed class SparseRowStore
{
    private const int FirstChunkElements = 256;
    private const int MaxChunkElements = 1 << 17;

    private SparseElement[][] _chunks = [];
    private Entry[] _entries = [];
    private int _chunkCount;
    private int _used;
    private int _count;
    private long _elements;
    private long _memoryBytes;

    /// <summary>Rows published so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Non-zero components of all rows.</summary>
    public long ElementCount => Volatile.Read(ref _elements);

    /// <summary>Bytes taken from the heap, unused capacity included.</summary>
    public long MemoryBytes => Volatile.Read(ref _memoryBytes);

    /// <summary>Copies a row behind the last one and publishes it. Single writer.</summary>
    /// <param name="row">A valid row; empty for null.</param>
    public void Append(ReadOnlySpan<byte> row)
    {
        ReadOnlySpan<SparseElement> elements = SparseRow.Elements(row);
        if (_count == _entries.Length)
            GrowEntries();
        int offset = Reserve(elements.Length);
        if (!elements.IsEmpty)
            elements.CopyTo(_chunks[_chunkCount - 1].AsSpan(offset));
        _entries[_count] = new Entry(Math.Max(0, _chunkCount - 1), offset, elements.Length, SparseRow.Sum(elements));
        Volatile.Write(ref _elements, _elements + elements.Length);
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>The pairs of a published row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The row is not published.</exception>
    public ReadOnlySpan<SparseElement> Elements(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count, nameof(row));
        return Snapshot().Elements(row);
    }

    /// <summary>The encoded bytes of a published row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The row is not published.</exception>
    public ReadOnlySpan<byte> Row(int row) => MemoryMarshal.AsBytes(Elements(row));

    /// <summary>All rows published now, for inner loops.</summary>
    internal Reader Snapshot()
    {
        // The count first: the tables read after it cover at least that many rows.
        int count = Count;
        return new Reader(Volatile.Read(ref _entries), Volatile.Read(ref _chunks), count);
    }

    private int Reserve(int elements)
    {
        if (elements == 0)
            return 0;
        if (_chunkCount == 0 || _chunks[_chunkCount - 1].Length - _used < elements)
        {
            int size = _chunkCount == 0 ? FirstChunkElements : Math.Min(MaxChunkElements, _chunks[_chunkCount - 1].Length * 2);
            AddChunk(Math.Max(size, elements));
            _used = 0;
        }
        int offset = _used;
        _used += elements;
        return offset;
    }

    private void AddChunk(int elements)
    {
        if (_chunkCount == _chunks.Length)
        {
            var larger = new SparseElement[Math.Max(4, _chunks.Length * 2)][];
            _chunks.CopyTo(larger, 0);
            Volatile.Write(ref _chunks, larger);
        }
        _chunks[_chunkCount++] = GC.AllocateUninitializedArray<SparseElement>(elements);
        Volatile.Write(ref _memoryBytes, _memoryBytes + ((long)elements * SparseRow.ElementBytes));
    }

    private void GrowEntries()
    {
        var larger = new Entry[Math.Max(64, _entries.Length * 2)];
        _entries.CopyTo(larger, 0);
        Volatile.Write(ref _memoryBytes, _memoryBytes + (16L * (larger.Length - _entries.Length)));
        Volatile.Write(ref _entries, larger);
    }

    /// <summary>Where a row lies, and the sum of its values: the document's length when they are term frequencies.</summary>
    internal readonly record struct Entry(int Chunk, int Offset, int Length, float Sum);

    /// <summary>The rows of one moment.</summary>
    internal readonly ref struct Reader
    {
        private readonly Entry[] _entries;
        private readonly SparseElement[][] _chunks;

        internal Reader(Entry[] entries, SparseElement[][] chunks, int count)
        {
            _entries = entries;
            _chunks = chunks;
            Count = count;
        }

        public int Count { get; }

        public ReadOnlySpan<SparseElement> Elements(int row)
        {
            Entry entry = _entries[row];
            return entry.Length == 0 ? default : _chunks[entry.Chunk].AsSpan(entry.Offset, entry.Length);
        }

        public float Sum(int row) => _entries[row].Sum;
    }
}
