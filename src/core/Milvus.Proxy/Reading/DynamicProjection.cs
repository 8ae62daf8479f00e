using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Proxy.Reading;

/// <summary>Restricts the objects of the dynamic field to some top-level keys, copying values byte for byte.</summary>
internal static class DynamicProjection
{
    public static BinaryColumn Restrict(BinaryColumn column, ImmutableArray<string> keys)
    {
        var names = new byte[keys.Length][];
        for (var i = 0; i < names.Length; i++) names[i] = Encoding.UTF8.GetBytes(keys[i]);
        var builder = new BinaryColumnBuilder(DataType.Json);
        var output = new ArrayBufferWriter<byte>();
        for (var row = 0; row < column.Count; row++)
        {
            output.ResetWrittenCount();
            Write(column.IsNull(row) ? "{}"u8 : column[row], names, output);
            builder.Append(output.WrittenSpan);
        }
        return builder.Build();
    }

    private static void Write(ReadOnlySpan<byte> value, byte[][] names, ArrayBufferWriter<byte> output)
    {
        output.Write("{"u8);
        var reader = new Utf8JsonReader(value);
        var any = false;
        if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var keep = IsOneOf(ref reader, names);
                var from = (int)reader.TokenStartIndex;
                reader.Read();
                reader.Skip();
                if (!keep) continue;
                if (any) output.Write(","u8);
                output.Write(value[from..(int)reader.BytesConsumed]);
                any = true;
            }
        }
        output.Write("}"u8);
    }

    private static bool IsOneOf(ref Utf8JsonReader reader, byte[][] names)
    {
        foreach (var name in names)
            if (reader.ValueTextEquals(name)) return true;
        return false;
    }
}
