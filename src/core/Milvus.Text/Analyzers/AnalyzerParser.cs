using System.Text.Json;
using Milvus.Model;
using Milvus.Text.Analyzers.Filters;

namespace Milvus.Text.Analyzers;

/// <summary>Reads <c>analyzer_params</c>: <c>{"type": built-in, …}</c> or <c>{"tokenizer": …, "filter": […]}</c>.</summary>
internal static class AnalyzerParser
{
    private static readonly JsonDocumentOptions s_json = new() { MaxDepth = 16 };

    public static Analyzer Parse(string? analyzerParams)
    {
        if (string.IsNullOrWhiteSpace(analyzerParams))
            return Analyzer.Standard;
        try
        {
            using JsonDocument document = JsonDocument.Parse(analyzerParams, s_json);
            return Parse(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new MilvusException(
                ErrorCode.InvalidParameter, $"analyzer params is not valid JSON: {e.Message}: invalid parameter", e)
            { IsInputError = true };
        }
    }

    public static Analyzer Parse(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw MilvusException.InvalidParameter("analyzer params should be a json map");
        if (!root.EnumerateObject().Any())
            return Analyzer.Standard;
        return root.TryGetProperty("type", out JsonElement type) ? BuiltIn(root, type) : Custom(root);
    }

    private static Analyzer BuiltIn(JsonElement root, JsonElement type)
    {
        var settings = new JsonSettings(root, "analyzer option");
        string name = settings.Text(type, "analyzer type should be string");
        switch (name)
        {
            case "standard" or "english":
                break;
            case "chinese" or "arabic" or "thai":
                throw MilvusException.InvalidParameter($"build-in analyzer type {name} is not supported yet");
            default:
                throw MilvusException.InvalidParameter($"unknown build-in analyzer type: {name}");
        }
        settings.Allow("type", "stop_words");
        List<string> stopWords = [.. StopWords.Expand(settings.TextList("stop_words"))];
        List<Func<TokenStage, TokenStage>> filters = [next => new LowercaseFilter(next)];
        if (name == "english")
        {
            // The stemmer runs first, so stop words meet stems, as in Milvus.
            filters.Add(next => new EnglishStemmerFilter(next));
            stopWords.AddRange(StopWords.English);
        }
        if (stopWords.Count > 0)
        {
            var words = new TermSet(stopWords);
            filters.Add(next => new StopFilter(words, next));
        }
        return new Analyzer(new Tokenizers.StandardTokenizer(), [.. filters]);
    }

    private static Analyzer Custom(JsonElement root)
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
        return new Analyzer(TokenizerParser.Parse(tokenizer), [.. filters]);
    }
}
