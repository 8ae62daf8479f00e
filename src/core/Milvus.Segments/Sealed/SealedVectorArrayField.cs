using Milvus.Model;

namespace Milvus.Segments;

/// <summary>A field of lists of vectors of a sealed segment: all vectors in one store.</summary>
internal sealed class SealedVectorArrayField(long fieldId, int rowCount, VectorArrays vectors) : SealedField(fieldId)
{
    public VectorArrays Vectors => vectors;

    public override long MemoryBytes =>
        vectors.Store.MemoryBytes + (vectors.Offsets.LongLength * sizeof(int)) + ((vectors.Valid?.LongLength ?? 0) * sizeof(ulong));

    public override long FileBytes => vectors.Store.FileBytes;

    public override Column Block(int block) => vectors.Take(RowGather.RowsOf(block, rowCount));

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows) => vectors.Take(rows);
}
