using System.Collections.Immutable;
using System.Globalization;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>The index parameters of a search as texts, the form in which they travel to shards.</summary>
internal static class IndexParamTexts
{
    private const string ElementBits = "mh_element_bit_width";

    public static ImmutableDictionary<string, string> Of(SearchPlan plan)
    {
        var parameters = plan.IndexParams;
        var texts = ImmutableDictionary.CreateBuilder<string, string>();
        texts.AddRange(parameters.Others);
        if (parameters.Candidates is { } candidates) texts["ef"] = candidates.ToString(CultureInfo.InvariantCulture);
        if (parameters.Nprobe is { } nprobe) texts["nprobe"] = nprobe.ToString(CultureInfo.InvariantCulture);
        if (parameters.DropRatio > 0) texts["drop_ratio_search"] = parameters.DropRatio.ToString("R", CultureInfo.InvariantCulture);
        if (parameters.MaxScoreRatio is { } bound) texts["dim_max_score_ratio"] = bound.ToString("R", CultureInfo.InvariantCulture);
        // One sparse index serves all algorithms: the one that the index was made for travels with the search that names no other.
        if (!texts.ContainsKey("search_algo") && plan.Index?.BuildParams.GetValueOrDefault("inverted_index_algo") is { } algorithm) texts["search_algo"] = algorithm;
        if (parameters.RefineFactor > 1) texts["refine_k"] = parameters.RefineFactor.ToString("R", CultureInfo.InvariantCulture);
        // Signatures that no index covers yet are compared too, and their elements are known by the index alone.
        if (plan.Metric == MetricType.MinHashJaccard && plan.Index?.BuildParams.GetValueOrDefault(ElementBits) is { } bits) texts[ElementBits] = bits;
        return texts.ToImmutable();
    }
}
