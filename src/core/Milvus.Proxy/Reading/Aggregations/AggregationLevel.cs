using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Aggregations;

/// <summary>One level of a search aggregation, checked against the schema.</summary>
internal sealed record AggregationLevel
{
    public const string Score = "_score";
    public const string Count = "_count";
    public const string Key = "_key";
    private const int MaxLevels = 4;
    private const int MaxFields = 10;
    private const long MaxCandidates = 10_000;

    public required ImmutableArray<FieldSchema> Fields { get; init; }

    public required int Size { get; init; }

    public required int SearchSize { get; init; }

    public required ImmutableArray<Metric> Metrics { get; init; }

    public required ImmutableArray<AggregationOrder> Order { get; init; }

    public required int TopHits { get; init; }

    public required ImmutableArray<Sort> HitSort { get; init; }

    public AggregationLevel? Sub { get; init; }

    /// <summary>This level and those below.</summary>
    public IEnumerable<AggregationLevel> All => Sub is null ? [this] : [this, .. Sub.All];

    /// <param name="Field">Null for the score.</param>
    internal sealed record Metric(string Name, AggregateKind Kind, FieldSchema? Field);

    /// <param name="Field">Null for the score.</param>
    internal sealed record Sort(FieldSchema? Field, bool Descending, bool NullsFirst);

    /// <exception cref="MilvusException">1100: not an aggregation of this collection, or too large.</exception>
    public static AggregationLevel Parse(CollectionInfo collection, SearchAggregation request, int queries)
    {
        var top = ParseLevel(collection, request, 1);
        var levels = top.All.ToArray();
        if (levels.Sum(l => l.Fields.Length) > MaxFields) throw MilvusException.InvalidParameter($"search aggregation supports at most {MaxFields} key fields in all levels");
        var candidates = (decimal)queries * levels.Max(l => Math.Max(1, l.TopHits));
        foreach (var l in levels) candidates *= l.SearchSize;
        if (candidates > MaxCandidates) throw MilvusException.InvalidParameter("number of search_aggregation result entries is too large");
        return top;
    }

    private static AggregationLevel ParseLevel(CollectionInfo collection, SearchAggregation request, int depth)
    {
        if (depth > MaxLevels) throw MilvusException.InvalidParameter($"search_aggregation nesting exceeds max {MaxLevels} levels");
        if (request.Fields.IsEmpty) throw MilvusException.InvalidParameter("group_by level has no fields");
        if (request.Size is < 1 or > MaxCandidates) throw MilvusException.InvalidParameter($"search aggregation size {request.Size} should be in range [1, {MaxCandidates}]");
        var searchSize = request.SearchSize == 0 ? request.Size : request.SearchSize;
        if (searchSize < request.Size || searchSize > MaxCandidates) throw MilvusException.InvalidParameter("search_aggregation search_size must be greater than or equal to size");
        if (request.TopHits is { Size: < 1 or > MaxCandidates }) throw MilvusException.InvalidParameter($"top_hits size {request.TopHits.Size} should be in range [1, {MaxCandidates}]");
        ImmutableArray<Metric> metrics = [.. request.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => ParseMetric(collection, m.Key, m.Value))];
        foreach (var order in request.Order)
            if (order.Key is not (Score or Count or Key) && metrics.All(m => m.Name != order.Key)) throw MilvusException.InvalidParameter($"order key \"{order.Key}\" is neither reserved key nor metric alias");
        return new AggregationLevel
        {
            Fields = [.. request.Fields.Select(f => KeyField(collection, f))],
            Size = (int)request.Size,
            SearchSize = (int)searchSize,
            Metrics = metrics,
            Order = request.Order,
            TopHits = (int)(request.TopHits?.Size ?? 0),
            HitSort = [.. (request.TopHits?.Sort ?? []).Select(s => new Sort(s.Key == Score ? null : SortField(collection, s.Key), s.Descending, s.NullsFirst))],
            Sub = request.Sub is null ? null : ParseLevel(collection, request.Sub, depth + 1),
        };
    }

    private static FieldSchema Find(CollectionInfo collection, string name, string usage)
    {
        var field = collection.Schema.Find(name) ?? collection.Schema.DynamicField ?? throw MilvusException.InvalidParameter($"field \"{name}\" not found in schema");
        if (field.Type == DataType.Json) throw MilvusException.InvalidParameter($"{usage} \"{name}\": JSON / dynamic fields are not yet supported with search_aggregation");
        return field;
    }

    private static FieldSchema KeyField(CollectionInfo collection, string name)
    {
        var field = Find(collection, name, "group_by field");
        if (field.Type is DataType.Float or DataType.Double)
            throw MilvusException.InvalidParameter($"group_by field \"{name}\": FLOAT / DOUBLE fields are not supported with search_aggregation");
        return field.Type.IsInteger() || field.Type is DataType.Bool or DataType.VarChar or DataType.Timestamptz
            ? field
            : throw MilvusException.InvalidParameter($"search aggregation does not support key field {name} of type {field.Type}");
    }

    private static FieldSchema SortField(CollectionInfo collection, string name)
    {
        if (name.Contains('[', StringComparison.Ordinal)) throw MilvusException.InvalidParameter($"top_hits.sort JSON path is not yet supported: \"{name}\"");
        var field = Find(collection, name, "top_hits.sort field");
        return ColumnOrder.IsDefinedFor(field.Type) ? field : throw MilvusException.InvalidParameter($"top_hits cannot be sorted by field {name} of type {field.Type}");
    }

    private static Metric ParseMetric(CollectionInfo collection, string name, AggregationMetric metric)
    {
        var operation = metric.Operation.ToLowerInvariant();
        if (operation == "count" && metric.Field is "*" or "") return new Metric(name, AggregateKind.CountRows, null);
        var kind = operation switch
        {
            "count" => AggregateKind.Count,
            "sum" => AggregateKind.Sum,
            "avg" => AggregateKind.Average,
            "min" => AggregateKind.Min,
            "max" => AggregateKind.Max,
            _ => throw MilvusException.InvalidParameter($"unsupported metric op \"{metric.Operation}\""),
        };
        // Keys of the dynamic field count with their rows; a JSON field counts where it is not null.
        if (operation == "count" && collection.Schema.Find(metric.Field) is null && collection.Schema.DynamicField is not null) return new Metric(name, AggregateKind.CountRows, null);
        if (metric.Field == Score) return new Metric(name, kind, null);
        var field = operation == "count" && collection.Schema.Find(metric.Field) is { IsDynamic: false } counted ? counted : Find(collection, metric.Field, "metric field");
        var fits = kind switch
        {
            AggregateKind.Count => !field.Type.IsVector(),
            AggregateKind.Sum or AggregateKind.Average => field.Type.IsNumeric(),
            _ => field.Type.IsNumeric() || field.Type is DataType.VarChar or DataType.Timestamptz,
        };
        return fits ? new Metric(name, kind, field) : throw MilvusException.InvalidParameter($"aggregation operator {operation} does not support data type {field.Type}");
    }
}
