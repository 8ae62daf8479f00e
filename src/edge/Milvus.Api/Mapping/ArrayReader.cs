using Milvus.Model;
using Milvus.Protocol.Schema;
using DataType = Milvus.Model.DataType;
using FieldSchema = Milvus.Model.FieldSchema;

namespace Milvus.Api.Mapping;

/// <summary>Array columns: one <c>ScalarField</c> per row, all of one element type.</summary>
internal static class ArrayReader
{
    /// <exception cref="MilvusException">1100: the element type is unknown or a row is of another type.</exception>
    public static Column Read(ArrayArray data, FieldSchema? field, string name, NullPacking nulls)
    {
        var element = data.ElementType != Protocol.Schema.DataType.None ? (DataType)(int)data.ElementType
            : field?.ElementType is { } known and not DataType.None ? known
            : Guess(data);
        if (element is not (DataType.Bool or DataType.Int8 or DataType.Int16 or DataType.Int32 or DataType.Int64
            or DataType.Float or DataType.Double or DataType.VarChar))
        {
            throw MilvusException.InvalidParameter($"element type {element} of array field {name} is not supported");
        }

        var full = nulls.IsFullLength(data.Data.Count);
        var builder = new ArrayColumnBuilder(ColumnBuilder.For(element));
        var next = 0;
        for (var row = 0; row < (nulls.HasFlags ? nulls.Rows : data.Data.Count); row++)
        {
            if (!nulls.IsValid(row))
            {
                builder.AppendNull();
                continue;
            }
            Append(builder.Elements, data.Data[full ? row : next++], element, name);
            builder.EndRow();
        }
        return builder.Build();
    }

    private static void Append(ColumnBuilder elements, ScalarField row, DataType element, string name)
    {
        switch (element, row.DataCase)
        {
            // An empty array may leave its container out.
            case (_, ScalarField.DataOneofCase.None):
                break;
            case (DataType.Bool, ScalarField.DataOneofCase.BoolData):
                foreach (var v in row.BoolData.Data) ((FixedColumnBuilder<bool>)elements).Append(v);
                break;
            case (DataType.Int8, ScalarField.DataOneofCase.IntData):
                for (var i = 0; i < row.IntData.Data.Count; i++) ((FixedColumnBuilder<sbyte>)elements).Append(IntRanges.Int8(row.IntData.Data[i], i));
                break;
            case (DataType.Int16, ScalarField.DataOneofCase.IntData):
                for (var i = 0; i < row.IntData.Data.Count; i++) ((FixedColumnBuilder<short>)elements).Append(IntRanges.Int16(row.IntData.Data[i], i));
                break;
            case (DataType.Int32, ScalarField.DataOneofCase.IntData):
                foreach (var v in row.IntData.Data) ((FixedColumnBuilder<int>)elements).Append(v);
                break;
            case (DataType.Int64, ScalarField.DataOneofCase.LongData):
                foreach (var v in row.LongData.Data) ((FixedColumnBuilder<long>)elements).Append(v);
                break;
            case (DataType.Float, ScalarField.DataOneofCase.FloatData):
                foreach (var v in row.FloatData.Data) ((FixedColumnBuilder<float>)elements).Append(v);
                break;
            case (DataType.Double, ScalarField.DataOneofCase.DoubleData):
                foreach (var v in row.DoubleData.Data) ((FixedColumnBuilder<double>)elements).Append(v);
                break;
            case (DataType.VarChar, ScalarField.DataOneofCase.StringData):
                foreach (var v in row.StringData.Data) ((BinaryColumnBuilder)elements).Append(v);
                break;
            default:
                throw MilvusException.InvalidParameter($"array type mismatch in field {name}: elements are {element}, a row is {row.DataCase}");
        }
    }

    /// <summary>The narrowest type that the first filled row allows, when nobody says better.</summary>
    private static DataType Guess(ArrayArray data)
    {
        foreach (var row in data.Data)
        {
            switch (row.DataCase)
            {
                case ScalarField.DataOneofCase.BoolData: return DataType.Bool;
                case ScalarField.DataOneofCase.IntData: return DataType.Int32;
                case ScalarField.DataOneofCase.LongData: return DataType.Int64;
                case ScalarField.DataOneofCase.FloatData: return DataType.Float;
                case ScalarField.DataOneofCase.DoubleData: return DataType.Double;
                case ScalarField.DataOneofCase.StringData: return DataType.VarChar;
            }
        }
        return DataType.Int64;
    }
}
