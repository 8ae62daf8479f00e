using System.Buffers;
using System.Text.Json;

namespace Milvus.Proxy.Json;

/// <summary>Decides about a member by its name, at which the reader stands.</summary>
internal delegate bool MemberChoice(ref Utf8JsonReader name);

/// <summary>Takes JSON objects apart by top-level member, byte for byte: nothing is decoded and written anew.</summary>
internal static class JsonMembers
{
    /// <summary>Appends the chosen members of an object, separated by commas.</summary>
    /// <param name="value">Valid JSON; anything but an object has no members.</param>
    /// <param name="any">True once a member was written, before or by this call.</param>
    public static void Copy(ReadOnlySpan<byte> value, MemberChoice choose, ArrayBufferWriter<byte> output, ref bool any)
    {
        var reader = new Utf8JsonReader(value);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var take = choose(ref reader);
            var from = (int)reader.TokenStartIndex;
            reader.Read();
            reader.Skip();
            if (!take) continue;
            if (any) output.Write(","u8);
            output.Write(value[from..(int)reader.BytesConsumed]);
            any = true;
        }
    }

    public static HashSet<string> Names(ReadOnlySpan<byte> value)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var any = false;
        Copy(value, (ref Utf8JsonReader name) => !names.Add(name.GetString()!), new ArrayBufferWriter<byte>(), ref any);
        return names;
    }
}
