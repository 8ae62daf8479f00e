using System.Text.Json;
using System.Text.RegularExpressions;
using Milvus.Model;
using Milvus.Text.Analyzers.Filters;

namespace Milvus.Text.Analyzers;

/// <summary>Reads one entry of a custom analyzer's <c>filter</c> list: a name or an object with <c>type</c>.</summary>
internal static class FilterParser
{
    public static Func<TokenStage, TokenStage> Parse(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String)
        {
            string name = element.GetString()!;
            return Simple(name) ?? throw MilvusException.InvalidParameter($"build analyzer failed, filter not found :{name}");
        }
        if (element.ValueKind != JsonValueKind.Object)
            throw MilvusException.InvalidParameter("filter name should be string or dict");
        var settings = new JsonSettings(element, "filter option");
        if (!settings.Has("type"))
            throw MilvusException.InvalidParameter("no type field in filter params");
        string type = settings.Text("type", "filter type should be string");
        if (Simple(type) is { } simple)
        {
            settings.Allow("type");
            return simple;
        }
        return type switch
        {
            "length" => Length(settings),
            "stop" => Stop(settings),
            "stemmer" => Stemmer(settings),
            "regex" => Pattern(settings),
            "synonym" => Synonym(settings),
            "decompounder" or "pinyin" => throw MilvusException.InvalidParameter($"filter {type} is not supported yet"),
            _ => throw MilvusException.InvalidParameter($"unsupport filter type: {type}"),
        };
    }

    private static Func<TokenStage, TokenStage>? Simple(string name) => name switch
    {
        "lowercase" => next => new LowercaseFilter(next),
        "asciifolding" => next => new AsciiFoldingFilter(next),
        "alphanumonly" => next => new AlphaNumOnlyFilter(next),
        "cncharonly" => next => new CnCharOnlyFilter(next),
        "cnalphanumonly" => next => new CnAlphaNumOnlyFilter(next),
        "removepunct" => next => new RemovePunctFilter(next),
        "decimaldigit" => next => new DecimalDigitFilter(next),
        "arabic_normalization" => throw MilvusException.InvalidParameter("filter arabic_normalization is not supported yet"),
        _ => null,
    };

    private static Func<TokenStage, TokenStage> Length(JsonSettings settings)
    {
        settings.Allow("type", "max");
        long max = (long)Math.Min(long.MaxValue, settings.Unsigned("max", "length max param was none or not uint"));
        return next => new LengthFilter(max, next);
    }

    private static Func<TokenStage, TokenStage> Stop(JsonSettings settings)
    {
        RefuseFile(settings, "stop_words_file");
        settings.Allow("type", "stop_words");
        var words = new TermSet(StopWords.Expand(settings.TextList("stop_words")));
        return next => new StopFilter(words, next);
    }

    private static Func<TokenStage, TokenStage> Stemmer(JsonSettings settings)
    {
        settings.Allow("type", "language");
        string language = settings.Text("language", "stemmer language field should be string").ToLowerInvariant();
        return language switch
        {
            "english" => next => new EnglishStemmerFilter(next),
            "arabic" or "danish" or "dutch" or "finnish" or "french" or "german" or "greek" or "hungarian" or "italian" or "norwegian"
                or "portuguese" or "romanian" or "russian" or "spanish" or "swedish" or "tamil" or "turkish"
                => throw MilvusException.InvalidParameter($"stemmer language {language} is not supported yet"),
            _ => throw MilvusException.InvalidParameter($"unsupport stemmer language: {language}"),
        };
    }

    private static Func<TokenStage, TokenStage> Pattern(JsonSettings settings)
    {
        settings.Allow("type", "expr");
        string expression = settings.Text("expr", "must set expr for regex filter");
        try
        {
            var regex = new Regex(expression, RegexFilter.Options);
            return next => new RegexFilter(regex, next);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw MilvusException.InvalidParameter($"regex expression invalid, {e.Message}");
        }
    }

    private static Func<TokenStage, TokenStage> Synonym(JsonSettings settings)
    {
        RefuseFile(settings, "synonyms_file");
        settings.Allow("type", "synonyms", "expand");
        var table = new SynonymTable(settings.TextList("synonyms"), settings.Flag("expand", true));
        return next => new SynonymFilter(table, next);
    }

    private static void RefuseFile(JsonSettings settings, string key)
    {
        if (settings.Has(key))
            throw MilvusException.InvalidParameter($"filter option {key} is not supported yet");
    }
}
