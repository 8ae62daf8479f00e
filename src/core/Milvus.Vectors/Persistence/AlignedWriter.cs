using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Writes a payload as <see cref="AlignedBlocks"/> has it, or without a target only adds up its checksums.</summary>
internal sealed class AlignedWriter(Stream? target) : PayloadWriter
{
    private static readonly byte[] s_zeros = new byte[AlignedBlocks.Alignment];

    private readonly byte[] _buffer = target is null ? [] : new byte[AlignedBlocks.BlockBytes];
    private uint _sum;
    private int _filled;
    private bool _aligns;

    /// <summary>Bytes so far.</summary>
    public long Written { get; private set; }

    /// <summary>The checksums of the blocks, where there is no target; the last one after <see cref="Flush"/>.</summary>
    public List<uint> Sums { get; } = [];

    public override void Align() => _aligns = true;

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        if (_aligns)
        {
            _aligns = false;
            Put(s_zeros.AsSpan(0, (int)(-Written & (AlignedBlocks.Alignment - 1))));
        }

        Put(bytes);
    }

    public override void Flush()
    {
        if (_filled == 0)
            return;
        if (target is null)
            Sums.Add(_sum);
        else
            target.Write(_buffer, 0, _filled);
        _filled = 0;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int some = Math.Min(bytes.Length, AlignedBlocks.BlockBytes - _filled);
            if (target is null)
                _sum = _filled == 0 ? Crc32C.Compute(bytes[..some]) : Crc32C.Append(_sum, bytes[..some]);
            else
                bytes[..some].CopyTo(_buffer.AsSpan(_filled));
            _filled += some;
            Written += some;
            bytes = bytes[some..];
            if (_filled == AlignedBlocks.BlockBytes)
                Flush();
        }
    }
}
