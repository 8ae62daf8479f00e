using System.Text.Json;
using Milvus.Model;
using Milvus.Text.Analyzers.Filters;
using Milvus.Text.Analyzers.Stemming;
using Milvus.Text.Analyzers.StopWords;
using Milvus.Text.Analyzers.Tokenizers;

namespace Milvus.Text.Analyzers;

/// <summary>Reads <c>analyzer_params</c>: <c>{"type": built-in, …}</c> or <c>{"tokenizer": …, "filter": […]}</c>.</summary>
internal static class AnalyzerParser
{
    private static readonly JsonDocumentOptions s_json = new() { MaxDepth = 16 };

    public static Analyzer Parse(string? analyzerParams, AnalyzerSources sources)
    {
        if (string.IsNullOrWhiteSpace(analyzerParams))
            return Analyzer.Standard;
        try
        {
            using JsonDocument document = JsonDocument.Parse(analyzerParams, s_json);
            return Parse(document.RootElement, sources);
        }
        catch (JsonException e)
        {
            throw new MilvusException(
                ErrorCode.InvalidParameter, $"analyzer params is not valid JSON: {e.Message}: invalid parameter", e)
            { IsInputError = true };
        }
    }

    public static Analyzer Parse(JsonElement root, AnalyzerSources sources)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw MilvusException.InvalidParameter("analyzer params should be a json map");
        if (!root.EnumerateObject().Any())
            return Analyzer.Standard;
        return root.TryGetProperty("type", out JsonElement type) ? BuiltIn(root, type) : Custom(root, sources);
    }

    private static Analyzer BuiltIn(JsonElement root, JsonElement type)
    {
        var settings = new JsonSettings(root, "analyzer option");
        string name = settings.Text(type, "analyzer type should be string");
        if (name is not ("standard" or "english" or "chinese" or "arabic" or "thai"))
            throw MilvusException.InvalidParameter($"unknown build-in analyzer type: {name}");
        // Whatever else stands beside the type of a built-in analyzer is ignored, as in Milvus.
        List<string> stopWords = [.. StopWordLists.Expand(settings.TextList("stop_words"))];
        Tokenizer tokenizer = name switch
        {
            "chinese" => new JiebaTokenizer(Chinese.ChineseSegmenter.Default, searchMode: true, pairUnknown: true),
            "thai" => new ThaiTokenizer(),
            _ => new StandardTokenizer(),
        };
        List<Func<TokenStage, TokenStage>> filters = [];
        if (name == "chinese")
            filters.Add(next => new CnAlphaNumOnlyFilter(next));
        else
            filters.Add(next => new LowercaseFilter(next));
        if (name is "arabic" or "thai")
            filters.Add(next => new DecimalDigitFilter(next));
        if (name == "arabic")
        {
            filters.Add(next => new ArabicNormalizationFilter(next));
            filters.Add(next => new StemmerFilter(new ArabicStemmer(), next));
        }
        if (name == "english")
            filters.Add(next => new EnglishStemmerFilter(next));
        // The stemmers run first, so stop words meet stems, as in Milvus.
        if (name is "arabic" or "english" or "thai")
            stopWords.AddRange(StopWordLists.Of(name));
        AddStopWords(filters, stopWords);
        return new Analyzer(tokenizer, [.. filters]);
    }

    private static void AddStopWords(List<Func<TokenStage, TokenStage>> filters, List<string> stopWords)
    {
        if (stopWords.Count == 0)
            return;
        var words = new TermSet(stopWords);
        filters.Add(next => new StopFilter(words, next));
    }

    private static Analyzer Custom(JsonElement root, AnalyzerSources sources)
    {
        if (!root.TryGetProperty("tokenizer", out JsonElement tokenizer))
            throw MilvusException.InvalidParameter("tokenizer name or type must be set");
        new JsonSettings(root, "analyzer option").Allow("tokenizer", "filter");
        List<Func<TokenStage, TokenStage>> filters = [];
        if (root.TryGetProperty("filter", out JsonElement list))
        {
            if (list.ValueKind != JsonValueKind.Array)
                throw MilvusException.InvalidParameter("filter params should be array");
            foreach (JsonElement filter in list.EnumerateArray())
                filters.Add(FilterParser.Parse(filter));
        }
        return new Analyzer(TokenizerParser.Parse(tokenizer, sources), [.. filters]);
    }
}
