using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Text.Analyzers.Chinese;
using Milvus.Text.Analyzers.Morphology;
using Milvus.Text.Analyzers.Remote;
using Milvus.Text.Analyzers.Tokenizers;

namespace Milvus.Text.Analyzers;

/// <summary>Reads the <c>tokenizer</c> of a custom analyzer: a name or an object with <c>type</c>. Keys that a tokenizer has no use for are ignored, as in Milvus.</summary>
internal static class TokenizerParser
{
    public static Tokenizer Parse(JsonElement element, AnalyzerSources sources)
    {
        if (element.ValueKind == JsonValueKind.String)
            return Create(element.GetString()!, null, element, sources);
        if (element.ValueKind != JsonValueKind.Object)
            throw MilvusException.InvalidParameter("tokenizer name should be string or dict");
        var settings = new JsonSettings(element, "tokenizer option");
        return Create(settings.Text("type", "tokenizer type should be string"), settings, element, sources);
    }

    private static Tokenizer Create(string name, JsonSettings? settings, JsonElement element, AnalyzerSources sources)
    {
        switch (name)
        {
            case "standard":
                return settings?.Flag("uax29", false) == true ? new WordBreakTokenizer(wordsOnly: true) : new StandardTokenizer();
            case "whitespace":
                return new WhitespaceTokenizer();
            case "char_group":
                return CharGroup(settings ?? throw MilvusException.InvalidParameter("char group tokenizer delimiters can't be empty"));
            case "icu":
                return new WordBreakTokenizer(wordsOnly: false);
            case "thai":
                return new ThaiTokenizer();
            case "jieba":
                return settings is { } options ? Jieba(options) : new JiebaTokenizer(ChineseSegmenter.Default, searchMode: true, pairUnknown: true);
            case "language_identifier":
                return Languages(settings ?? throw MilvusException.InvalidParameter("language_identifier tokenizer must set analyzers"), sources);
            case "lindera":
                return settings is null ? throw MilvusException.InvalidParameter("lindera tokenizer dict_kind must be set") : LinderaParser.Parse(element, sources.Dictionaries);
            case "grpc":
                return settings is null ? throw MilvusException.InvalidParameter("grpc tokenizer must set endpoint") : GrpcTokenizerParser.Parse(element, sources.Services);
            default:
                throw MilvusException.InvalidParameter($"unsupported tokenizer: {name}");
        }
    }

    private static JiebaTokenizer Jieba(JsonSettings settings)
    {
        if (settings.Has("extra_dict_file"))
            throw MilvusException.InvalidParameter("jieba extra_dict_file is not supported here: file resources are read when a collection is made or an analyzer is run");
        string mode = settings.Has("mode") ? settings.Text("mode", "jieba mode should be string") : "search";
        if (mode is not ("search" or "exact"))
            throw MilvusException.InvalidParameter($"jieba mode should be search or exact, but got {mode}");
        List<string> dict = settings.Has("dict") ? settings.TextList("dict") : ["_default_"];
        List<string> words = [.. dict.Where(word => word.Length > 0 && word is not ("_default_" or "_extend_default_"))];
        ChineseSegmenter segmenter = words.Count == 0 && dict.Count > 0
            ? ChineseSegmenter.Default
            : new ChineseSegmenter(words, dict.Count > words.Count);
        return new JiebaTokenizer(segmenter, mode == "search", settings.Flag("hmm", true));
    }

    private static LanguageTokenizer Languages(JsonSettings settings, AnalyzerSources sources)
    {
        string identifier = settings.Has("identifier") ? settings.Text("identifier", "language identifier should be string") : "whatlang";
        if (identifier is not ("whatlang" or "lingua"))
            throw MilvusException.InvalidParameter($"unsupported language identifier: {identifier}");
        var analyzers = new Dictionary<string, Analyzer>(StringComparer.Ordinal);
        foreach (JsonProperty entry in settings.Entries("analyzers"))
            analyzers[entry.Name] = AnalyzerParser.Parse(entry.Value, sources);
        if (!analyzers.ContainsKey("default"))
            throw MilvusException.InvalidParameter("language_identifier tokenizer must set default analyzer");
        foreach (JsonProperty entry in settings.Entries("mapping"))
        {
            string target = settings.Text(entry.Value, "language_identifier mapping should be string");
            if (!analyzers.TryGetValue(target, out Analyzer? analyzer))
                throw MilvusException.InvalidParameter($"language_identifier mapping {entry.Name} names the unknown analyzer {target}");
            analyzers[entry.Name] = analyzer;
        }
        return new LanguageTokenizer(analyzers, identifier);
    }

    private static CharGroupTokenizer CharGroup(JsonSettings settings)
    {
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
