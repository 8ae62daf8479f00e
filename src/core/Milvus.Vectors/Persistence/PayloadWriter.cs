namespace Milvus.Vectors;

/// <summary>Takes what follows the header of an index file, array by array.</summary>
internal abstract class PayloadWriter
{
    public abstract void Write(ReadOnlySpan<byte> bytes);

    /// <summary>What is written next starts on a cache line, where the layout has such; nothing is added for what has no bytes.</summary>
    public virtual void Align()
    {
    }

    /// <summary>Writes an array that starts on a cache line.</summary>
    public void WritePart(ReadOnlySpan<byte> bytes)
    {
        Align();
        Write(bytes);
    }

    /// <summary>Ends the payload.</summary>
    public abstract void Flush();
}
