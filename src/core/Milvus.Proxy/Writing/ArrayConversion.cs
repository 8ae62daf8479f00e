using System.Text.Unicode;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Checks capacity and elements of array fields.</summary>
internal static class ArrayConversion
{
    public static ArrayColumn Convert(FieldSchema field, Column column)
    {
        if (column is not ArrayColumn array)
            throw MilvusException.InvalidParameter($"array field '{field.Name}' is illegal, array type mismatch", $"need {field.ElementType} array", $"got {column.Type}");
        CheckCapacity(field, array);
        var elements = Elements(field, array);
        return ReferenceEquals(elements, array.Elements) ? array : new ArrayColumn(array.Offsets.ToArray(), elements, array.Validity);
    }

    /// <summary>Checks capacity, dimension and values of a list of vectors.</summary>
    public static ArrayColumn ConvertVectors(FieldSchema field, Column column)
    {
        if (column is not ArrayColumn lists || (lists.Elements.Count > 0 && lists.ElementType != field.ElementType))
            throw MilvusException.InvalidParameter($"array of vector field '{field.Name}' is illegal, array type mismatch", $"need {field.ElementType} array", $"got {column.Type}");
        CheckCapacity(field, lists);
        // A batch of empty lists does not say what they are lists of.
        if (lists.Elements.Count == 0) return new ArrayColumn(lists.Offsets.ToArray(), ColumnBuilder.For(field.ElementType, dimension: field.Dimension).Build(), lists.Validity);
        var vectors = (VectorColumn)lists.Elements;
        if (vectors.Dimension != field.Dimension)
            throw MilvusException.InvalidParameter(
                $"the dim ({vectors.Dimension}) of field data({field.Name}) is not equal to schema dim ({field.Dimension})", field.Dimension, vectors.Dimension);
        FiniteValues.CheckVectors(vectors.Type, vectors.Data);
        return lists;
    }

    private static void CheckCapacity(FieldSchema field, ArrayColumn array)
    {
        for (var row = 0; row < array.Count; row++)
            if (array.Length(row) > field.MaxCapacity && !array.IsNull(row))
                throw MilvusException.InvalidParameter(
                    $"the length ({array.Length(row)}) of {row}th array exceeds max capacity ({field.MaxCapacity})", "valid length array", "array length exceeds max capacity");
    }

    private static Column Elements(FieldSchema field, ArrayColumn array)
    {
        var given = array.Elements;
        // A batch of empty lists does not say what they are lists of.
        if (given.Count == 0) return given.Type == field.ElementType ? given : ColumnBuilder.For(field.ElementType).Build();
        return field.ElementType switch
        {
            DataType.Bool when given is FixedColumn<bool> => given,
            DataType.Int8 or DataType.Int16 or DataType.Int32 => IntegerNarrowing.Narrow(field.ElementType, given) ?? throw Mismatch("int array", given),
            DataType.Int64 when given is FixedColumn<long> { Type: DataType.Int64 } => given,
            DataType.Float when given is FixedColumn<float> floats => Finite(floats),
            DataType.Double when given is FixedColumn<double> doubles => Finite(doubles),
            DataType.VarChar when given is BinaryColumn text && text.Type.IsText() => CheckText(field, array, text),
            DataType.Bool => throw Mismatch("bool array", given),
            DataType.Int64 => throw Mismatch("int64 array", given),
            DataType.Float => throw Mismatch("float array", given),
            DataType.Double => throw Mismatch("double array", given),
            DataType.VarChar => throw Mismatch("string array", given),
            _ => throw MilvusException.InvalidParameter(
                $"array element type: {field.ElementType} is not supported", "valid array element type", "array element type is not supported"),
        };
    }

    private static FixedColumn<float> Finite(FixedColumn<float> values)
    {
        FiniteValues.Check(values.Values);
        return values;
    }

    private static FixedColumn<double> Finite(FixedColumn<double> values)
    {
        FiniteValues.Check(values.Values);
        return values;
    }

    private static BinaryColumn CheckText(FieldSchema field, ArrayColumn array, BinaryColumn elements)
    {
        for (var row = 0; row < array.Count; row++)
            for (var i = array.Offsets[row]; i < array.Offsets[row + 1]; i++)
            {
                var value = elements[i];
                if (value.Length > field.MaxLength)
                    throw MilvusException.InvalidParameter(
                        $"length of Array array field \"{field.Name}\" exceeds max length, row number: {row}, array index: {i - array.Offsets[row]}, "
                        + $"length: {value.Length}, max length: {field.MaxLength}");
                if (!Utf8.IsValid(value))
                    throw MilvusException.InvalidParameter($"array field {field.Name} should be utf-8 format, but row: {row} not utf-8 format");
            }
        return elements.Type == DataType.VarChar ? elements : new BinaryColumn(DataType.VarChar, elements.Offsets.ToArray(), elements.Data.ToArray());
    }

    private static MilvusException Mismatch(string need, Column got) => MilvusException.InvalidParameter("insert data does not match", need, $"{got.Type} array");
}
