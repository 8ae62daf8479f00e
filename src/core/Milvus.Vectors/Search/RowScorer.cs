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

    /// <summary>Asks for a row, up to <paramref name="lines"/> cache lines of it.</summary>
    /// <remarks>
    /// Into the second-level cache, which takes many more requests at once than the first, and a row waits there long enough: asked for into the first-level cache, rows of eight lines made
    /// searches take half as long again on Zen 4.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int row, int lines)
    {
        if (!Sse.IsSupported)
            return;
        byte* start = _rows.Pointer(row);
        int bytes = Math.Min(_rowBytes, lines * CacheLine);
        for (int i = 0; i < bytes; i += CacheLine)
            Sse.Prefetch1(start + i);
        TScale.Prefetch(_norms, row);
    }
}
