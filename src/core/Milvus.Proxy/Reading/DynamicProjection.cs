using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Json;

namespace Milvus.Proxy.Reading;

/// <summary>Restricts the objects of the dynamic field to some top-level keys.</summary>
internal static class DynamicProjection
{
    public static BinaryColumn Restrict(BinaryColumn column, ImmutableArray<string> keys)
    {
        var names = new byte[keys.Length][];
        for (var i = 0; i < names.Length; i++) names[i] = Encoding.UTF8.GetBytes(keys[i]);
        MemberChoice isAsked = (ref Utf8JsonReader name) =>
        {
            foreach (var n in names)
                if (name.ValueTextEquals(n)) return true;
            return false;
        };
        var builder = new BinaryColumnBuilder(DataType.Json);
        var output = new ArrayBufferWriter<byte>();
        for (var row = 0; row < column.Count; row++)
        {
            output.ResetWrittenCount();
            output.Write("{"u8);
            var any = false;
            if (!column.IsNull(row)) JsonMembers.Copy(column[row], isAsked, output, ref any);
            output.Write("}"u8);
            builder.Append(output.WrittenSpan);
        }
        return builder.Build();
    }
}
