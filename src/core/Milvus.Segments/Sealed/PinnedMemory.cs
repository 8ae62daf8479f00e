using System.Buffers;
using System.Runtime.InteropServices;

namespace Milvus.Segments;

/// <summary>
/// Lets asynchronous reads fill memory that is known not to move, such as a vector store's. The caller keeps its owner alive until
/// the read has ended.
/// </summary>
internal sealed unsafe class PinnedMemory : MemoryManager<byte>
{
    private readonly byte* _start;
    private readonly int _length;

    public PinnedMemory(Span<byte> pinned)
    {
        _start = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(pinned));
        _length = pinned.Length;
    }

    public override Span<byte> GetSpan() => new(_start, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
