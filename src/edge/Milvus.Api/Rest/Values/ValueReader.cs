using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Api.Rest.Values;

/// <summary>Reads one JSON value of a field's type. Throws FormatException and its kin; the caller knows row and field.</summary>
internal static class ValueReader
{
    /// <param name="zone">Of timestamps without an offset; null for UTC.</param>
    public static void Append(ColumnBuilder builder, FieldSchema field, JsonElement value, TimeZoneInfo? zone = null)
    {
        switch (builder)
        {
            case FixedColumnBuilder<bool> b: b.Append(ReadBool(value)); break;
            case FixedColumnBuilder<sbyte> b: b.Append(checked((sbyte)ReadInt(value))); break;
            case FixedColumnBuilder<short> b: b.Append(checked((short)ReadInt(value))); break;
            case FixedColumnBuilder<int> b: b.Append(checked((int)ReadInt(value))); break;
            case FixedColumnBuilder<long> b when field.Type == DataType.Timestamptz: b.Append(ReadTime(value, zone ?? TimeZoneInfo.Utc)); break;
            case FixedColumnBuilder<long> b: b.Append(ReadInt(value)); break;
            case FixedColumnBuilder<float> b: b.Append((float)ReadDouble(value)); break;
            case FixedColumnBuilder<double> b: b.Append(ReadDouble(value)); break;
            case VectorColumnBuilder b: b.Append(ReadDense(value, field.Type, field.Dimension)); break;
            case ArrayColumnBuilder b: AppendArray(b, field, value); break;
            case BinaryColumnBuilder b when field.Type == DataType.SparseFloatVector: b.Append(ReadSparse(value)); break;
            // A JSON string is taken as the text of the JSON value, as given; anything else is the value itself.
            case BinaryColumnBuilder b when field.Type == DataType.Json: b.Append(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText()); break;
            case BinaryColumnBuilder b when field.Type == DataType.Geometry: b.Append(GeometryCodec.ToWkb(ReadText(value))); break;
            case BinaryColumnBuilder b: b.Append(ReadText(value)); break;
            default: throw new FormatException($"type {field.Type} cannot be given as JSON");
        }
    }

    /// <summary>The bytes of one dense vector: from numbers, or from base64 for the types that are not float32.</summary>
    public static byte[] ReadDense(JsonElement value, DataType type, int dimension)
    {
        if (value.ValueKind == JsonValueKind.String && type is (DataType.BinaryVector or DataType.Float16Vector or DataType.BFloat16Vector or DataType.Int8Vector))
        {
            var raw = value.GetBytesFromBase64();
            return raw.Length == type.VectorBytes(dimension) ? raw : throw new FormatException($"dimension: {dimension}, bytes: {raw.Length}, a vector has {type.VectorBytes(dimension)} bytes");
        }
        if (value.ValueKind != JsonValueKind.Array) throw new FormatException("a vector is expected");
        var count = value.GetArrayLength();
        var expected = type == DataType.BinaryVector ? dimension / 8 : dimension;
        if (count != expected) throw new FormatException($"the dim ({(type == DataType.BinaryVector ? count * 8 : count)}) of field data is not equal to schema dim ({dimension})");
        var bytes = new byte[type.VectorBytes(dimension)];
        var i = 0;
        foreach (var e in value.EnumerateArray())
        {
            if (e.ValueKind != JsonValueKind.Number) throw new FormatException("a vector holds numbers");
            switch (type)
            {
                case DataType.FloatVector: BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), e.GetSingle()); break;
                case DataType.Float16Vector: BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(i * 2), (Half)e.GetSingle()); break;
                case DataType.BFloat16Vector: BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * 2), RoundToBFloat16(e.GetSingle())); break;
                case DataType.Int8Vector: bytes[i] = unchecked((byte)checked((sbyte)e.GetInt32())); break;
                default: bytes[i] = checked((byte)e.GetInt32()); break;
            }
            i++;
        }
        return bytes;
    }

    /// <summary>A sparse row from <c>{"12":0.5}</c> or <c>{"indices":[12],"values":[0.5]}</c>, ascending by index.</summary>
    public static byte[] ReadSparse(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) throw new FormatException("a sparse vector is an object");
        var pairs = new List<(uint Index, float Value)>();
        if (value.TryGetProperty("indices", out var indices) && value.TryGetProperty("values", out var values))
        {
            if (indices.ValueKind != JsonValueKind.Array || values.ValueKind != JsonValueKind.Array || indices.GetArrayLength() != values.GetArrayLength())
                throw new FormatException("indices and values of a sparse vector have the same length");
            pairs.AddRange(indices.EnumerateArray().Zip(values.EnumerateArray(), (i, v) => (i.GetUInt32(), v.GetSingle())));
        }
        else
        {
            foreach (var member in value.EnumerateObject())
                pairs.Add((uint.Parse(member.Name, NumberStyles.None, CultureInfo.InvariantCulture), member.Value.GetSingle()));
        }
        pairs.Sort((a, b) => a.Index.CompareTo(b.Index));
        var bytes = new byte[pairs.Count * 8];
        for (var i = 0; i < pairs.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 8), pairs[i].Index);
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan((i * 8) + 4), pairs[i].Value);
        }
        return bytes;
    }

    private static ushort RoundToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static void AppendArray(ColumnBuilder builder, FieldSchema field, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) throw new FormatException("an array is expected");
        var array = (ArrayColumnBuilder)builder;
        var element = new FieldSchema { Name = field.Name, Type = field.ElementType };
        // Converted first, so that a bad element leaves no half row behind.
        foreach (var e in value.EnumerateArray())
            if (e.ValueKind == JsonValueKind.Null) throw new FormatException("an array holds no nulls");
        foreach (var e in value.EnumerateArray()) Append(array.Elements, element, e);
        array.EndRow();
    }

    private static string ReadText(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new FormatException("a string is expected");

    private static long ReadTime(JsonElement value, TimeZoneInfo zone)
    {
        var text = ReadText(value);
        return TimestampText.TryParse(text, zone, out var microseconds) ? microseconds : throw new FormatException(TimestampText.Invalid(text));
    }

    private static bool ReadBool(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => bool.Parse(value.GetString()!),
        _ => throw new FormatException("a bool is expected"),
    };

    private static long ReadInt(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetInt64(),
        JsonValueKind.String => long.Parse(value.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        _ => throw new FormatException("an integer is expected"),
    };

    private static double ReadDouble(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String => double.Parse(value.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture),
        _ => throw new FormatException("a number is expected"),
    };
}
