using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>Buffers that evaluations reuse. Not thread-safe: one per thread, kept between evaluations to avoid allocation.</summary>
public sealed class FilterScratch
{
    internal const int BlockWords = ColumnLimits.BlockRows / 64;

    private readonly List<ulong[]> _bitmaps = [];
    private readonly byte[]?[] _values = new byte[]?[2];
    private readonly List<(long FieldId, Column Column)> _columns = [];
    private ulong[] _elements = [];
    private FilterScratch? _nested;
    private byte[] _text = new byte[256];
    private char[] _chars = [];
    private int _rented;

    /// <summary>Forgets the previous block.</summary>
    internal void BeginBlock()
    {
        _rented = 0;
        _columns.Clear();
    }

    /// <summary>A bitmap of one block with undefined content; give it back with <see cref="Return"/> in reverse order.</summary>
    internal Span<ulong> Rent(int words)
    {
        if (_rented == _bitmaps.Count) _bitmaps.Add(new ulong[BlockWords]);
        return _bitmaps[_rented++].AsSpan(0, words);
    }

    internal void Return(int bitmaps) => _rented -= bitmaps;

    /// <summary>Room for one value per row of a block; slots 0 and 1 are apart.</summary>
    internal Span<T> Values<T>(int slot, int count)
        where T : unmanaged
    {
        var bytes = _values[slot] ??= GC.AllocateUninitializedArray<byte>(ColumnLimits.BlockRows * sizeof(long));
        return MemoryMarshal.Cast<byte, T>(bytes.AsSpan())[..count];
    }

    /// <summary>Buffers for a predicate that runs inside another one, over elements instead of rows.</summary>
    internal FilterScratch Nested => _nested ??= new FilterScratch();

    /// <summary>Room for one bit per element of a block's lists, with any content; lasts until the next call.</summary>
    internal Span<ulong> ElementBits(int words)
    {
        if (_elements.Length < words) _elements = new ulong[Math.Max(words, _elements.Length * 2)];
        return _elements.AsSpan(0, words);
    }

    internal Span<byte> Text(int length)
    {
        if (_text.Length < length) _text = new byte[Math.Max(length, _text.Length * 2)];
        return _text;
    }

    internal Span<char> Chars(int length)
    {
        if (_chars.Length < length) _chars = new char[Math.Max(length, _chars.Length * 2)];
        return _chars;
    }

    /// <summary>The block of a field, fetched once however many operators read it.</summary>
    internal Column GetColumn(IColumnBlocks source, long fieldId, int block)
    {
        foreach (var (id, cached) in _columns)
            if (id == fieldId) return cached;
        var column = source.GetBlock(fieldId, block);
        _columns.Add((fieldId, column));
        return column;
    }

    /// <summary>Drops references to the segment's memory.</summary>
    internal void End() => BeginBlock();
}
