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

    /// <summary>Notes where each member of an object is, its name included, in the place of what was noted under that name before.</summary>
    /// <param name="source">Told beside each place.</param>
    public static void Locate(ReadOnlySpan<byte> value, int source, IDictionary<string, (int Source, Range At)> places)
    {
        var reader = new Utf8JsonReader(value);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            var from = (int)reader.TokenStartIndex;
            reader.Read();
            reader.Skip();
            places[name] = (source, from..(int)reader.BytesConsumed);
        }
    }
}
