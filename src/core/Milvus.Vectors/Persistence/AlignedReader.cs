using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Reads a payload in the layout of <see cref="AlignedBlocks"/> from a stream.</summary>
internal sealed class AlignedReader : StreamedReader
{
    private readonly long _length;
    private readonly uint[] _sums;
    private int _block;
    private long _position;
    private bool _aligns;

    /// <exception cref="IntegrityException">The table is damaged.</exception>
    public AlignedReader(Stream source, string sourceName, long headerBytes, uint checksum, long leastBytes)
        : this(source, sourceName, AlignedBlocks.ReadTable(source, headerBytes, checksum, leastBytes, sourceName))
    {
    }

    private AlignedReader(Stream source, string sourceName, (long Bytes, uint[] Sums) table)
        : base(source, sourceName, Math.Min(table.Bytes, AlignedBlocks.BlockBytes)) => (_length, _sums) = table;

    public override void Align() => _aligns = true;

    public override void Read(Span<byte> target)
    {
        if (target.IsEmpty)
            return;
        if (_aligns)
        {
            _aligns = false;
            Span<byte> padding = stackalloc byte[(int)(-_position & (AlignedBlocks.Alignment - 1))];
            Read(padding);
        }

        base.Read(target);
        _position += target.Length;
    }

    private protected override int NextBlock(Span<byte> room)
    {
        if (_block == _sums.Length)
            throw AlignedBlocks.EndsEarly(SourceName);
        int bytes = (int)Math.Min(_length - ((long)_block * AlignedBlocks.BlockBytes), AlignedBlocks.BlockBytes);
        Fill(room[..bytes], _block);
        if (Crc32C.Compute(room[..bytes]) != _sums[_block])
            throw AlignedBlocks.Damaged(SourceName, _block);
        _block++;
        return bytes;
    }
}
