using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// The rows of every primary key of a growing segment: open addressing from the key to its last row, and a chain from each row to
/// the previous one with the same key. One writer, readers without locks: a slot is filled once and later only its row moves on.
/// A reader may see rows that are not published yet and ignores them.
/// </summary>
internal abstract class PrimaryKeyMap
{
    /// <summary>No row.</summary>
    public const int None = -1;

    private int[] _previous = [];

    public abstract long MemoryBytes { get; }

    protected long ChainBytes => Volatile.Read(ref _previous).LongLength * sizeof(int);

    /// <summary>Adds the keys of rows <paramref name="firstRow"/> …, whose columns have been written. Single writer.</summary>
    public abstract void Append(PrimaryKeys keys, int firstRow);

    /// <summary>The last row written with key <paramref name="index"/> of <paramref name="keys"/>, or <see cref="None"/>.</summary>
    public abstract int LastRow(PrimaryKeys keys, int index);

    /// <summary>The row written before <paramref name="row"/> with the same key, or <see cref="None"/>.</summary>
    public int PreviousRow(int row) => Volatile.Read(ref _previous)[row];

    protected void EnsureChain(int rows)
    {
        if (rows <= _previous.Length) return;
        var grown = new int[Math.Max(rows, Math.Max(64, (int)Math.Min(Array.MaxLength, _previous.Length * 2L)))];
        _previous.CopyTo(grown, 0);
        Volatile.Write(ref _previous, grown);
    }

    /// <summary>Must come before the row is put into its slot.</summary>
    protected void Link(int row, int previous) => _previous[row] = previous;

    public static PrimaryKeyMap For(DataType type, GrowingColumn column) =>
        type == DataType.Int64 ? new Int64KeyMap() : new TextKeyMap(column);

    /// <summary>SplitMix64's finaliser (Steele et al. 2014): spreads consecutive keys over all bits.</summary>
    protected static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}

internal sealed class Int64KeyMap : PrimaryKeyMap
{
    private Table _table = new(64);
    private int _used;

    public override long MemoryBytes => (Volatile.Read(ref _table).Rows.LongLength * (sizeof(long) + sizeof(int))) + ChainBytes;

    public override void Append(PrimaryKeys keys, int firstRow)
    {
        var values = keys.Int64s;
        EnsureChain(firstRow + values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            if (_used * 3L >= _table.Rows.Length * 2L) Grow();
            var slot = _table.Find(values[i], out var last);
            Link(firstRow + i, last - 1);
            if (last == 0)
            {
                _table.Keys[slot] = values[i];
                _used++;
            }
            Volatile.Write(ref _table.Rows[slot], firstRow + i + 1);
        }
    }

    public override int LastRow(PrimaryKeys keys, int index)
    {
        var table = Volatile.Read(ref _table);
        table.Find(keys.Int64s[index], out var last);
        return last - 1;
    }

    private void Grow()
    {
        var grown = new Table(checked(_table.Rows.Length * 2));
        for (var i = 0; i < _table.Rows.Length; i++)
        {
            if (_table.Rows[i] == 0) continue;
            var slot = grown.Find(_table.Keys[i], out _);
            grown.Keys[slot] = _table.Keys[i];
            grown.Rows[slot] = _table.Rows[i];
        }
        Volatile.Write(ref _table, grown);
    }

    /// <summary>Rows hold row + 1, 0 means an empty slot. Sizes are powers of two.</summary>
    private sealed class Table(int size)
    {
        public readonly long[] Keys = new long[size];
        public readonly int[] Rows = new int[size];

        /// <summary>The key's slot, or the empty one where it belongs, and what the slot held when it was looked at.</summary>
        public int Find(long key, out int last)
        {
            var mask = Rows.Length - 1;
            var slot = (int)Mix((ulong)key) & mask;
            // The row is read first: a filled slot's key was written before it.
            while ((last = Volatile.Read(ref Rows[slot])) != 0 && Keys[slot] != key) slot = (slot + 1) & mask;
            return slot;
        }
    }
}

internal sealed class TextKeyMap(GrowingColumn column) : PrimaryKeyMap
{
    // The hash's upper half is kept to compare few strings; equal bytes are compared in the column itself.
    private Table _table = new(64);
    private int _used;

    public override long MemoryBytes => (Volatile.Read(ref _table).Rows.LongLength * (sizeof(uint) + sizeof(int))) + ChainBytes;

    public override void Append(PrimaryKeys keys, int firstRow)
    {
        var values = keys.Strings;
        EnsureChain(firstRow + values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            if (_used * 3L >= _table.Rows.Length * 2L) Grow();
            var hash = Hash(values[i]);
            var slot = Find(_table, values[i], hash, out var last);
            Link(firstRow + i, last - 1);
            if (last == 0)
            {
                _table.Hashes[slot] = (uint)(hash >> 32);
                _used++;
            }
            Volatile.Write(ref _table.Rows[slot], firstRow + i + 1);
        }
    }

    public override int LastRow(PrimaryKeys keys, int index)
    {
        var table = Volatile.Read(ref _table);
        var key = keys.Strings[index];
        Find(table, key, Hash(key), out var last);
        return last - 1;
    }

    private int Find(Table table, ReadOnlySpan<byte> key, ulong hash, out int last)
    {
        var mask = table.Rows.Length - 1;
        var slot = (int)hash & mask;
        while (true)
        {
            last = Volatile.Read(ref table.Rows[slot]);
            if (last == 0 || (table.Hashes[slot] == (uint)(hash >> 32) && KeyOf(last - 1).SequenceEqual(key))) return slot;
            slot = (slot + 1) & mask;
        }
    }

    private ReadOnlySpan<byte> KeyOf(int row) =>
        ((GrowingBinaryBlock)column[row >> ColumnLimits.BlockShift])[row & (ColumnLimits.BlockRows - 1)];

    private void Grow()
    {
        var grown = new Table(checked(_table.Rows.Length * 2));
        var mask = grown.Rows.Length - 1;
        for (var i = 0; i < _table.Rows.Length; i++)
        {
            if (_table.Rows[i] == 0) continue;
            // Keys are distinct here, so any empty slot of the probe sequence will do.
            var slot = (int)Hash(KeyOf(_table.Rows[i] - 1)) & mask;
            while (grown.Rows[slot] != 0) slot = (slot + 1) & mask;
            grown.Hashes[slot] = _table.Hashes[i];
            grown.Rows[slot] = _table.Rows[i];
        }
        Volatile.Write(ref _table, grown);
    }

    private static ulong Hash(ReadOnlySpan<byte> key)
    {
        var hash = 0x9E3779B97F4A7C15UL ^ (ulong)key.Length;
        while (key.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(key));
            key = key[sizeof(ulong)..];
        }
        ulong rest = 0;
        for (var i = 0; i < key.Length; i++) rest |= (ulong)key[i] << (8 * i);
        return Mix(hash ^ rest);
    }

    private sealed class Table(int size)
    {
        public readonly uint[] Hashes = new uint[size];
        public readonly int[] Rows = new int[size];
    }
}
