using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Api.Mapping;
using Milvus.Api.Rest.Values;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Search aggregations and their buckets as JSON.</summary>
internal static class AggregationJson
{
    /// <summary>The aggregation of a search; null when the request has none.</summary>
    /// <exception cref="MilvusException">1100: it is not described well, or stands beside what it excludes.</exception>
    public static SearchAggregation? Read(RestCall call)
    {
        if (call.Object("searchAggregation") is not { } given) return null;
        if (call.Has("ids")) throw Refused("ids and searchAggregation cannot be used simultaneously");
        if (call.Number("offset") != 0) throw Refused("offset is not supported with searchAggregation");
        if (call.Has("groupingField") || call.Has("groupSize") || call.Has("strictGroupSize"))
            throw Refused("groupingField/groupSize/strictGroupSize and searchAggregation cannot be used simultaneously");
        foreach (var parameters in SearchParams(call))
        {
            if (parameters.TryGetProperty("offset", out _)) throw Refused("searchParams.offset is not supported with searchAggregation");
            if (parameters.TryGetProperty("group_by_field", out _) || parameters.TryGetProperty("group_by_fields", out _))
                throw Refused("searchParams.group_by_field(s) and searchAggregation cannot be used simultaneously");
        }
        return Level(given);
    }

    private static SearchAggregation Level(JsonElement given)
    {
        var (size, searchSize) = (RestCall.Number(given, "size"), RestCall.Number(given, "searchSize"));
        var fields = Trimmed(RestCall.Texts(given, "fields"));
        if (fields.IsEmpty) throw Refused("searchAggregation.fields must be non-empty");
        if (fields.Contains("")) throw Refused("searchAggregation.fields must contain non-empty field names");
        if (size <= 0) throw Refused("searchAggregation.size must be positive");
        if (searchSize < 0) throw Refused("searchAggregation.searchSize must be non-negative");
        if (searchSize > 0 && searchSize < size) throw Refused("searchAggregation.searchSize must be greater than or equal to size");
        return new SearchAggregation
        {
            Fields = fields,
            Size = size,
            SearchSize = searchSize,
            Metrics = Metrics(given),
            Order = Orders(given, "order", "key", "order key"),
            TopHits = RestCall.Object(given, "topHits") is { } hits ? Hits(hits) : null,
            Sub = RestCall.Object(given, "subAggregation") is { } sub ? Level(sub) : null,
        };
    }

    private static AggregationHits Hits(JsonElement given) =>
        RestCall.Number(given, "size") is > 0 and var size
            ? new AggregationHits(size, Orders(given, "sort", "fieldName", "topHits.sort fieldName"))
            : throw Refused("searchAggregation.topHits.size must be positive");

