using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Reads a payload in the layout of <see cref="AlignedBlocks"/> from a stream, block by block.</summary>
internal sealed class AlignedReader : PayloadReader
{
    private readonly Stream _source;
    private readonly string _sourceName;
    private readonly long _length;
    private readonly uint[] _sums;
    private readonly byte[] _block;
    private long _read;
    private int _filled;
    private int _taken;
    private bool _aligns;

    /// <exception cref="IntegrityException">The table is damaged.</exception>
    public AlignedReader(Stream source, string sourceName, long headerBytes, uint checksum, long leastBytes)
    {
        _source = source;
        _sourceName = sourceName;
        (_length, _sums) = AlignedBlocks.ReadTable(source, headerBytes, checksum, leastBytes, sourceName);
        _block = new byte[Math.Min(_length, AlignedBlocks.BlockBytes)];
    }

    private long Position => _read - _filled + _taken;

    public override void Align() => _aligns = true;

    public override void Read(Span<byte> target)
    {
        if (target.IsEmpty)
            return;
        if (_aligns)
        {
            _aligns = false;
            Span<byte> padding = stackalloc byte[(int)(-Position & (AlignedBlocks.Alignment - 1))];
            Get(padding);
        }

        Get(target);
    }

    private void Get(Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            if (_taken == _filled)
                NextBlock();
            int some = Math.Min(target.Length, _filled - _taken);
            _block.AsSpan(_taken, some).CopyTo(target);
            _taken += some;
            target = target[some..];
        }
    }

    private void NextBlock()
    {
        int expected = (int)Math.Min(_length - _read, AlignedBlocks.BlockBytes);
        if (expected == 0)
            throw AlignedBlocks.EndsEarly(_sourceName);
        long number = _read / AlignedBlocks.BlockBytes;
        if (_source.ReadAtLeast(_block.AsSpan(0, expected), expected, throwOnEndOfStream: false) < expected)
            throw new IntegrityException(_sourceName, $"the index ends inside block {number}");
        if (Crc32C.Compute(_block.AsSpan(0, expected)) != _sums[number])
            throw AlignedBlocks.Damaged(_sourceName, number);
        _read += expected;
        _filled = expected;
        _taken = 0;
    }
}
