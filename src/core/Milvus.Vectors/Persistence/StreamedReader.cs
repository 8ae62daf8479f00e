using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Reads a payload from a stream, block by block.</summary>
/// <param name="blockBytes">Room for the largest block and what belongs to it.</param>
internal abstract class StreamedReader(Stream source, string sourceName, long blockBytes) : PayloadReader
{
    private readonly byte[] _block = new byte[blockBytes];
    private int _filled;
    private int _taken;

    /// <summary>File or object name for error texts.</summary>
    private protected string SourceName => sourceName;

    public override void Read(Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            if (_taken == _filled)
                (_filled, _taken) = (NextBlock(_block), 0);
            int some = Math.Min(target.Length, _filled - _taken);
            _block.AsSpan(_taken, some).CopyTo(target);
            _taken += some;
            target = target[some..];
        }
    }

    /// <summary>Reads the next block into the start of the room, and checks it.</summary>
    /// <returns>Its bytes of the payload, at least one.</returns>
    /// <exception cref="IntegrityException">It is damaged or missing.</exception>
    private protected abstract int NextBlock(Span<byte> room);

    /// <exception cref="IntegrityException">The stream ends before the room is full.</exception>
    private protected void Fill(Span<byte> room, long block)
    {
        if (source.ReadAtLeast(room, room.Length, throwOnEndOfStream: false) < room.Length)
            throw new IntegrityException(sourceName, $"the index ends inside block {block}");
    }
}
