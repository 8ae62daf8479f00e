using System.Buffers;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Merges dynamic objects by top-level key: given keys replace stored ones, the others stay.</summary>
internal static class DynamicMerge
{
    /// <param name="stored">Objects that <paramref name="at"/> points into; −1 for rows that are new.</param>
    public static BinaryColumn Merge(BinaryColumn stored, int[] at, BinaryColumn update)
    {
        var builder = new BinaryColumnBuilder(DataType.Json);
        for (var row = 0; row < at.Length; row++)
        {
            if (at[row] < 0 || stored.IsNull(at[row])) builder.AppendFrom(update, row);
            else if (update.IsNull(row)) builder.AppendFrom(stored, at[row]);
            else
            {
                var merged = Merge(stored.GetMemory(at[row]), update.GetMemory(row));
                if (merged.Length > Limits.JsonMaxBytes)
                    throw MilvusException.InvalidParameter(
                        $"the length ({merged.Length}) of dynamic field exceeds max length ({Limits.JsonMaxBytes})", "valid length dynamic field", "length exceeds max length");
                builder.Append(merged);
            }
        }
        return builder.Build();
    }

    private static ReadOnlySpan<byte> Merge(ReadOnlyMemory<byte> stored, ReadOnlyMemory<byte> update)
    {
        using var before = JsonDocument.Parse(stored);
        using var given = JsonDocument.Parse(update);
        var output = new ArrayBufferWriter<byte>(stored.Length + update.Length);
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            foreach (var member in before.RootElement.EnumerateObject())
                if (!given.RootElement.TryGetProperty(member.Name, out _)) member.WriteTo(writer);
            foreach (var member in given.RootElement.EnumerateObject()) member.WriteTo(writer);
            writer.WriteEndObject();
        }
        return output.WrittenSpan;
    }
}
