using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Text.Analyzers.Tokenizers;

namespace Milvus.Text.Analyzers;

/// <summary>Reads the <c>tokenizer</c> of a custom analyzer: a name or an object with <c>type</c>.</summary>
internal static class TokenizerParser
{
    public static Tokenizer Parse(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String)
            return Create(element.GetString()!, null);
        if (element.ValueKind != JsonValueKind.Object)
            throw MilvusException.InvalidParameter("tokenizer name should be string or dict");
        var settings = new JsonSettings(element, "tokenizer option");
        return Create(settings.Text("type", "tokenizer type should be string"), settings);
    }

    private static Tokenizer Create(string name, JsonSettings? settings)
    {
        switch (name)
        {
            case "standard":
                settings?.Allow("type", "uax29");
                return settings?.Flag("uax29", false) == true
                    ? throw MilvusException.InvalidParameter("standard tokenizer uax29 is not supported yet")
                    : new StandardTokenizer();
            case "whitespace":
                settings?.Allow("type");
                return new WhitespaceTokenizer();
            case "char_group":
                return CharGroup(settings ?? throw MilvusException.InvalidParameter("char group tokenizer delimiters can't be empty"));
            case "jieba" or "lindera" or "icu" or "thai" or "language_identifier" or "grpc":
                throw MilvusException.InvalidParameter($"tokenizer {name} is not supported yet");
            default:
                throw MilvusException.InvalidParameter($"unsupported tokenizer: {name}");
        }
    }

    private static CharGroupTokenizer CharGroup(JsonSettings settings)
    {
        settings.Allow("type", "delimiters");
        if (!settings.Has("delimiters"))
            throw MilvusException.InvalidParameter("char group tokenizer delimiters can't be empty");
        var characters = new List<Rune>();
        CharGroups groups = CharGroups.None;
        foreach (string delimiter in settings.TextList("delimiters"))
        {
            if (Rune.DecodeFromUtf16(delimiter, out Rune rune, out int length) == System.Buffers.OperationStatus.Done && length == delimiter.Length)
                characters.Add(rune);
            else if (CharGroupTokenizer.TryParseGroup(delimiter, out CharGroups group))
                groups |= group;
            else
                throw MilvusException.InvalidParameter($"{delimiter} not a char or name of build-in char group");
        }
        return new CharGroupTokenizer(characters, groups);
    }
}
