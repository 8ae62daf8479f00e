using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>Reads lists of names from one parameter text: separated by commas, or a JSON array of strings.</summary>
internal static class NameLists
{
    /// <summary>The names without blanks around them. Commas inside of brackets or quotes, as in JSON paths, do not separate.</summary>
    public static ImmutableArray<string> Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return [];
        if (text.TrimStart().StartsWith('[') && Json(text) is { } list) return list;
        return Split(text, ',');
    }

    /// <summary>Splits at a separator outside of brackets and quotes.</summary>
    public static ImmutableArray<string> Split(string text, char separator)
    {
        var parts = ImmutableArray.CreateBuilder<string>();
        var (start, depth) = (0, 0);
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote != '\0')
            {
                if (c == '\\') i++;
                else if (c == quote) quote = '\0';
            }
            else if (c is '"' or '\'') quote = c;
            else if (c == '[') depth++;
            else if (c == ']') depth--;
            else if (c == separator && depth == 0)
            {
                parts.Add(text[start..i].Trim());
                start = i + 1;
            }
        }
        parts.Add(text[start..].Trim());
        return parts.DrainToImmutable();
    }

    private static ImmutableArray<string>? Json(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<string[]>(text) is { } names ? [.. names.Select(n => n.Trim())] : [];
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>One entry of <c>order_by_fields</c>: <c>field[:asc|desc[:nulls_first|nulls_last]]</c>.</summary>
internal readonly record struct OrderItem(string Name, bool Descending, bool NullsFirst)
{
    /// <exception cref="MilvusException">1100: not such an entry.</exception>
    /// <param name="demand">How a wrong direction is refused: queries and searches word it differently in Milvus.</param>
    public static ImmutableArray<OrderItem> Parse(string? text, string demand) => [.. NameLists.Parse(text).Select(t => ParseOne(t, demand))];

    private static OrderItem ParseOne(string text, string demand)
    {
        var parts = NameLists.Split(text, ':');
        if (parts[0].Length == 0) throw MilvusException.InvalidParameter("order_by field '' does not exist in collection schema");
        if (parts.Length > 3) throw MilvusException.InvalidParameter($"invalid order_by field '{text}', expected field[:asc|desc[:nulls_first|nulls_last]]");
        var descending = parts.Length > 1 && parts[1].ToLowerInvariant() switch
        {
            "" or "asc" or "ascending" => false,
            "desc" or "descending" => true,
            var other => throw MilvusException.InvalidParameter($"invalid order direction '{other}' for field '{parts[0]}', {demand} 'asc' or 'desc'"),
        };
        var nullsFirst = parts.Length > 2
            ? parts[2].ToLowerInvariant() switch
            {
                "nulls_first" => true,
                "nulls_last" => false,
                var other => throw MilvusException.InvalidParameter($"invalid nulls order '{other}' for order_by field '{parts[0]}', expected nulls_first or nulls_last"),
            }
            : descending;
        return new OrderItem(parts[0], descending, nullsFirst);
    }
}
