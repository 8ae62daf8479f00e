using System.Buffers;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Storage.Segments;

/// <summary>
/// Turns a block's values into the pieces of memory to write: the column's own where they lie as in the file, rented ones otherwise.
/// Fixed-width values are the values; values of varying length are count + 1 offsets (uint32, from 0), then the bytes or, for arrays,
/// the elements encoded the same way.
/// </summary>
internal sealed class BlockEncoder : IDisposable
{
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];
    private readonly List<byte[]> _rented = [];

    public IReadOnlyList<ReadOnlyMemory<byte>> Pieces => _pieces;

    public long Length { get; private set; }

    public uint Checksum { get; private set; }

    /// <summary>Replaces the pieces by those of <paramref name="block"/>; they are valid until the next call.</summary>
    public void Encode(Column block)
    {
        Reset();
        Add(block);
        foreach (var piece in _pieces)
        {
            Length += piece.Length;
            Checksum = Crc32C.Append(Checksum, piece.Span);
        }
    }

    public void Dispose() => Reset();

    private void Add(Column block)
    {
        switch (block)
        {
            case VectorColumn vectors:
                _pieces.Add(vectors.Memory);
                break;
            case BinaryColumn binary:
                AddOffsets(binary.Offsets);
                _pieces.Add(binary.Memory[binary.Offsets[0]..binary.Offsets[^1]]);
                break;
            case ArrayColumn arrays:
                AddOffsets(arrays.Offsets);
                Add(arrays.Elements.Slice(arrays.Offsets[0], arrays.Offsets[^1] - arrays.Offsets[0]));
                break;
            case FixedColumn<bool> bools:
                AddCopy(MemoryMarshal.AsBytes(bools.Values));
                break;
            case FixedColumn<sbyte> bytes:
                AddCopy(MemoryMarshal.AsBytes(bytes.Values));
                break;
            case FixedColumn<short> shorts:
                AddCopy(MemoryMarshal.AsBytes(shorts.Values));
                break;
            case FixedColumn<int> ints:
                AddCopy(MemoryMarshal.AsBytes(ints.Values));
                break;
            case FixedColumn<long> longs:
                AddCopy(MemoryMarshal.AsBytes(longs.Values));
                break;
            case FixedColumn<float> floats:
                AddCopy(MemoryMarshal.AsBytes(floats.Values));
                break;
            case FixedColumn<double> doubles:
                AddCopy(MemoryMarshal.AsBytes(doubles.Values));
                break;
            default:
                throw new ArgumentException($"no encoding for a column of {block.Type}", nameof(block));
        }
    }

    private void AddOffsets(ReadOnlySpan<int> offsets)
    {
        var rebased = MemoryMarshal.Cast<byte, int>(Rent(offsets.Length * sizeof(int)).Span);
        for (var i = 0; i < offsets.Length; i++)
            rebased[i] = offsets[i] - offsets[0];
    }

    private void AddCopy(ReadOnlySpan<byte> values) => values.CopyTo(Rent(values.Length).Span);

    private Memory<byte> Rent(int bytes)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(bytes);
        _rented.Add(buffer);
        _pieces.Add(buffer.AsMemory(0, bytes));
        return buffer.AsMemory(0, bytes);
    }

    private void Reset()
    {
        foreach (var buffer in _rented)
            ArrayPool<byte>.Shared.Return(buffer);
        _rented.Clear();
        _pieces.Clear();
        Length = 0;
        Checksum = 0;
    }
}
