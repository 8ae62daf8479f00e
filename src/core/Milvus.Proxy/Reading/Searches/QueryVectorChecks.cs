using System.Collections.Immutable;
using Milvus.Coordinator.Names;
using Milvus.Model;
using Milvus.Proxy.Writing;
using Milvus.Vectors;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>Checks the vectors of a search against the field.</summary>
internal static class QueryVectorChecks
{
    public static void CheckCount(int queries)
    {
        if (queries is < 1 or > Limits.QueryCount)
            throw MilvusException.InvalidParameter($"nq [{queries}] is invalid, nq (number of search vector per search request) should be in range [1, {Limits.QueryCount}], but got {queries}");
    }

    public static void Check(FieldSchema field, QueryVectors vectors)
    {
        CheckCount(vectors.Rows.Length);
        if (field.Type == DataType.ArrayOfVector)
        {
            CheckLists(field, vectors);
            return;
        }
        if (vectors.AreLists) throw MilvusException.InvalidParameter($"field {field.Name} of type {field.Type.Spelled()} is not searched by lists of vectors");
        var converts = vectors.Type == DataType.FloatVector && field.Type is DataType.Float16Vector or DataType.BFloat16Vector;
        if (field is { IsFunctionOutput: true, Type: DataType.SparseFloatVector })
            throw MilvusException.InvalidParameter($"please provide varchar/text for BM25 Function based search, got {vectors.Type.Spelled()}");
        if (vectors.Type != field.Type && !converts) throw TypeMismatch(field, vectors.Type);
        if (field.Type == DataType.SparseFloatVector)
        {
            foreach (var row in vectors.Rows) SparseRow.Validate(row.Span);
            return;
        }
        var expected = vectors.Type.VectorBytes(field.Dimension);
        foreach (var row in vectors.Rows)
        {
            if (row.Length != expected)
                throw MilvusException.InvalidParameter($"vector dimension mismatch, expected vector size(byte) {expected}, actual {row.Length}");
            FiniteValues.CheckVectors(vectors.Type, row.Span);
        }
    }

    private static void CheckLists(FieldSchema field, QueryVectors vectors)
    {
        var converts = vectors.Type == DataType.FloatVector && field.ElementType is DataType.Float16Vector or DataType.BFloat16Vector;
        if (vectors.Type != field.ElementType && !converts) throw TypeMismatch(field, vectors.Type);
        if (!vectors.AreLists)
            throw MilvusException.InvalidParameter($"vector type must be the same: field type {field.Type.Spelled()}, search type {vectors.Type.Spelled()}, a list of vectors is expected");
        var bytes = vectors.Type.VectorBytes(field.Dimension);
        foreach (var row in vectors.Rows)
        {
            if (row.Length == 0 || row.Length % bytes != 0)
                throw MilvusException.InvalidParameter($"vector dimension mismatch, expected a list of vectors of size(byte) {bytes}, actual {row.Length}");
            FiniteValues.CheckVectors(vectors.Type, row.Span);
        }
    }

    public static MilvusException TypeMismatch(FieldSchema field, DataType search) =>
        MilvusException.InvalidParameter($"vector type must be the same: field type {field.Type.Spelled()}, search type {search.Spelled()}");

    /// <summary>The rows of a fetched vector column as query vectors.</summary>
    public static QueryVectors FromColumn(FieldSchema field, Column column)
    {
        var rows = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(column.Count);
        for (var i = 0; i < column.Count; i++)
        {
            if (column.IsNull(i)) throw MilvusException.InvalidParameter($"cannot search by a row whose field {field.Name} is null");
            rows.Add(column is ArrayColumn lists ? ListOf(field, lists, i) : column is VectorColumn dense ? dense.Memory.Slice(i * dense.RowBytes, dense.RowBytes) : ((BinaryColumn)column).GetMemory(i));
        }
        return field.Type == DataType.ArrayOfVector
            ? new QueryVectors(field.ElementType, rows.MoveToImmutable()) { AreLists = true }
            : new QueryVectors(field.Type, rows.MoveToImmutable());
    }

    private static ReadOnlyMemory<byte> ListOf(FieldSchema field, ArrayColumn lists, int row)
    {
        var vectors = (VectorColumn)lists.Elements;
        if (lists.Length(row) == 0) throw MilvusException.InvalidParameter($"cannot search by a row whose field {field.Name} is empty");
        return vectors.Memory[(lists.Offsets[row] * vectors.RowBytes)..(lists.Offsets[row + 1] * vectors.RowBytes)];
    }
}
