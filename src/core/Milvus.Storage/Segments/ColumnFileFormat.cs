using Milvus.Model;

namespace Milvus.Storage.Segments;

/// <summary>
/// What a column file holds. Layout, all little-endian: a 64-byte header; the blocks' values one after the other without padding, so
/// that dense vectors and fixed-width scalars lie in the file as one array from <see cref="HeaderBytes"/> on; the validity words
/// of the blocks that have nulls; the footer with one directory entry (place, CRC-32C, statistics) per block; a 16-byte tail with the
/// footer's length and CRC-32C.
/// </summary>
/// <param name="FieldId">The field's id, or one of <see cref="FieldIds"/>.</param>
/// <param name="Type">The field's type; every type with a <see cref="Column"/>.</param>
/// <param name="ElementType">The element type of an array, of scalars or vectors.</param>
/// <param name="Dimension">Components of a dense vector, or of each vector in an array, bits for binary vectors; 0 otherwise.</param>
public sealed record ColumnFileFormat(long FieldId, DataType Type, DataType ElementType = DataType.None, int Dimension = 0)
{
    /// <summary>Version that this code writes and the highest it reads.</summary>
    public const int Version = 1;

    /// <summary>Where the first block's values begin; a multiple of 64, so that a mapped file is aligned for SIMD.</summary>
    public const int HeaderBytes = 64;

    internal const uint HeaderMagic = 0x464C4F43; // "COLF"
    internal const uint TailMagic = 0x454C4F43;   // "COLE"
    internal const int TailBytes = 16;

    /// <summary>Longest text bound kept in block statistics, in bytes.</summary>
    public const int TextBoundBytes = 64;

    public static ColumnFileFormat For(FieldSchema field) => new(
        field.Id,
        field.Type,
        field.Type.IsList() ? field.ElementType : DataType.None,
        field.Type.IsDenseVector() || field.Type == DataType.ArrayOfVector ? field.Dimension : 0);

    /// <summary>The column of insert timestamps.</summary>
    public static ColumnFileFormat Timestamps { get; } = new(FieldIds.Timestamp, DataType.Int64);

    /// <summary>Bytes of one row for fixed-width types, 0 for types of varying length.</summary>
    internal int RowBytes => FixedBytes(Type, Dimension);

    internal static int FixedBytes(DataType type, int dimension) => type switch
    {
        DataType.Bool or DataType.Int8 => 1,
        DataType.Int16 => 2,
        DataType.Int32 or DataType.Float => 4,
        DataType.Int64 or DataType.Double or DataType.Timestamptz => 8,
        _ when type.IsDenseVector() => type.VectorBytes(dimension),
        _ => 0,
    };

    internal static bool IsBinary(DataType type) =>
        type.IsText() || type is DataType.Json or DataType.Geometry or DataType.SparseFloatVector;

    /// <exception cref="ArgumentException">No column has this shape.</exception>
    internal void Validate()
    {
        if (!IsSupported())
            throw new ArgumentException($"no column file holds {this}", nameof(Type));
    }

    internal bool IsSupported()
    {
        if (!BitConverter.IsLittleEndian)
            return false;
        if (Type.IsDenseVector())
            return Dimension > 0 && RowBytes > 0 && ElementType == DataType.None;
        if (Type == DataType.ArrayOfVector)
            return ElementType.IsDenseVector() && Dimension > 0 && ElementType.VectorBytes(Dimension) > 0;
        if (Dimension != 0)
            return false;
        if (Type == DataType.Array)
            return !ElementType.IsVector() && (IsBinary(ElementType) || FixedBytes(ElementType, 0) > 0);
        return ElementType == DataType.None && (IsBinary(Type) || RowBytes > 0);
    }

    internal bool Matches(Column column) => column.Type == Type && column switch
    {
        VectorColumn vectors => vectors.Dimension == Dimension,
        ArrayColumn { Elements: VectorColumn vectors } => vectors.Type == ElementType && vectors.Dimension == Dimension,
        ArrayColumn arrays => arrays.ElementType == ElementType,
        _ => true,
    };
}
