using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Coordinator.Indexes;

/// <summary>Search parameters of one vector request after checking; what was not given is null.</summary>
public sealed record VectorSearchParams
{
    /// <summary>
    /// Candidates a graph search keeps: <c>ef</c>, <c>search_list</c> and their kin; null lets the searcher choose (Milvus: max(k, 16)).
    /// </summary>
    public int? Candidates { get; init; }

    public int? Nprobe { get; init; }

    /// <summary>Bound of a range search: worse results are left out. Exclusive.</summary>
    public double? Radius { get; init; }

    /// <summary>The other bound of a range search: better results are left out. Inclusive.</summary>
    public double? RangeFilter { get; init; }

    /// <summary>Share of the smallest query terms of a sparse search to ignore, 0 … 1.</summary>
    public double DropRatio { get; init; }

    /// <summary>Factor on the largest contribution of a sparse dimension by which rows are left out; null for the usual one.</summary>
    public double? MaxScoreRatio { get; init; }

    /// <summary>How many candidates per result are re-ranked, at least 1.</summary>
    public double RefineFactor { get; init; } = 1;

    /// <summary>Every other member, as text.</summary>
    public ImmutableSortedDictionary<string, string> Others { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>Checks what a search says about its index, with the engine's texts. Pure.</summary>
public static class SearchParamRules
{
    /// <summary>Checks a metric named by a search against the index's; an empty name means the index's.</summary>
    /// <exception cref="MilvusException">1100 <c>metric type not match</c>.</exception>
    public static void CheckMetric(MetricType indexMetric, string requested)
    {
        if (requested.Length == 0 || (MetricTypes.TryParse(requested, out var metric) && metric == indexMetric)) return;
        throw MilvusException.InvalidParameter("metric type not match", indexMetric.Name(), requested);
    }

    /// <summary>Refuses the inner bound of a range that has no outer one, which is found before the metric is looked at.</summary>
    /// <exception cref="MilvusException">1100.</exception>
    public static void CheckRangeIsWhole(string? paramsJson)
    {
        if (paramsJson is null || !paramsJson.Contains("range_filter", StringComparison.Ordinal)) return;
        using var document = ParseObject(paramsJson);
        if (document.RootElement.ValueKind == JsonValueKind.Object && Has(document.RootElement, "range_filter") && !Has(document.RootElement, "radius")) throw HalfRange();

        static bool Has(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>Reads the <c>params</c> JSON of a search.</summary>
    /// <param name="index">The index of the searched field; null when the field has none, so that only common parameters are checked.</param>
    /// <param name="metric">The metric searched with: it decides which way a range lies.</param>
    /// <param name="paramsJson">A JSON object; null, empty or <c>null</c> for none.</param>
    /// <param name="topK">Results wanted per query, offset included.</param>
    /// <exception cref="MilvusException">1100.</exception>
    public static VectorSearchParams Parse(IndexInfo? index, MetricType metric, string? paramsJson, long topK)
    {
        if (string.IsNullOrWhiteSpace(paramsJson)) return new();
        using var document = ParseObject(paramsJson);
        return document.RootElement.ValueKind == JsonValueKind.Null ? new() : Parse(index, metric, document.RootElement, topK);
    }

    private static VectorSearchParams Parse(IndexInfo? index, MetricType metric, JsonElement root, long topK)
    {
        var type = index is null ? null : VectorIndexTypes.Find(index.IndexType);
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        var others = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var member in root.EnumerateObject())
        {
            var spec = FindSpec(type, member.Name);
            // A bound that is null is none; of what an index knows, null is no value.
            if (member.Value.ValueKind == JsonValueKind.Null && (spec is null || Common.Contains(spec))) continue;
            if (spec is not null && Common.Contains(spec)) CheckBound(member.Value);
            else if (spec is not null) Check(spec, member.Value);
            if (spec?.Kind is ParamKind.Int or ParamKind.Float or ParamKind.Number && Named.Contains(member.Name)) numbers[member.Name] = ToNumber(member.Value);
            else others[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
        }
        var parameters = new VectorSearchParams
        {
            Candidates = Integer(numbers, "ef") ?? Integer(numbers, "efSearch") ?? Integer(numbers, "search_list") ?? Integer(numbers, "search_list_size") ?? Integer(numbers, "reorder_k") ?? Integer(numbers, "itopk_size") ?? Integer(numbers, "svs_search_window_size"),
            Nprobe = Integer(numbers, "nprobe"),
            Radius = Number(numbers, "radius"),
            RangeFilter = Number(numbers, "range_filter"),
            DropRatio = Number(numbers, "drop_ratio_search") ?? 0,
            MaxScoreRatio = Number(numbers, "dim_max_score_ratio"),
            RefineFactor = Number(numbers, "refine_k") ?? 1,
            Others = others.ToImmutable(),
        };
        CheckRange(metric, parameters);
        if (parameters.Radius is null) CheckCandidates(type, numbers, topK);
        return parameters;
    }

    private static JsonDocument ParseObject(string json)
    {
        try
        {
            var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Null) return document;
            document.Dispose();
            throw MilvusException.InvalidParameter($"search params should be a JSON object, but got {json}");
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"failed to parse search params {json}: {e.Message}");
        }
    }

    /// <summary>Numbers that have a member of <see cref="VectorSearchParams"/>, or are only checked.</summary>
    private static readonly ImmutableHashSet<string> Named =
    [
        "ef", "efSearch", "search_list", "search_list_size", "reorder_k", "itopk_size", "svs_search_window_size", "nprobe", "radius", "range_filter", "drop_ratio_search", "refine_k",
    ];

    private static readonly ImmutableArray<ParamSpec> Common =
        [ParamSpec.Float("radius", -float.MaxValue), ParamSpec.Float("range_filter", -float.MaxValue)];

    // AUTOINDEX may stand for a graph or for an inverted list, so it takes the parameters of both.
    private static readonly ImmutableArray<ParamSpec> Auto =
        [.. VectorIndexTypes.Find("HNSW")!.SearchParams, ParamSpec.Int("nprobe", 1, 65536), .. VectorIndexTypes.Find("SPARSE_INVERTED_INDEX")!.SearchParams];

    private static ParamSpec? FindSpec(VectorIndexType? type, string name)
    {
        foreach (var spec in Common)
            if (spec.Name == name) return spec;
        foreach (var spec in type?.SearchParams ?? Auto)
            if (spec.Name == name) return spec;
        return null;
    }

    // Bounds are read by another part of the engine, with words of its own; here the text of a number will do as well.
    private static void CheckBound(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number || (value.ValueKind == JsonValueKind.String && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var bound) && double.IsFinite(bound))) return;
        var kind = value.ValueKind is JsonValueKind.True or JsonValueKind.False ? "boolean" : value.ValueKind.ToString().ToLowerInvariant();
        throw MilvusException.InvalidParameter($"type must be number, but is {kind}");
    }

