using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>The parameters of a search that do not depend on the collection, parsed and checked.</summary>
internal sealed record SearchParameters
{
    private static readonly FrozenSet<string> NotForIndexes = new[]
    {
        "anns_field", "topk", "limit", "offset", "metric_type", "params", "round_decimal", "ignore_growing", "group_by_field", "group_by_fields",
        "group_size", "strict_group_size", "rank_group_scorer", "json_path", "json_type", "strict_cast", "iterator", "search_iter_v2",
        "search_iter_batch_size", "search_iter_id", "search_iter_last_bound", "reduce_stop_for_best", "collection_id", "analyzer_name", "timezone",
        "time_fields", "order_by_fields", "strategy", "travel_timestamp",
    }.ToFrozenSet(StringComparer.Ordinal);

    public required string AnnsField { get; init; }

    /// <summary>Hits, or groups, wanted per query behind the offset.</summary>
    public required int TopK { get; init; }

    public int Offset { get; init; }

    /// <summary>As the client wrote it; empty for the index's.</summary>
    public string Metric { get; init; } = "";

    public int RoundDecimal { get; init; } = ScoreRounding.Off;

    public bool IgnoreGrowing { get; init; }

    /// <summary>A JSON object of everything that indexes and range searches know.</summary>
    public string IndexParams { get; init; } = "";

    public GroupParameters? Group { get; init; }

    /// <summary>What the best hits are re-ordered by; empty for their scores.</summary>
    public ImmutableArray<OrderItem> OrderBy { get; init; } = [];

    public bool IsIterator { get; init; }

    public SearchPage? Page { get; init; }

    public string? AnalyzerName { get; init; }

    /// <exception cref="MilvusException">1100.</exception>
    public static SearchParameters Parse(ImmutableDictionary<string, string> parameters, CollectionInfo collection)
    {
        var iterator = ParamText.IsTrue(parameters.GetValueOrDefault("iterator"));
        var page = iterator && ParamText.IsTrue(parameters.GetValueOrDefault("search_iter_v2")) ? SearchPage.Parse(parameters) : null;
        var group = GroupParameters.Parse(parameters);
        var (topK, offset) = Window(parameters, collection, iterator, page);
        var order = OrderItem.Parse(parameters.GetValueOrDefault("order_by_fields"), "expected");
        if (!order.IsEmpty && iterator) throw MilvusException.InvalidParameter("order_by is not supported when using search iterator");
        if (!order.IsEmpty && group is { Fields.Length: > 1 }) throw MilvusException.InvalidParameter("order_by_fields is not supported when grouping by several fields");
        if (iterator && group is not null) throw MilvusException.InvalidParameter("Not allowed to do groupBy when doing iteration");
        if (page is not null && offset > 0) throw MilvusException.InvalidParameter("Not allowed to set offset when doing iteration");
        var (index, ignoreGrowing) = Merge(parameters);
        return new SearchParameters
        {
            AnnsField = parameters.GetValueOrDefault("anns_field", ""),
            TopK = topK,
            Offset = offset,
            Metric = parameters.GetValueOrDefault("metric_type", ""),
            RoundDecimal = ScoreRounding.Parse(parameters),
            IgnoreGrowing = ignoreGrowing || ParamText.IgnoresGrowing(parameters.GetValueOrDefault("ignore_growing")),
            IndexParams = index,
            Group = group,
            OrderBy = order,
            IsIterator = iterator,
            Page = page,
            AnalyzerName = parameters.GetValueOrDefault("analyzer_name"),
        };
    }

    private static (int TopK, int Offset) Window(ImmutableDictionary<string, string> parameters, CollectionInfo collection, bool iterator, SearchPage? page)
    {
        var most = WindowChecks.Most(collection);
        var offset = WindowChecks.Find(parameters, "offset") ?? 0;
        if (page is not null) return (page.BatchSize, (int)offset);
        var name = parameters.ContainsKey("topk") ? "topk" : "limit";
        var topK = WindowChecks.Find(parameters, name) ?? throw MilvusException.InvalidParameter("topk not found in search_params");
        // The first iterator version asks for ten pages at once, however large they are.
        if (iterator) topK = Math.Min(topK, most);
        WindowChecks.CheckSearch(name, topK, offset, most);
        return ((int)topK, (int)offset);
    }

    /// <summary>Flat parameters and the members of <c>params</c> count alike; <c>params</c> wins.</summary>
    private static (string Json, bool IgnoreGrowing) Merge(ImmutableDictionary<string, string> parameters)
    {
        var text = parameters.GetValueOrDefault("params", "");
        try
        {
            using var document = JsonDocument.Parse(string.IsNullOrWhiteSpace(text) ? "{}" : text);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Null) return Merge(parameters, []);
            if (root.ValueKind != JsonValueKind.Object) throw MilvusException.InvalidParameter($"search params should be a JSON object, but got {text}");
            var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            AddMembers(members, root);
            // REST clients may send the object inside of itself.
            if (root.TryGetProperty("params", out var inner) && inner.ValueKind == JsonValueKind.Object) AddMembers(members, inner);
            return Merge(parameters, members);
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"failed to parse search params {text}: {e.Message}");
        }
    }

    private static void AddMembers(Dictionary<string, JsonElement> members, JsonElement container)
    {
        foreach (var member in container.EnumerateObject()) members.TryAdd(member.Name, member.Value);
    }

    private static (string Json, bool IgnoreGrowing) Merge(ImmutableDictionary<string, string> flat, Dictionary<string, JsonElement> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (key, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
            {
                if (NotForIndexes.Contains(key)) continue;
                writer.WritePropertyName(key);
                writer.WriteRawValue(value.GetRawText());
            }
            foreach (var (key, value) in flat.OrderBy(m => m.Key, StringComparer.Ordinal))
                if (!NotForIndexes.Contains(key) && !members.ContainsKey(key)) writer.WriteString(key, value);
            writer.WriteEndObject();
        }
        CheckHints(flat, members);
        var ignoreGrowing = members.TryGetValue("ignore_growing", out var flag) && ParamText.IgnoresGrowing(flag.ToString());
        return (Encoding.UTF8.GetString(buffer.WrittenSpan), ignoreGrowing);
    }

    // How a filter is applied is chosen by its cost here: a hint is checked and has no other effect. Range searches take any, as in Milvus.
    private static void CheckHints(ImmutableDictionary<string, string> flat, Dictionary<string, JsonElement> members)
    {
        if (members.ContainsKey("radius") || flat.ContainsKey("radius")) return;
        var hints = flat.TryGetValue("hints", out var text) ? text
            : members.TryGetValue("hints", out var member) ? (member.ValueKind == JsonValueKind.String ? member.GetString()! : member.GetRawText())
            : "";
        if (hints is not ("" or "disable" or "iterative_filter")) throw new MilvusException(ErrorCode.SegcoreError, $"hints: {hints} not supported: segcore error") { IsInputError = true };
    }
}
