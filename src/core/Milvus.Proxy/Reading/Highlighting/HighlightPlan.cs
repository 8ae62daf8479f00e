using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Reading.Searches;
using Milvus.Text.Analyzers;

namespace Milvus.Proxy.Reading.Highlighting;

/// <summary>Marks in the texts of hits what matters to the search.</summary>
internal abstract class HighlightPlan
{
    /// <summary>Null when nothing is to be highlighted.</summary>
    /// <exception cref="MilvusException">1100: a highlighter or parameters that this server does not know.</exception>
    public static HighlightPlan? Find(SearchPlan plan, HighlightRequest? request, AnalyzerRegistry analyzers, IModelGateway models)
    {
        if (request is null) return null;
        if (plan.Parameters.IsIterator) throw MilvusException.InvalidParameter("highlighter is not supported when doing iteration");
        return request.IsSemantic ? SemanticHighlights.Parse(plan, request.Params, models) : LexicalHighlights.Parse(plan, request, analyzers);
    }

    /// <summary>True when the searched texts are to be marked and are those of rows given by their keys, which have to be looked up first.</summary>
    public static bool NeedsTexts(SearchPlan plan, HighlightRequest? request) =>
        plan is { Keys: not null, Found: null, Parameters.IsIterator: false } && request is { IsSemantic: false } && LexicalHighlights.MarksSearchText(request.Params);

    /// <summary>What can be refused before the search is planned, in Milvus' words.</summary>
    /// <exception cref="MilvusException">1100, or 5: the search is not one by texts.</exception>
    public static void Check(CollectionInfo collection, SearchRequest request)
    {
        if (request.Highlight is not { IsSemantic: false } highlight || !LexicalHighlights.MarksSearchText(highlight.Params)) return;
        LexicalHighlights.Options(highlight.Params);
        // The metric is named before it is known there, so that the name is always missing.
        if (request.Params.GetValueOrDefault("metric_type", "") is { Length: > 0 } metric && !metric.Equals("BM25", StringComparison.OrdinalIgnoreCase))
            throw MilvusException.InvalidParameter("Search highlight only support with metric type \"BM25\" but was: ");
        var name = request.Params.GetValueOrDefault("anns_field", "");
        if (name.Length > 0 && collection.Schema.Find(name) is { } field && collection.Schema.FunctionOf(field) is not { Type: FunctionType.BM25 })
            throw new MilvusException(ErrorCode.Internal, "service internal error: Search with highlight failed, input field of BM25 annsField not found");
    }

    /// <summary>The fragments of every field for every hit, aligned with the hits.</summary>
    /// <exception cref="MilvusException">2 and 2400: a model could not be asked.</exception>
    public abstract Task<ImmutableArray<FieldHighlights>> HighlightAsync(RowFetch rows, int[] counts, CancellationToken cancellation);

    protected static ImmutableArray<string> Tags(ImmutableDictionary<string, string> parameters, string key, ImmutableArray<string> usual)
    {
        if (!parameters.TryGetValue(key, out var text)) return usual;
        try
        {
            return JsonSerializer.Deserialize<string[]>(text) is { Length: > 0 } tags ? [.. tags] : throw MilvusException.InvalidParameter($"{key} cannot be empty list");
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"failed to parse {key} {text}: {e.Message}");
        }
    }
}
