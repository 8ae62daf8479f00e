using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Hands out the parts of a mapped file in the layout of <see cref="AlignedBlocks"/>. Every checksum is looked at once, when this is made;
/// what is handed out keeps the file mapped.
/// </summary>
internal sealed unsafe class MappedReader : PayloadReader
{
    private readonly MappedFile _file;
    private readonly string _sourceName;
    private readonly long _start;
    private readonly long _length;
    private long _position;
    private bool _aligns;

    /// <param name="head">At the first byte behind the header of the same file.</param>
    /// <exception cref="IntegrityException">Damaged, or shorter than it says.</exception>
    public MappedReader(MappedFile file, Stream head, string sourceName, uint checksum, long leastBytes)
    {
        _file = file;
        _sourceName = sourceName;
        (_length, uint[] sums) = AlignedBlocks.ReadTable(head, head.Position, checksum, leastBytes, sourceName);
        _start = head.Position;
        if (file.Length - _start < _length)
            throw AlignedBlocks.EndsEarly(sourceName);
        for (int block = 0; block < sums.Length; block++)
        {
            long first = (long)block * AlignedBlocks.BlockBytes;
            var bytes = new ReadOnlySpan<byte>(file.Pointer + _start + first, (int)Math.Min(_length - first, AlignedBlocks.BlockBytes));
            if (Crc32C.Compute(bytes) != sums[block])
                throw AlignedBlocks.Damaged(sourceName, block);
        }

        GC.KeepAlive(file);
    }

    public override void Align() => _aligns = true;

    public override void Read(Span<byte> target)
    {
        if (target.IsEmpty)
            return;
        byte* source = _file.Pointer + Next(target.Length);
        new ReadOnlySpan<byte>(source, target.Length).CopyTo(target);
        GC.KeepAlive(_file);
    }

    public override PinnedBuffer Take(long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, PinnedBuffer.MaxLength);
        return length == 0 ? new PinnedBuffer(0) : new PinnedBuffer(_file, Next(length), (int)length);
    }

    /// <summary>Where the next bytes are in the file.</summary>
    private long Next(long length)
    {
        if (_aligns)
            _position = (_position + (AlignedBlocks.Alignment - 1)) & -AlignedBlocks.Alignment;
        _aligns = false;
        if (length > _length - _position)
            throw AlignedBlocks.EndsEarly(_sourceName);
        long at = _start + _position;
        _position += length;
        return at;
    }
}
