using System.Buffers;

namespace Milvus.Model;

/// <summary>A writer that can take bytes where they lie instead of copying them. What was written before and afterwards is around them.</summary>
public interface IGatheringWriter : IBufferWriter<byte>
{
    /// <summary>Writes bytes that the caller leaves as they are until the writer's content has been used.</summary>
    void Gather(ReadOnlyMemory<byte> bytes);
}
