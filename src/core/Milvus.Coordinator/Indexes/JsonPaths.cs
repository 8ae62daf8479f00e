using System.Text;
using Milvus.Model;

namespace Milvus.Coordinator.Indexes;

/// <summary>Paths into JSON fields, written <c>field["a"]["b"]</c> or, for dynamic keys, by the key alone.</summary>
internal static class JsonPaths
{
    /// <summary>
    /// The path as <c>/a/b</c> with each key escaped as in JSON Pointer, empty for the whole field. Two spellings of the same path give the same text.
    /// </summary>
    /// <exception cref="MilvusException">1100: the text is no path into the field.</exception>
    public static string Normalize(FieldSchema field, string path)
    {
        var bracket = path.IndexOf('[');
        var name = bracket < 0 ? path : path[..bracket];
        var result = new StringBuilder();
        if (name != field.Name)
        {
            if (!field.IsDynamic || name.Length == 0)
                throw MilvusException.InvalidParameter($"cannot parse identifier: {path}, it is not a path into field {field.Name}");
            if (!IsIdentifier(name)) throw MilvusException.InvalidParameter($"cannot parse identifier: {path}, error: mismatched input '{name}'");
            Append(result, name);
        }
        for (var i = bracket < 0 ? path.Length : bracket; i < path.Length;)
        {
            var end = EndOfKey(path, i);
            if (end < 0) throw MilvusException.InvalidParameter($"cannot parse identifier: {path}");
            var key = path[(i + 1)..end];
            Append(result, key.Length >= 2 && key[0] is '"' or '\'' ? key[1..^1] : key);
            i = end + 1;
        }
        return result.ToString();
    }

    /// <summary>The keys of a normalized path.</summary>
    public static System.Collections.Immutable.ImmutableArray<string> Keys(string normalized) =>
        normalized.Length == 0 ? [] : [.. normalized[1..].Split('/').Select(k => k.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];

    private static bool IsIdentifier(string name)
    {
        foreach (var c in name)
            if (!char.IsLetterOrDigit(c) && c is not ('_' or '$')) return false;
        return !char.IsAsciiDigit(name[0]);
    }

    // The position of the closing bracket of the key that opens at start, or -1.
    private static int EndOfKey(string path, int start)
    {
        if (path[start] != '[' || start + 1 >= path.Length) return -1;
        var quote = path[start + 1];
        if (quote is '"' or '\'')
        {
            var close = path.IndexOf(quote, start + 2);
            return close > 0 && close + 1 < path.Length && path[close + 1] == ']' ? close + 1 : -1;
        }
        var end = path.IndexOf(']', start);
        return end > start + 1 && path.AsSpan(start + 1, end - start - 1).IndexOfAnyExceptInRange('0', '9') < 0 ? end : -1;
    }

    private static void Append(StringBuilder result, string key) => result.Append('/').Append(key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
}