    public static RestReply Write(RestCall call, SearchResult result)
    {
        var zone = Zones.Of(call.Proxy.Catalog, result.Collection, null);
        RowWriter Writer(ImmutableArray<NamedColumn> columns, bool int64AsNumbers) => new(result.Collection.Schema, columns, int64AsNumbers, zone);
        var hits = Writer(result.Columns.RemoveAll(c => c.Name == result.PrimaryField), call.Int64AsNumbers);
        // Keys stand under another name than their field's, as do metrics.
        void WriteKey(Utf8JsonWriter w, ColumnValue value) => Writer([new NamedColumn("value", value.Column)], call.Int64AsNumbers).WriteMembers(w, value.Row);
        void WriteMetric(Utf8JsonWriter w, string name, ColumnValue value) => Writer([new NamedColumn(name, value.Column)], int64AsNumbers: true).WriteMembers(w, value.Row);
        void WriteHit(Utf8JsonWriter w, int hit)
        {
            w.WriteNumber("distance", result.Scores[hit]);
            hits.WriteKey(w, result.PrimaryField, result.Ids, hit);
            hits.WriteMembers(w, hit);
        }
        var forms = new Forms(WriteKey, WriteMetric, WriteHit);
        return new RestReply(w =>
        {
            w.WriteStartArray();
            foreach (var query in result.Buckets)
            {
                w.WriteStartObject();
                Write(w, "buckets", query, forms);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        })
        {
            Beside = w =>
            {
                w.WriteNumber("cost", 0);
                w.WriteStartArray("aggTopks");
                foreach (var query in result.Buckets) w.WriteNumberValue(query.Length);
                w.WriteEndArray();
            },
        };
    }

    /// <summary>How the parts of buckets are written.</summary>
    private sealed record Forms(Action<Utf8JsonWriter, ColumnValue> Key, Action<Utf8JsonWriter, string, ColumnValue> Metric, Action<Utf8JsonWriter, int> Hit);

    private static void Write(Utf8JsonWriter w, string name, ImmutableArray<AggregationBucket> buckets, Forms forms)
    {
        w.WriteStartArray(name);
        foreach (var bucket in buckets)
        {
            w.WriteStartObject();
            w.WriteStartArray("key");
            foreach (var (field, value) in bucket.Key)
            {
                w.WriteStartObject();
                w.WriteString("fieldName", field);
                forms.Key(w, value);
                w.WriteEndObject();
            }
            w.WriteEndArray();
            w.WriteNumber("count", bucket.Count);
            w.WriteStartObject("metrics");
            foreach (var (metric, value) in bucket.Metrics) forms.Metric(w, metric, value);
            w.WriteEndObject();
            w.WriteStartArray("hits");
            foreach (var hit in bucket.Hits)
            {
                w.WriteStartObject();
                forms.Hit(w, hit);
                w.WriteEndObject();
            }
            w.WriteEndArray();
            Write(w, "subGroups", bucket.Sub, forms);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    private static ImmutableDictionary<string, AggregationMetric> Metrics(JsonElement owner)
    {
        var metrics = ImmutableDictionary.CreateBuilder<string, AggregationMetric>();
        if (RestCall.Object(owner, "metrics") is not { } given) return metrics.ToImmutable();
        foreach (var m in given.EnumerateObject())
        {
            if (m.Value.ValueKind != JsonValueKind.Object) throw RestCall.WrongType("metrics", "MetricAggSpec", m.Value);
            var (name, op, field) = (m.Name.Trim(), RestCall.Text(m.Value, "op").Trim(), RestCall.Text(m.Value, "fieldName").Trim());
            if (name.Length == 0) throw Refused("searchAggregation.metrics alias must be non-empty");
            if (op.Length == 0) throw Refused($"searchAggregation.metrics.{name}.op must be non-empty");
            if (field.Length == 0) throw Refused($"searchAggregation.metrics.{name}.fieldName must be non-empty");
            metrics[name] = new AggregationMetric(op, field);
        }
        return metrics.ToImmutable();
    }

    /// <param name="shown">What the key is called in errors; the direction stands in the same place.</param>
    private static ImmutableArray<AggregationOrder> Orders(JsonElement owner, string list, string key, string shown)
    {
        if (!owner.TryGetProperty(list, out var given) || given.ValueKind == JsonValueKind.Null) return [];
        if (given.ValueKind != JsonValueKind.Array) throw RestCall.WrongType(list, "[]OrderSpec", given);
        var orders = ImmutableArray.CreateBuilder<AggregationOrder>();
        foreach (var o in given.EnumerateArray())
        {
            if (o.ValueKind != JsonValueKind.Object) throw RestCall.WrongType(list, "OrderSpec", o);
            var (name, direction) = (RestCall.Text(o, key).Trim(), RestCall.Text(o, "direction").Trim());
            if (name.Length == 0) throw Refused($"searchAggregation.{shown} must be non-empty");
            if (direction.Length == 0) throw Refused($"searchAggregation.{shown[..^key.Length]}direction must be non-empty");
            orders.Add(new AggregationOrder(name, AggregationMapping.IsDescending(direction), RestCall.Flag(o, "nullFirst")));
        }
        return orders.ToImmutable();
    }

    // Parameters may stand in one object, or in an object named params within it.
    private static IEnumerable<JsonElement> SearchParams(RestCall call)
    {
        if (call.Object("searchParams") is not { } outer) yield break;
        yield return outer;
        if (RestCall.Object(outer, "params") is { } inner) yield return inner;
    }

    private static ImmutableArray<string> Trimmed(ImmutableArray<string> texts) => [.. texts.Select(t => t.Trim())];

    private static MilvusException Refused(string problem) => MilvusException.InvalidParameter(problem);
}
