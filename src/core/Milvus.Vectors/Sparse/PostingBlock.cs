using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// Up to 128 postings of one dimension: rows as offsets from the first row in 1, 2 or 4 bytes each, then values in 1 byte each where all
/// are whole numbers up to 255 (term frequencies), else as float32. Here stand its place and what bounds its scores. Part of the index
/// file: frozen.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct PostingBlock
{
    /// <summary>Postings per block; every list's blocks but the last are full.</summary>
    public const int Capacity = 128;

    /// <summary>Says that a class of frequencies is empty.</summary>
    public const ushort NoLength = ushort.MaxValue;

    // Row offsets and values are read sixteen at a time: so many bytes behind the last block must exist.
    public const int Slack = 64;

    private const byte ByteValues = 4;

    public int FirstRow;
    public int LastRow;

    /// <summary>Place of the offsets in the data.</summary>
    public int Offset;

    /// <summary>The largest value.</summary>
    public float MaxValue;

    /// <summary>BM25: the shortest row, rounded down, among those with a frequency up to 1, up to 2, and above.</summary>
    public ushort Shortest1;
    public ushort Shortest2;
    public ushort Shortest3;

    // Bits 0…1: log2 of the bytes per offset; bit 2: values are bytes.
    public byte Format;
    public byte CountLess1;

    public readonly int Count => CountLess1 + 1;

    public readonly bool HasByteValues => (Format & ByteValues) != 0;

    private readonly int RowWidth => 1 << (Format & 3);

    /// <summary>Bytes that the block takes in the data.</summary>
    public readonly int ByteCount => Count * (RowWidth + (HasByteValues ? 1 : sizeof(float)));

    public readonly bool IsFormatKnown => Format is (>= 0 and <= 2) or (>= ByteValues and <= ByteValues + 2);

    /// <summary>The largest score of a row in the block.</summary>
    public readonly float Bound(float weight, bool bm25, RowWeight rowWeight)
    {
        if (!bm25)
            return weight * MaxValue;
        float bound = 0;
        if (Shortest1 != NoLength)
            bound = SparseQuery.Saturated(weight, MathF.Min(1, MaxValue), rowWeight.Of(Shortest1));
        if (Shortest2 != NoLength)
            bound = MathF.Max(bound, SparseQuery.Saturated(weight, MathF.Min(2, MaxValue), rowWeight.Of(Shortest2)));
        if (Shortest3 != NoLength)
            bound = MathF.Max(bound, SparseQuery.Saturated(weight, MaxValue, rowWeight.Of(Shortest3)));
        return bound;
    }

    /// <summary>Takes a posting of a row of <paramref name="length"/> tokens into the bounds.</summary>
    public void Widen(float value, float length)
    {
        MaxValue = MathF.Max(MaxValue, value);
        ushort shortest = (ushort)MathF.Min(NoLength - 1, MathF.Max(0, MathF.Floor(length)));
        if (value <= 1)
            Shortest1 = Math.Min(Shortest1, shortest);
        else if (value <= 2)
            Shortest2 = Math.Min(Shortest2, shortest);
        else
            Shortest3 = Math.Min(Shortest3, shortest);
    }

    /// <summary>Takes the bounds of another block in.</summary>
    public void Widen(in PostingBlock other)
    {
        MaxValue = MathF.Max(MaxValue, other.MaxValue);
        Shortest1 = Math.Min(Shortest1, other.Shortest1);
        Shortest2 = Math.Min(Shortest2, other.Shortest2);
        Shortest3 = Math.Min(Shortest3, other.Shortest3);
    }

    /// <summary>A block without postings yet.</summary>
    public static PostingBlock Empty => new() { Shortest1 = NoLength, Shortest2 = NoLength, Shortest3 = NoLength };

    /// <summary>Encodes 1…128 postings.</summary>
    /// <param name="rows">Ascending.</param>
    /// <param name="target">At least 8 bytes per posting.</param>
    /// <returns>Bytes written.</returns>
    public int Encode(ReadOnlySpan<int> rows, ReadOnlySpan<float> values, Span<byte> target)
    {
        FirstRow = rows[0];
        LastRow = rows[^1];
        CountLess1 = (byte)(rows.Length - 1);
        int span = LastRow - FirstRow;
        Format = span < 1 << 8 ? (byte)0 : span < 1 << 16 ? (byte)1 : (byte)2;
        bool bytes = true;
        foreach (float value in values)
            bytes &= value <= byte.MaxValue && value == (byte)value;
        if (bytes)
            Format |= ByteValues;
        int width = RowWidth, at = 0;
        foreach (int row in rows)
        {
            int offset = row - FirstRow;
            if (width == 1)
                target[at] = (byte)offset;
            else if (width == 2)
                BinaryPrimitives.WriteUInt16LittleEndian(target[at..], (ushort)offset);
            else
                BinaryPrimitives.WriteInt32LittleEndian(target[at..], offset);
            at += width;
        }
        foreach (float value in values)
        {
            if (bytes)
                target[at++] = (byte)value;
            else
            {
                BinaryPrimitives.WriteSingleLittleEndian(target[at..], value);
                at += sizeof(float);
            }
        }
        return at;
    }

    /// <summary>All rows of the block; <paramref name="rows"/> has room for <see cref="Capacity"/>, those behind the count are undefined.</summary>
    public readonly void DecodeRows(ReadOnlySpan<byte> data, Span<int> rows)
    {
        var first = Vector128.Create(FirstRow);
        int count = Count;
        rows = rows[..Capacity];
        switch (RowWidth)
        {
            case 1:
                for (int i = 0; i < count; i += 16)
                {
                    (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Create(data.Slice(Offset + i, 16)));
                    Store(Vector128.Widen(low), first, rows[i..]);
                    Store(Vector128.Widen(high), first, rows[(i + 8)..]);
                }
                break;
            case 2:
                for (int i = 0; i < count; i += 8)
                    Store(Vector128.Widen(Vector128.Create(data.Slice(Offset + (2 * i), 16)).AsUInt16()), first, rows[i..]);
                break;
            default:
                for (int i = 0; i < count; i += 4)
                    (Vector128.Create(data.Slice(Offset + (4 * i), 16)).AsInt32() + first).CopyTo(rows[i..]);
                break;
        }
    }

    /// <summary>All values of the block; room as for rows.</summary>
    public readonly void DecodeValues(ReadOnlySpan<byte> data, Span<float> values)
    {
        int count = Count, start = Offset + (count * RowWidth);
        values = values[..Capacity];
        if (!HasByteValues)
        {
            MemoryMarshal.Cast<byte, float>(data.Slice(start, count * sizeof(float))).CopyTo(values);
            return;
        }
        for (int i = 0; i < count; i += 16)
        {
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Create(data.Slice(start + i, 16)));
            Store(Vector128.Widen(low), values[i..]);
            Store(Vector128.Widen(high), values[(i + 8)..]);
        }
    }

    public readonly float Value(ReadOnlySpan<byte> data, int at)
    {
        int start = Offset + (Count * RowWidth);
        return HasByteValues ? data[start + at] : MemoryMarshal.Read<float>(data[(start + (sizeof(float) * at))..]);
    }

    private static void Store((Vector128<uint> Lower, Vector128<uint> Upper) offsets, Vector128<int> first, Span<int> rows)
    {
        (offsets.Lower.AsInt32() + first).CopyTo(rows);
        (offsets.Upper.AsInt32() + first).CopyTo(rows[4..]);
    }

    private static void Store((Vector128<uint> Lower, Vector128<uint> Upper) numbers, Span<float> values)
    {
        Vector128.ConvertToSingle(numbers.Lower.AsInt32()).CopyTo(values);
        Vector128.ConvertToSingle(numbers.Upper.AsInt32()).CopyTo(values[4..]);
    }
}
