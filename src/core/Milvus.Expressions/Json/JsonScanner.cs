using System.Buffers;
using System.Text.Json;

namespace Milvus.Expressions.Json;

/// <summary>
/// Finds the text of one value inside a JSON text without looking at the rest more closely than needed: keys are compared, everything
/// else is skipped. Documents were checked when they were inserted, so nothing is validated here; damaged text yields some slice or
/// none, never a failure, and what reads the slice does check it.
/// </summary>
internal static class JsonScanner
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> AfterScalar = SearchValues.Create(",}] \t\r\n"u8);

    /// <summary>The value at the path (at the first one, where keys repeat), or false when there is none.</summary>
    public static bool TryFind(ReadOnlySpan<byte> json, JsonPath? path, out ReadOnlySpan<byte> value)
    {
        var at = SkipBlank(json, 0);
        if (path is not null)
        {
            foreach (ref readonly var step in path.Steps.AsSpan())
            {
                at = at >= json.Length ? -1
                    : json[at] == '{' ? FindKey(json, at, step.Key)
                    : json[at] == '[' && step.Index >= 0 ? FindPosition(json, at, step.Index)
                    : -1;
                if (at < 0)
                {
                    value = default;
                    return false;
                }
            }
        }
        var end = SkipValue(json, at);
        value = json[at..end];
        return end > at;
    }

    /// <summary>The position of the key's value in the object at <paramref name="at"/>, or −1.</summary>
    private static int FindKey(ReadOnlySpan<byte> json, int at, ReadOnlySpan<byte> key)
    {
        at = SkipBlank(json, at + 1);
        while (at < json.Length && json[at] == '"')
        {
            var end = EndOfString(json, at);
            var match = KeyEquals(json[at..end], key);
            at = SkipBlank(json, end);
            if (at >= json.Length || json[at] != ':') return -1;
            at = SkipBlank(json, at + 1);
            if (match) return at;
            at = SkipBlank(json, SkipValue(json, at));
            if (at >= json.Length || json[at] != ',') return -1;
            at = SkipBlank(json, at + 1);
        }
        return -1;
    }

    private static int FindPosition(ReadOnlySpan<byte> json, int at, int index)
    {
        at = SkipBlank(json, at + 1);
        if (at < json.Length && json[at] == ']') return -1;
        for (; index > 0; index--)
        {
            at = SkipBlank(json, SkipValue(json, at));
            if (at >= json.Length || json[at] != ',') return -1;
            at = SkipBlank(json, at + 1);
        }
        return at;
    }

    /// <param name="quoted">The key with its quotes.</param>
    private static bool KeyEquals(ReadOnlySpan<byte> quoted, ReadOnlySpan<byte> key)
    {
        if (quoted.Length < 2) return false;
        var raw = quoted[1..^1];
        if (raw.IndexOf((byte)'\\') < 0) return raw.SequenceEqual(key);
        // An escape is never shorter than what it stands for.
        if (raw.Length < key.Length) return false;
        var reader = new Utf8JsonReader(quoted);
        return reader.Read() && reader.ValueTextEquals(key);
    }

    private static int SkipBlank(ReadOnlySpan<byte> json, int at)
    {
        while (at < json.Length && json[at] <= ' ') at++;
        return at;
    }

    /// <summary>The position behind the string whose opening quote is at <paramref name="at"/>.</summary>
    private static int EndOfString(ReadOnlySpan<byte> json, int at)
    {
        at++;
        while (true)
        {
            var hop = json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (hop < 0) return json.Length;
            at += hop + 1;
            if (json[at - 1] == '"') return at;
            if (++at >= json.Length) return json.Length;
        }
    }

    /// <summary>The position behind the value at <paramref name="at"/>.</summary>
    private static int SkipValue(ReadOnlySpan<byte> json, int at)
    {
        if (at >= json.Length) return json.Length;
        switch (json[at])
        {
            case (byte)'"':
                return EndOfString(json, at);
            case (byte)'{' or (byte)'[':
                return EndOfContainer(json, at);
            default:
                var length = json[at..].IndexOfAny(AfterScalar);
                return length < 0 ? json.Length : at + length;
        }
    }

    private static int EndOfContainer(ReadOnlySpan<byte> json, int at)
    {
        var depth = 0;
        while (at < json.Length)
        {
            var hop = json[at..].IndexOfAny(Structure);
            if (hop < 0) return json.Length;
            at += hop;
            switch (json[at])
            {
                case (byte)'"':
                    at = EndOfString(json, at);
                    continue;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                default:
                    depth--;
                    break;
            }
            at++;
            if (depth == 0) return at;
        }
        return json.Length;
    }
}
