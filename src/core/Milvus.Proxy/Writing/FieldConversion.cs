using System.Text.Unicode;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>
/// Turns a column as the client sent it into the field's own representation and checks every value on the way. Null rows are not
/// looked at: their placeholders never reach a reader.
/// </summary>
internal static class FieldConversion
{
    // A client's valid_data for a field that knows no nulls is refused only when it marks a null.
    public static Column Convert(CollectionSchema schema, FieldSchema field, Column given, int rows)
    {
        if (field.Type.IsDenseVector()) CheckDense(field, given);
        if (given.Count != rows)
            throw MilvusException.InvalidParameter($"the num_rows ({given.Count}) of field ({field.Name}) is not equal to passed num_rows ({rows})", rows, given.Count);
        var hasNulls = given.Validity is not null && given.Validity.CountValid() != given.Count;
        if (hasNulls && !DefaultValues.CanBeAbsent(field))
            throw MilvusException.InvalidParameter($"the length of valid_data of field({field.Name}) is wrong", 0, rows);
        var column = hasNulls ? given : WithoutValidity(given);
        return DefaultValues.FillNulls(field, ToFieldType(schema, field, column));
    }

    private static Column ToFieldType(CollectionSchema schema, FieldSchema field, Column column)
    {
        switch (field.Type)
        {
            case DataType.Bool:
                return Exact<bool>(field, column, "bool array");
            case DataType.Int8:
            case DataType.Int16:
            case DataType.Int32:
                return IntegerNarrowing.Narrow(field.Type, column) ?? throw Mismatch(field, "need int array", column);
            case DataType.Int64:
                return Exact<long>(field, column, "need long int array");
            case DataType.Timestamptz:
                return Exact<long>(field, column, "need timestamptz array");
            case DataType.Float:
                var floats = Exact<float>(field, column, "need float32 array");
                FiniteValues.Check(floats.Values);
                return floats;
            case DataType.Double:
                var doubles = Exact<double>(field, column, "need float64(double) array");
                FiniteValues.Check(doubles.Values);
                return doubles;
            case DataType.VarChar:
            case DataType.Text:
                return CheckText(field, column);
            case DataType.Geometry:
                return GeometryConversion.Convert(column) ?? throw Mismatch(field, "need geometry array", column, "geometry field");
            case DataType.Json:
                if (column is not BinaryColumn { Type: DataType.Json } json) throw Mismatch(field, "need json array", column, "json field");
                if (!field.IsDynamic) return JsonChecks.CheckField(field, json);
                JsonChecks.CheckDynamic(schema, json);
                return json;
            case DataType.Array:
                return ArrayConversion.Convert(field, column);
            case DataType.ArrayOfVector:
                return ArrayConversion.ConvertVectors(field, column);
            case DataType.SparseFloatVector:
                if (column is not BinaryColumn { Type: DataType.SparseFloatVector } sparse)
                    throw Mismatch(field, "need sparse float vector", column, "sparse float vector field");
                SparseChecks.Check(sparse);
                return sparse;
            default:
                if (!field.Type.IsDenseVector())
                    throw new MilvusException(ErrorCode.Unimplemented, $"values of field {field.Name} of type {field.Type} are not supported");
                var vectors = (VectorColumn)column;
                FiniteValues.CheckVectors(field.Type, vectors.Data);
                return vectors;
        }
    }

    private static void CheckDense(FieldSchema field, Column column)
    {
        var kind = field.Type switch
        {
            DataType.FloatVector => "float vector",
            DataType.Float16Vector => "float16 vector",
            DataType.BFloat16Vector => "bfloat16 vector",
            DataType.Int8Vector => "int8 vector",
            _ => "binary vector",
        };
        if (column is not VectorColumn vectors || vectors.Type != field.Type) throw Mismatch(field, "need " + kind, column, kind + " field");
        if (field.Type == DataType.FloatVector && (long)vectors.Count * vectors.Dimension % field.Dimension != 0)
            throw MilvusException.InvalidParameter($"the length({(long)vectors.Count * vectors.Dimension}) of float data should divide the dim({field.Dimension})");
        if (vectors.Dimension != field.Dimension)
            throw MilvusException.InvalidParameter(
                $"the dim ({vectors.Dimension}) of field data({field.Name}) is not equal to schema dim ({field.Dimension})", field.Dimension, vectors.Dimension);
    }

    private static BinaryColumn CheckText(FieldSchema field, Column column)
    {
        if (column is not BinaryColumn text || !text.Type.IsText())
            throw Mismatch(field, "need string array", column, field.Type == DataType.Text ? "text field" : "varchar field");
        // An auto id fits whatever the length parameter says.
        var longest = field.Type == DataType.Text ? Limits.TextMaxBytes : field.AutoId ? int.MaxValue : field.MaxLength;
        for (var row = 0; row < text.Count; row++)
        {
            if (text.IsNull(row)) continue;
            var value = text[row];
            if (value.Length > longest)
                throw MilvusException.InvalidParameter(
                    $"length of varchar field {field.Name} exceeds max length, row number: {row}, length: {value.Length}, max length: {longest}");
            if (!Utf8.IsValid(value))
                throw MilvusException.InvalidParameter($"input with analyzer should be utf-8 format, but row: {row} not utf-8 format. data: {text.GetString(row)}");
        }
        return Retype(field.Type, text);
    }

    private static BinaryColumn Retype(DataType type, BinaryColumn column) =>
        column.Type == type ? column : new BinaryColumn(type, column.Offsets.ToArray(), column.Data.ToArray(), column.Validity);

    private static FixedColumn<T> Exact<T>(FieldSchema field, Column column, string need)
        where T : unmanaged =>
        column is FixedColumn<T> typed && typed.Type == field.Type ? typed : throw Mismatch(field, need, column);

    /// <summary>The same values without null flags, for columns whose flags all say present.</summary>
    private static Column WithoutValidity(Column column) => column.Validity is null ? column : column switch
    {
        FixedColumn<bool> c => new FixedColumn<bool>(c.Type, c.Memory),
        FixedColumn<sbyte> c => new FixedColumn<sbyte>(c.Type, c.Memory),
        FixedColumn<short> c => new FixedColumn<short>(c.Type, c.Memory),
        FixedColumn<int> c => new FixedColumn<int>(c.Type, c.Memory),
        FixedColumn<long> c => new FixedColumn<long>(c.Type, c.Memory),
        FixedColumn<float> c => new FixedColumn<float>(c.Type, c.Memory),
        FixedColumn<double> c => new FixedColumn<double>(c.Type, c.Memory),
        VectorColumn c => new VectorColumn(c.Type, c.Dimension, c.Memory),
        BinaryColumn c => new BinaryColumn(c.Type, c.Offsets.ToArray(), c.Data.ToArray()),
        ArrayColumn c => new ArrayColumn(c.Offsets.ToArray(), c.Elements),
        _ => column,
    };

    private static MilvusException Mismatch(FieldSchema field, string need, Column got, string kind = "field") =>
        MilvusException.InvalidParameter($"{kind} '{field.Name}' is illegal, array type mismatch", need, $"got {got.Type}");
}
