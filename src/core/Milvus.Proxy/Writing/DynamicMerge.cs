using System.Buffers;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Json;

namespace Milvus.Proxy.Writing;

/// <summary>Merges dynamic objects by top-level key: given keys replace stored ones, the others stay. The result has its keys in order, as Milvus' has.</summary>
internal static class DynamicMerge
{
    /// <param name="stored">Objects that <paramref name="at"/> points into; −1 for rows that are new.</param>
    public static BinaryColumn Merge(BinaryColumn stored, int[] at, BinaryColumn update)
    {
        var builder = new BinaryColumnBuilder(DataType.Json);
        var places = new SortedDictionary<string, (int Source, Range At)>(StringComparer.Ordinal);
        var output = new ArrayBufferWriter<byte>();
        for (var row = 0; row < at.Length; row++)
        {
            if (at[row] < 0 || stored.IsNull(at[row])) builder.AppendFrom(update, row);
            else if (update.IsNull(row)) builder.AppendFrom(stored, at[row]);
            else
            {
                Merge(stored[at[row]], update[row], places, output);
                if (output.WrittenCount > Limits.JsonMaxBytes)
                    throw MilvusException.InvalidParameter(
                        $"the length ({output.WrittenCount}) of dynamic field exceeds max length ({Limits.JsonMaxBytes})", "valid length dynamic field", "length exceeds max length");
                builder.Append(output.WrittenSpan);
            }
        }
        return builder.Build();
    }

    private static void Merge(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> update, SortedDictionary<string, (int Source, Range At)> places, ArrayBufferWriter<byte> output)
    {
        places.Clear();
        JsonMembers.Locate(stored, 0, places);
        JsonMembers.Locate(update, 1, places);
        output.ResetWrittenCount();
        output.Write("{"u8);
        foreach (var (source, at) in places.Values)
        {
            if (output.WrittenCount > 1) output.Write(","u8);
            output.Write(source == 0 ? stored[at] : update[at]);
        }
        output.Write("}"u8);
    }
}
