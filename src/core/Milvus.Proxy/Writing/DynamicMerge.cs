using System.Buffers;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Json;

namespace Milvus.Proxy.Writing;

/// <summary>Merges dynamic objects by top-level key: given keys replace stored ones, the others stay.</summary>
internal static class DynamicMerge
{
    /// <param name="stored">Objects that <paramref name="at"/> points into; −1 for rows that are new.</param>
    public static BinaryColumn Merge(BinaryColumn stored, int[] at, BinaryColumn update)
    {
        var builder = new BinaryColumnBuilder(DataType.Json);
        var output = new ArrayBufferWriter<byte>();
        for (var row = 0; row < at.Length; row++)
        {
            if (at[row] < 0 || stored.IsNull(at[row])) builder.AppendFrom(update, row);
            else if (update.IsNull(row)) builder.AppendFrom(stored, at[row]);
            else
            {
                output.ResetWrittenCount();
                Merge(stored[at[row]], update[row], output);
                if (output.WrittenCount > Limits.JsonMaxBytes)
                    throw MilvusException.InvalidParameter(
                        $"the length ({output.WrittenCount}) of dynamic field exceeds max length ({Limits.JsonMaxBytes})", "valid length dynamic field", "length exceeds max length");
                builder.Append(output.WrittenSpan);
            }
        }
        return builder.Build();
    }

    private static void Merge(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> update, ArrayBufferWriter<byte> output)
    {
        var given = JsonMembers.Names(update);
        var any = false;
        output.Write("{"u8);
        JsonMembers.Copy(stored, (ref Utf8JsonReader name) => !given.Contains(name.GetString()!), output, ref any);
        JsonMembers.Copy(update, (ref Utf8JsonReader _) => true, output, ref any);
        output.Write("}"u8);
    }
}
