using Milvus.Model;

namespace Milvus.Storage.Parquet;

/// <summary>Which columns can give the values of which fields. What a value of such a column may still be wrong in is told when it is read.</summary>
internal static class ParquetFieldTypes
{
    public static bool Fits(ParquetNode column, FieldSchema field) => field.Type switch
    {
        DataType.Array => ElementOf(column) is { } element && IsValue(element, field.ElementType),
        var t when t.IsDenseVector() => IsVector(column, field.Type),
        var t => column.IsLeaf && column.Repetition != ParquetRepetition.Repeated && IsValue(column, t),
    };

    private static bool IsValue(ParquetNode leaf, DataType type) => leaf.IsLeaf && type switch
    {
        DataType.Bool => leaf.Type == ParquetType.Boolean,
        // No column of floating-point numbers holds integers, and none of text numbers.
        DataType.Int8 or DataType.Int16 or DataType.Int32 or DataType.Int64 => leaf.Type is ParquetType.Int32 or ParquetType.Int64 && !IsTime(leaf),
        DataType.Float or DataType.Double => leaf.Type is ParquetType.Float or ParquetType.Double,
        DataType.VarChar or DataType.Text or DataType.Json or DataType.Geometry => leaf.Type == ParquetType.ByteArray,
        DataType.Timestamptz => leaf.Type == ParquetType.Int64,
        _ => false,
    };

    private static bool IsTime(ParquetNode leaf) => leaf.Meaning is ParquetMeaning.Milliseconds or ParquetMeaning.Microseconds or ParquetMeaning.Nanoseconds;

    private static bool IsVector(ParquetNode column, DataType type)
    {
        if (column.IsLeaf && column.Repetition != ParquetRepetition.Repeated) return column.Type is ParquetType.ByteArray or ParquetType.FixedLenByteArray;
        if (ElementOf(column) is not { } element) return false;
        return type switch
        {
            DataType.FloatVector => element.Type is ParquetType.Float or ParquetType.Double,
            DataType.Float16Vector => element.Type is ParquetType.Int32 or ParquetType.Float || element.Meaning == ParquetMeaning.Half,
            DataType.BFloat16Vector => element.Type is ParquetType.Int32 or ParquetType.Float,
            _ => element.Type == ParquetType.Int32,
        };
    }

    /// <summary>The leaf of a list of values; null for anything else.</summary>
    private static ParquetNode? ElementOf(ParquetNode column)
    {
        if (column.IsLeaf) return column.Repetition == ParquetRepetition.Repeated ? column : null;
        if (column.Children is not [{ Repetition: ParquetRepetition.Repeated } repeated]) return null;
        if (repeated.IsLeaf) return repeated;
        return repeated.Children is [{ IsLeaf: true } element] ? element : null;
    }
}
