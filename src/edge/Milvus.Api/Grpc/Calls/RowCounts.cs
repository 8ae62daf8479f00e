using Google.Protobuf.Collections;
using Milvus.Model;
using Milvus.Protocol.Schema;

namespace Milvus.Api.Grpc.Calls;

/// <summary>The row count a client claims need not be the one it sent.</summary>
internal static class RowCounts
{
    /// <exception cref="MilvusException">1100: more rows than a request can hold.</exception>
    public static int Read(uint rows) =>
        rows <= int.MaxValue ? (int)rows : throw MilvusException.InvalidParameter($"num_rows ({rows}) is too large");

    /// <summary>
    /// Rows to list as failed: at most as many as some column has entries, so that a false count can't make the answer larger than
    /// its request.
    /// </summary>
    public static int Plausible(uint rows, RepeatedField<FieldData> fields) => (int)Math.Min(rows, fields.Count == 0 ? 0 : fields.Max(Entries));

    private static long Entries(FieldData field)
    {
        var packed = field.FieldCase switch
        {
            FieldData.FieldOneofCase.Scalars => Entries(field.Scalars),
            FieldData.FieldOneofCase.Vectors => Entries(field.Vectors),
            FieldData.FieldOneofCase.StructArrays => field.StructArrays.Fields.Count == 0 ? 0 : field.StructArrays.Fields.Max(Entries),
            _ => 0,
        };
        return Math.Max(packed, field.ValidData.Count);
    }

    private static long Entries(ScalarField scalars) => scalars.DataCase switch
    {
        ScalarField.DataOneofCase.BoolData => scalars.BoolData.Data.Count,
        ScalarField.DataOneofCase.IntData => scalars.IntData.Data.Count,
        ScalarField.DataOneofCase.LongData => scalars.LongData.Data.Count,
        ScalarField.DataOneofCase.FloatData => scalars.FloatData.Data.Count,
        ScalarField.DataOneofCase.DoubleData => scalars.DoubleData.Data.Count,
        ScalarField.DataOneofCase.StringData => scalars.StringData.Data.Count,
        ScalarField.DataOneofCase.JsonData => scalars.JsonData.Data.Count,
        ScalarField.DataOneofCase.ArrayData => scalars.ArrayData.Data.Count,
        ScalarField.DataOneofCase.GeometryWktData => scalars.GeometryWktData.Data.Count,
        ScalarField.DataOneofCase.TimestamptzData => scalars.TimestamptzData.Data.Count,
        _ => 0,
    };

    private static long Entries(VectorField vectors) => vectors.DataCase switch
    {
        VectorField.DataOneofCase.FloatVector => vectors.FloatVector.Length / Math.Max(1, vectors.Dim),
        VectorField.DataOneofCase.BinaryVector => vectors.BinaryVector.Length / Math.Max(1, vectors.Dim / 8),
        VectorField.DataOneofCase.Float16Vector => vectors.Float16Vector.Length / Math.Max(1, vectors.Dim),
        VectorField.DataOneofCase.Bfloat16Vector => vectors.Bfloat16Vector.Length / Math.Max(1, vectors.Dim),
        VectorField.DataOneofCase.Int8Vector => vectors.Int8Vector.Length / Math.Max(1, vectors.Dim),
        VectorField.DataOneofCase.VectorArray => vectors.VectorArray.Data.Count,
        VectorField.DataOneofCase.SparseFloatVector => vectors.SparseFloatVector.Contents.Count,
        _ => 0,
    };
}
