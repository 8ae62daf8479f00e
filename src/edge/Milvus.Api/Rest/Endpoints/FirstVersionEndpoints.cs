using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Milvus.Api.Rest.Access;
using Milvus.Api.Rest.Values;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>
/// REST v1, the paths below <c>/v1/vector/</c>: one vector field, one vector per search, automatic keys. Every request is put into the
/// words of v2 and answered by its endpoint.
/// </summary>
internal static class FirstVersionEndpoints
{
    /// <summary>Paths that are asked by GET, with their parameters in the query string.</summary>
    /// <param name="second">Those of v2.</param>
    public static Dictionary<string, RestRoute> BuildGets(Dictionary<string, RestRoute> second) => new(StringComparer.Ordinal)
    {
        ["collections"] = second["collections/list"],
        ["collections/describe"] = second["collections/describe"] with { Answer = DescribeAsync },
    };

    /// <param name="second">Those of v2.</param>
    public static Dictionary<string, RestRoute> BuildPosts(Dictionary<string, RestRoute> second)
    {
        return new(StringComparer.Ordinal)
        {
            ["collections/create"] = As("collections/create", Create) with { Demand = RestDemands.OfReadyCollection },
            ["collections/drop"] = As("collections/drop", Drop),
            ["insert"] = As("entities/insert", Write),
            ["upsert"] = As("entities/upsert", Write),
            ["delete"] = As("entities/delete", DeleteAsync),
            ["query"] = As("entities/query", Query),
            ["get"] = As("entities/get", Get),
            ["search"] = As("entities/search", Search),
        };

        RestRoute As(string path, Func<RestCall, RestEndpoint, ValueTask<RestReply>> answer) =>
            second[path] with { Answer = call => answer(call, second[path].Answer) };
    }

    private static ValueTask<RestReply> Create(RestCall call, RestEndpoint create)
    {
        if (!call.Has("collectionName") || call.Number("dimension") == 0) throw Missing("collectionName", "dimension");
        return create(Rewritten(call, w =>
        {
            Copy(call, w, "dimension", "description");
            w.WriteString("primaryFieldName", call.Text("primaryField"));
            w.WriteString("vectorFieldName", call.Text("vectorField"));
            w.WriteBoolean("autoID", true);
            w.WriteString("metricType", call.Text("metricType") is { Length: > 0 } metric ? metric : MetricType.L2.Name());
            w.WriteStartObject("params");
            w.WriteBoolean("enableDynamicField", call.Flag("enableDynamicField", otherwise: true));
            w.WriteEndObject();
        }));
    }

    // Unlike in v2, what is dropped has to be there.
    private static ValueTask<RestReply> Drop(RestCall call, RestEndpoint drop)
    {
        if (!call.Has("collectionName")) throw Missing("collectionName");
        if (!call.Proxy.Catalog.TryResolveCollection(call.Database, call.Collection, out _))
            throw new MilvusException(ErrorCode.CollectionNotFound, $"collection not found, database: {call.Database}, collection: {call.Collection}");
        return drop(call);
    }

    private static async ValueTask<RestReply> DescribeAsync(RestCall call)
    {
        if (!call.Has("collectionName")) throw Missing("collectionName");
        var c = call.DescribedCollection();
        var load = LoadStates.Name((await call.Proxy.Maintenance.GetLoadProgressAsync(c, [], call.Cancellation)).Phase);
        return RestReply.Object(w =>
        {
            w.WriteString("collectionName", c.Name);
            w.WriteString("description", c.Schema.Description);
            w.WriteStartArray("fields");
            foreach (var f in c.Schema.Fields)
                if (!f.IsDynamic && c.Schema.ParentOf(f) is null) DescribeField(w, f);
            w.WriteEndArray();
            CollectionEndpoints.WriteIndexes(w, c);
            w.WriteString("load", load);
            w.WriteNumber("shardsNum", c.ShardCount);
            w.WriteBoolean("enableDynamicField", c.Schema.EnableDynamicField);
        });
    }

