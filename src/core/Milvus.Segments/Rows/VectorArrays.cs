using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>The lists of vectors of one field of a segment: all vectors in one store, one list behind the other.</summary>
/// <param name="Store">The elements of row r are its rows Offsets[r] … Offsets[r + 1] − 1.</param>
/// <param name="Offsets">Row count + 1 ascending positions at least; not to be written to.</param>
/// <param name="Valid">The bits of rows whose list is not null, which is empty then; null when all have one. Not to be written to.</param>
internal readonly record struct VectorArrays(VectorStore Store, int[] Offsets, ulong[]? Valid)
{
    /// <summary>The lists of the given rows.</summary>
    public ArrayColumn Take(ReadOnlySpan<int> rows)
    {
        var offsets = new int[rows.Length + 1];
        for (var i = 0; i < rows.Length; i++) offsets[i + 1] = checked(offsets[i] + Offsets[rows[i] + 1] - Offsets[rows[i]]);
        var data = new byte[checked(offsets[^1] * Store.RowBytes)];
        for (var i = 0; i < rows.Length; i++)
            for (int at = offsets[i], element = Offsets[rows[i]]; at < offsets[i + 1]; at++, element++)
                Store.Row(element).CopyTo(data.AsSpan(at * Store.RowBytes));
        var validity = Valid is null ? null : RowGather.TakeValidity(Valid, rows);
        return new ArrayColumn(offsets, new VectorColumn(Store.Type, Store.Dimension, data), validity);
    }
}
