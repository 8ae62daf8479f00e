using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>One query against the rows of one store: what the inner loops call. Lives for one search.</summary>
internal readonly unsafe struct RowScorer<TKernel, TScale>(
    byte* query, float queryScale, int length, RowReader rows, NormReader norms, int rowBytes)
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    private const int CacheLine = 64;

    private readonly byte* _query = query;
    private readonly RowReader _rows = rows;
    private readonly NormReader _norms = norms;
    private readonly float _queryScale = queryScale;
    private readonly int _length = length;
    private readonly int _rowBytes = rowBytes;

    public int RowBytes => _rowBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Score(int row) =>
        TScale.Apply(TKernel.Distance(_query, _rows.Pointer(row), _length), _queryScale, _norms, row);

    /// <summary>Scores four rows; bit-identical to four calls of <see cref="Score"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Score4(int row0, int row1, int row2, int row3, float* distances)
    {
        TKernel.Distance4(_query, _rows.Pointer(row0), _rows.Pointer(row1), _rows.Pointer(row2), _rows.Pointer(row3), _length, distances);
        distances[0] = TScale.Apply(distances[0], _queryScale, _norms, row0);
        distances[1] = TScale.Apply(distances[1], _queryScale, _norms, row1);
        distances[2] = TScale.Apply(distances[2], _queryScale, _norms, row2);
        distances[3] = TScale.Apply(distances[3], _queryScale, _norms, row3);
    }

    /// <summary>Asks for the cache lines <paramref name="first"/>…<paramref name="end"/>−1 of a row, as far as it has them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int row, int first, int end)
    {
        if (!Sse.IsSupported)
            return;
        byte* start = _rows.Pointer(row);
        int bytes = Math.Min(_rowBytes, end * CacheLine);
        for (int i = first * CacheLine; i < bytes; i += CacheLine)
            Sse.Prefetch0(start + i);
        if (first == 0)
            TScale.Prefetch(_norms, row);
    }
}
