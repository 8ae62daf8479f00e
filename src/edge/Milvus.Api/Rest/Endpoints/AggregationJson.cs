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
    /// <summary>Null when the request has none.</summary>
    public static SearchAggregation? Read(JsonElement owner, string name = "searchAggregation")
    {
        if (RestCall.Object(owner, name) is not { } given) return null;
        return new SearchAggregation
        {
            Fields = RestCall.Texts(given, "fields"),
            Size = RestCall.Number(given, "size"),
            SearchSize = RestCall.Number(given, "searchSize"),
            Metrics = Metrics(given),
            Order = Orders(given, "order", "key"),
            TopHits = RestCall.Object(given, "topHits") is { } hits ? new AggregationHits(RestCall.Number(hits, "size"), Orders(hits, "sort", "fieldName")) : null,
            Sub = Read(given, "subAggregation"),
        };
    }

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
        if (RestCall.Object(owner, "metrics") is { } given)
            foreach (var m in given.EnumerateObject())
                metrics[m.Name] = m.Value.ValueKind == JsonValueKind.Object
                    ? new AggregationMetric(RestCall.Text(m.Value, "op"), RestCall.Text(m.Value, "fieldName"))
                    : throw RestCall.WrongType("metrics", "MetricAggSpec", m.Value);
        return metrics.ToImmutable();
    }

    private static ImmutableArray<AggregationOrder> Orders(JsonElement owner, string list, string key)
    {
        if (!owner.TryGetProperty(list, out var given) || given.ValueKind == JsonValueKind.Null) return [];
        if (given.ValueKind != JsonValueKind.Array) throw RestCall.WrongType(list, "[]OrderSpec", given);
        var orders = ImmutableArray.CreateBuilder<AggregationOrder>();
        foreach (var o in given.EnumerateArray())
        {
            if (o.ValueKind != JsonValueKind.Object) throw RestCall.WrongType(list, "OrderSpec", o);
            orders.Add(new AggregationOrder(RestCall.Text(o, key), AggregationMapping.IsDescending(RestCall.Text(o, "direction")), RestCall.Flag(o, "nullFirst")));
        }
        return orders.ToImmutable();
    }
}
