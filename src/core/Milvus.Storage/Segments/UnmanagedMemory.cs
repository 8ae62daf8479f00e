using System.Buffers;

namespace Milvus.Storage.Segments;

/// <summary>Lets asynchronous reads fill memory that the garbage collector does not own; its owner keeps it alive meanwhile.</summary>
internal sealed unsafe class UnmanagedMemory(nint address, int length) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new((void*)address, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)address + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
