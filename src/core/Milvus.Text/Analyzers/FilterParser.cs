using System.Text.Json;
using System.Text.RegularExpressions;
using Milvus.Model;
using Milvus.Text.Analyzers.Filters;
using Milvus.Text.Analyzers.StopWords;

namespace Milvus.Text.Analyzers;

/// <summary>Reads one entry of a custom analyzer's <c>filter</c> list: a name or an object with <c>type</c>. Keys that a filter has no use for are ignored, as in Milvus.</summary>
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
        if (type != "pinyin" && Simple(type) is { } simple)
            return simple;
        return type switch
        {
            "length" => Length(settings),
            "stop" => Stop(settings),
            "stemmer" => Stemmer(settings),
            "regex" => Pattern(settings),
            "synonym" => Synonym(settings),
            "decompounder" => Decompounder(settings),
            "pinyin" => Pinyin(settings),
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
        "pinyin" => next => new PinyinFilter(PinyinForms.Original | PinyinForms.Full, next),
        "arabic_normalization" => next => new ArabicNormalizationFilter(next),
        _ => null,
    };

    private static Func<TokenStage, TokenStage> Length(JsonSettings settings)
    {
        long max = (long)Math.Min(long.MaxValue, settings.Unsigned("max", "length max param was none or not uint"));
        return next => new LengthFilter(max, next);
    }

    private static Func<TokenStage, TokenStage> Stop(JsonSettings settings)
    {
        RefuseFile(settings, "stop_words_file");
        var words = new TermSet(StopWordLists.Expand(settings.TextList("stop_words")));
        return next => new StopFilter(words, next);
    }

    private static Func<TokenStage, TokenStage> Stemmer(JsonSettings settings)
    {
        string language = settings.Text("language", "stemmer language field should be string").ToLowerInvariant();
        return language switch
        {
            "english" => next => new EnglishStemmerFilter(next),
            _ when Stemming.Stemmer.Find(language) is { } stemmer => next => new StemmerFilter(stemmer, next),
            _ => throw MilvusException.InvalidParameter($"unsupport stemmer language: {language}"),
        };
    }

    private static Func<TokenStage, TokenStage> Pinyin(JsonSettings settings)
    {
        PinyinForms forms = (settings.Flag("keep_original", true) ? PinyinForms.Original : 0)
            | (settings.Flag("keep_full_pinyin", true) ? PinyinForms.Full : 0)
            | (settings.Flag("keep_joined_full_pinyin", false) ? PinyinForms.Joined : 0)
            | (settings.Flag("keep_separate_first_letter", false) ? PinyinForms.Initials : 0);
        return next => new PinyinFilter(forms, next);
    }

    private static Func<TokenStage, TokenStage> Decompounder(JsonSettings settings)
    {
        RefuseFile(settings, "word_list_file");
        List<string> list = settings.TextList("word_list");
        if (list.Count == 0)
            throw MilvusException.InvalidParameter("decompounder word list must be set and not empty");
        var words = new TermSet(list);
        return next => new DecompounderFilter(words, next);
    }

    private static Func<TokenStage, TokenStage> Pattern(JsonSettings settings)
    {
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
        var table = new SynonymTable(settings.TextList("synonyms"), settings.Flag("expand", true));
        return next => new SynonymFilter(table, next);
    }

    private static void RefuseFile(JsonSettings settings, string key)
    {
        if (settings.Has(key))
            throw MilvusException.InvalidParameter($"filter option {key} is not supported here: file resources are read when a collection is made or an analyzer is run");
    }
}
