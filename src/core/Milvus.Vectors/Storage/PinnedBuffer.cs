namespace Milvus.Vectors;

/// <summary>
/// A garbage-collected, never moving block of memory whose first element lies on a 64-byte boundary, so that one SIMD load never
/// straddles two cache lines at the start of a row table. The pointer is valid as long as this object is reachable. The block may also be
/// part of a mapped file or of another block.
/// </summary>
internal sealed unsafe class PinnedBuffer
{
    private const int Alignment = 64;

    private readonly byte[] _bytes;
    private readonly MappedFile? _file;
    private readonly PinnedBuffer? _whole;

    /// <param name="length">Usable bytes, at most <see cref="MaxLength"/>. The content is not cleared.</param>
    public PinnedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        _bytes = GC.AllocateUninitializedArray<byte>((int)length + Alignment, pinned: true);
        nint start = (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _bytes[0]);
        Pointer = (byte*)((start + (Alignment - 1)) & ~(nint)(Alignment - 1));
        Length = (int)length;
        PageAdvice.PreferHugePages(Pointer, Length);
    }

    /// <summary>Part of a mapped file, which it keeps mapped.</summary>
    public PinnedBuffer(MappedFile file, long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, file.Length - offset);
        _bytes = [];
        _file = file;
        Pointer = file.Pointer + offset;
        Length = length;
    }

    /// <summary>Part of another block, which it keeps alive.</summary>
    /// <param name="offset">A multiple of 64.</param>
    public PinnedBuffer(PinnedBuffer whole, int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, whole.Length - offset);
        _bytes = [];
        _whole = whole;
        Pointer = whole.Pointer + offset;
        Length = length;
    }

    /// <summary>The smallest multiple of a cache line that holds so many bytes.</summary>
    public static int Align(int length) => checked(length + (Alignment - 1)) & ~(Alignment - 1);

    /// <summary>The largest block that one managed array can give.</summary>
    public static int MaxLength => Array.MaxLength - Alignment;

    public byte* Pointer { get; }

    public int Length { get; }

    /// <summary>Bytes taken from the heap, padding included; none of a mapped file, nor of a part.</summary>
    public long MemoryBytes => _bytes.LongLength;

    /// <summary>The file, if it is one.</summary>
    public MappedFile? File => _file;

    public Span<byte> Span => new(Pointer, Length);
}
