using System.Collections.Immutable;
using System.Text;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>Reads names that may lead into JSON: <c>meta["a"]["b"]</c>, <c>/a/b</c>, a key of the dynamic field.</summary>
internal static class JsonPathText
{
    /// <summary>What a name stands for: a field, and the path inside of a JSON field (empty for the field itself).</summary>
    /// <param name="path">A path given apart from the name; empty for none.</param>
    /// <returns>Null when there is no such field and no dynamic field.</returns>
    public static (FieldSchema Field, ImmutableArray<string> Path)? Resolve(CollectionSchema schema, string name, string path = "")
    {
        var bracket = name.IndexOf('[', StringComparison.Ordinal);
        var root = bracket < 0 ? name : name[..bracket];
        var steps = (bracket < 0 ? [] : Parse(name[bracket..])).AddRange(Parse(path));
        if (schema.Find(name) is { } whole && path.Length == 0) return (whole, []);
        if (schema.Find(root) is { } field) return field.Type == DataType.Json ? (field, steps) : bracket < 0 && steps.IsEmpty ? (field, []) : null;
        // A path that begins with the field's own name, as paths of indexes do.
        return schema.DynamicField is { } dynamic ? (dynamic, steps.Insert(0, root)) : null;
    }

    /// <exception cref="MilvusException">1100: not a path.</exception>
    public static ImmutableArray<string> Parse(string text)
    {
        if (text.Length == 0) return [];
        if (text[0] == '/') return [.. text[1..].Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
        var steps = ImmutableArray.CreateBuilder<string>();
        var at = text[0] == '[' ? 0 : text.IndexOf('[', StringComparison.Ordinal);
        // A name in front of the brackets is the field's.
        if (at < 0) return [text];
        while (at < text.Length)
        {
            if (text[at++] != '[' || at == text.Length) throw Wrong(text);
            var step = new StringBuilder();
            var quote = text[at];
            if (quote is '"' or '\'')
            {
                for (at++; at < text.Length && text[at] != quote; at++)
                {
                    if (text[at] == '\\' && at + 1 < text.Length) at++;
                    step.Append(text[at]);
                }
                at++;
            }
            else
            {
                for (; at < text.Length && char.IsAsciiDigit(text[at]); at++) step.Append(text[at]);
                if (step.Length == 0) throw Wrong(text);
            }
            if (at >= text.Length || text[at++] != ']') throw Wrong(text);
            steps.Add(step.ToString());
        }
        return steps.DrainToImmutable();
    }

    private static MilvusException Wrong(string text) => MilvusException.InvalidParameter($"invalid JSON path {text}");
}
