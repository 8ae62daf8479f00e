namespace Milvus.Model;

/// <summary>
/// The type of a field. The numeric values are Milvus' own wire values and are persisted: they are frozen.
/// </summary>
public enum DataType
{
    None = 0,
    Bool = 1,
    Int8 = 2,
    Int16 = 3,
    Int32 = 4,
    Int64 = 5,
    Float = 10,
    Double = 11,
    String = 20,
    VarChar = 21,
    Array = 22,
    Json = 23,
    Geometry = 24,
    Text = 25,
    Timestamptz = 26,
    BinaryVector = 100,
    FloatVector = 101,
    Float16Vector = 102,
    BFloat16Vector = 103,
    SparseFloatVector = 104,
    Int8Vector = 105,
    ArrayOfVector = 106,
    ArrayOfStruct = 200,
    Struct = 201,
}

/// <summary>Facts about <see cref="DataType"/> that several layers need.</summary>
public static class DataTypes
{
    /// <summary>True for every type that a vector index can be built on, sparse included.</summary>
    public static bool IsVector(this DataType type) => type is >= DataType.BinaryVector and <= DataType.ArrayOfVector;

    /// <summary>True for vectors with a fixed number of bytes per row.</summary>
    public static bool IsDenseVector(this DataType type) =>
        type is DataType.BinaryVector or DataType.FloatVector or DataType.Float16Vector or DataType.BFloat16Vector or DataType.Int8Vector;

    /// <summary>True for lists: of scalars, or of vectors.</summary>
    public static bool IsList(this DataType type) => type is DataType.Array or DataType.ArrayOfVector;

    public static bool IsInteger(this DataType type) => type is >= DataType.Int8 and <= DataType.Int64;

    public static bool IsFloating(this DataType type) => type is DataType.Float or DataType.Double;

    public static bool IsNumeric(this DataType type) => type.IsInteger() || type.IsFloating();

    /// <summary>True for types stored as UTF-8 bytes of varying length.</summary>
    public static bool IsText(this DataType type) => type is DataType.VarChar or DataType.Text or DataType.String;

    /// <summary>Bytes of one dense vector of <paramref name="dimension"/> components (bits for binary vectors).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not a dense vector type.</exception>
    public static int VectorBytes(this DataType type, int dimension) => type switch
    {
        DataType.FloatVector => checked(dimension * 4),
        DataType.Float16Vector or DataType.BFloat16Vector => checked(dimension * 2),
        DataType.Int8Vector => dimension,
        DataType.BinaryVector => dimension / 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a dense vector type"),
    };
}
