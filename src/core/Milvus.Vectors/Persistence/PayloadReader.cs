using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Gives what a <see cref="PayloadWriter"/> was given; no byte is handed out before its checksum was right.</summary>
internal abstract class PayloadReader
{
    /// <exception cref="IntegrityException">A block is damaged or missing.</exception>
    public abstract void Read(Span<byte> target);

    /// <summary>As <see cref="PayloadWriter.Align"/>; called wherever that was.</summary>
    public virtual void Align()
    {
    }

    /// <summary>The next bytes as a block of their own: read into memory, or where they are in a mapped file. Never written to.</summary>
    /// <exception cref="IntegrityException">A block is damaged or missing.</exception>
    public virtual PinnedBuffer Take(long length)
    {
        var block = new PinnedBuffer(length);
        Read(block.Span);
        return block;
    }

    /// <summary>As <see cref="Take"/>, what <see cref="PayloadWriter.WritePart"/> wrote.</summary>
    /// <exception cref="IntegrityException">A block is damaged or missing.</exception>
    public PinnedBuffer TakePart(long length)
    {
        Align();
        return Take(length);
    }

    /// <summary>What <see cref="VectorStore.Write"/> wrote, as published rows.</summary>
    /// <exception cref="IntegrityException">A block is damaged or missing.</exception>
    public VectorStore TakeRows(DataType type, int dimension, int rows)
    {
        Align();
        return VectorStore.Take(type, dimension, rows, this);
    }
}