    private static void Check(ParamSpec spec, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Number: spec.CheckNumber(value.GetRawText()); break;
            case JsonValueKind.String: spec.Check(value.GetString()!); break;
            case JsonValueKind.True or JsonValueKind.False when spec.Kind == ParamKind.Bool: break;
            default:
                if (spec.Kind == ParamKind.Number) throw spec.NoNumber(value.GetRawText());
                throw MilvusException.InvalidParameter($"Type conflict in json: param '{spec.Name}' ({value.GetRawText()}) should be {(spec.Kind == ParamKind.Int ? "integer" : spec.Kind == ParamKind.Bool ? "a boolean" : spec.Kind == ParamKind.Float ? "a number" : "a string")}");
        }
    }

    private static double ToNumber(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.Parse(value.GetString()!, CultureInfo.InvariantCulture);

    private static int? Integer(Dictionary<string, double> numbers, string key) => numbers.TryGetValue(key, out var n) ? (int)n : null;

    private static double? Number(Dictionary<string, double> numbers, string key) => numbers.TryGetValue(key, out var n) ? n : null;

    private static void CheckRange(MetricType metric, VectorSearchParams p)
    {
        if (p.RangeFilter is not { } filter) return;
        if (p.Radius is not { } radius) throw HalfRange();
        if (metric.LargerIsBetter() ? filter > radius : filter < radius) return;
        throw MilvusException.InvalidParameter($"metric type ({metric.Name()}), range_filter({Show(filter)}) must be {(metric.LargerIsBetter() ? "greater" : "less")} than radius({Show(radius)})");
    }

    private static MilvusException HalfRange() =>
        MilvusException.InvalidParameter("range_filter requires radius to be set; range_filter alone is not a valid range search parameter", "range_filter", "");

    private static string Show(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static void CheckCandidates(VectorIndexType? type, Dictionary<string, double> numbers, long topK)
    {
        // AUTOINDEX promises nothing about candidates: the searcher raises too small a number itself.
        var name = type?.CandidateParam;
        if (name is null) return;
        if (name == "search_list" && numbers.TryGetValue("search_list_size", out var size) && size < topK) throw TooSmall("search_list_size", size, topK);
        if (numbers.TryGetValue(name, out var given) && given < topK) throw TooSmall(name == "search_list" ? "search_list_size" : name, given, topK);
    }

    private static MilvusException TooSmall(string name, double value, long topK) => MilvusException.InvalidParameter($"{name}({(long)value}) should be larger than k({topK})");
}
