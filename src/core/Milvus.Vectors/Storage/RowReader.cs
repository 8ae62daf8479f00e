using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Raw row addresses for inner loops, captured once per search. Valid for rows published before it was taken and while the store is
/// reachable.
/// </summary>
internal readonly unsafe struct RowReader(byte* single, nint* table, int shift, int mask, int rowBytes)
{
    private readonly byte* _single = single;
    private readonly nint* _table = table;
    private readonly nint _rowBytes = rowBytes;
    private readonly int _shift = shift;
    private readonly int _mask = mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Pointer(int row) => _single != null
        ? _single + (row * _rowBytes)
        : (byte*)_table[row >> _shift] + ((row & _mask) * _rowBytes);

    /// <summary>Rows from <paramref name="row"/> on that lie behind one another in memory.</summary>
    public int Contiguous(int row) => _single != null ? int.MaxValue - row : _mask + 1 - (row & _mask);
}

/// <summary>A number per row for inner loops, such as inverse norms; the same rules as <see cref="RowReader"/>.</summary>
internal readonly unsafe struct NormReader(nint* table, int shift, int mask)
{
    private readonly nint* _table = table;
    private readonly int _shift = shift;
    private readonly int _mask = mask;

    /// <summary>Numbers that lie in one slab.</summary>
    public static NormReader OfOne(SlabTable numbers) => new(numbers.Entries, 31, int.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Inverse(int row) => ((float*)_table[row >> _shift])[row & _mask];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int row)
    {
        if (Sse.IsSupported)
            Sse.Prefetch1((float*)_table[row >> _shift] + (row & _mask));
    }
}