    private static void DescribeField(Utf8JsonWriter w, FieldSchema f)
    {
        // As Milvus prints them: the dimension of vectors and the length of text stand behind the type.
        var size = f.Type == DataType.VarChar ? f.MaxLength : f.Type.IsDenseVector() ? f.Dimension : 0;
        w.WriteStartObject();
        w.WriteString("name", f.Name);
        w.WriteString("type", size > 0 ? string.Create(CultureInfo.InvariantCulture, $"{f.Type.Spelled()}({size})") : f.Type.Spelled());
        w.WriteBoolean("primaryKey", f.IsPrimaryKey);
        w.WriteBoolean("autoId", f.AutoId);
        w.WriteString("description", f.Description);
        w.WriteEndObject();
    }

    // A single row need not stand in a list.
    private static ValueTask<RestReply> Write(RestCall call, RestEndpoint write)
    {
        if (!call.Has("collectionName") || call.Find("data") is not { } data) throw Missing("collectionName", "data");
        if (data.ValueKind != JsonValueKind.Object) return write(call);
        return write(Rewritten(call, w =>
        {
            Copy(call, w, "partialUpdate", "fieldOps");
            w.WriteStartArray("data");
            data.WriteTo(w);
            w.WriteEndArray();
        }));
    }

    private static async ValueTask<RestReply> DeleteAsync(RestCall call, RestEndpoint delete)
    {
        if (!call.Has("collectionName") || (!call.Has("id") && call.Text("filter").Length == 0)) throw Missing("collectionName", "id/filter");
        if (call.Text("filter") is { Length: > 0 } filter)
        {
            await delete(Rewritten(call, w => w.WriteString("filter", filter)));
            return RestReply.Empty;
        }
        var key = call.DescribedCollection().Schema.PrimaryKey;
        var ids = EntityEndpoints.ReadKeys(call.Find("id")!.Value, key);
        await delete(Rewritten(call, w =>
        {
            w.WriteString("filter", key.Name + " in {ids}");
            w.WriteStartObject("exprParams");
            w.WriteStartArray("ids");
            for (var i = 0; i < ids.Count; i++) RowWriter.WriteKey(w, ids, i, int64AsNumbers: true);
            w.WriteEndArray();
            w.WriteEndObject();
        }));
        return RestReply.Empty;
    }

    private static ValueTask<RestReply> Query(RestCall call, RestEndpoint query)
    {
        if (!call.Has("collectionName") || call.Text("filter").Length == 0) throw Missing("collectionName", "filter");
        return query(Rewritten(call, w =>
        {
            Copy(call, w, "filter", "limit", "offset", "outputFields");
            if (call.Has("outputFields")) return;
            w.WriteStartArray("outputFields");
            w.WriteStringValue("*");
            w.WriteEndArray();
        }));
    }

    private static ValueTask<RestReply> Get(RestCall call, RestEndpoint get) =>
        call.Has("collectionName") && call.Has("id") ? get(call) : throw Missing("collectionName", "id");

    private static ValueTask<RestReply> Search(RestCall call, RestEndpoint search)
    {
        if (call.Has("searchAggregation")) throw MilvusException.InvalidParameter("searchAggregation is not supported for REST v1 search");
        if (!call.Has("collectionName") || call.Find("vector") is not { } vector) throw Missing("collectionName", "vector");
        if (call.Object("params") is { } given && given.TryGetProperty("range_filter", out _) && !given.TryGetProperty("radius", out _)) throw RestFailure.BadJson("invalid search params");
        return search(Rewritten(call, w =>
        {
            Copy(call, w, "filter", "limit", "offset", "outputFields");
            w.WriteStartArray("data");
            vector.WriteTo(w);
            w.WriteEndArray();
            if (call.Object("params") is not { } parameters) return;
            w.WriteStartObject("searchParams");
            w.WritePropertyName("params");
            parameters.WriteTo(w);
            w.WriteEndObject();
        }));
    }

    private static RestFailure Missing(params string[] names) =>
        new(RestCodes.MissingParameter, $"missing required parameters, required parameters: [{string.Join(", ", names)}]");

    // The same request with another body; database and collection are carried over.
    private static RestCall Rewritten(RestCall call, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var w = new Utf8JsonWriter(buffer))
        {
            w.WriteStartObject();
            Copy(call, w, "dbName", "collectionName");
            members(w);
            w.WriteEndObject();
        }
        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return call.With(document.RootElement.Clone());
    }

    private static void Copy(RestCall call, Utf8JsonWriter w, params string[] names)
    {
        foreach (var name in names)
        {
            if (call.Find(name) is not { } value) continue;
            w.WritePropertyName(name);
            value.WriteTo(w);
        }
    }
}
