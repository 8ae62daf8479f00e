using System.Text.Json;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest.Endpoints;

internal static class IndexEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["indexes/list"] = call => new(RestReply.Names(call.DescribedCollection().Indexes.Select(i => i.Name)));
        table["indexes/describe"] = async call =>
        {
            var name = call.Required("indexName", "IndexReq");
            var collection = call.DescribedCollection();
            var found = collection.Indexes.Where(i => i.Name == name).ToList();
            if (found.Count == 0) throw new MilvusException(ErrorCode.IndexNotFound, $"index not found[indexName={name}]");
            var described = new List<(IndexInfo Index, IndexProgress Progress)>(found.Count);
            foreach (var index in found) described.Add((index, await call.Proxy.Maintenance.GetIndexProgressAsync(collection, index, call.Cancellation)));
            return new RestReply(w =>
            {
                w.WriteStartArray();
                foreach (var (index, progress) in described) Describe(w, index, progress);
                w.WriteEndArray();
            });
        };
        table["indexes/create"] = async call =>
        {
            if (call.List("indexParams") is not { } list) throw RestFailure.Missing("IndexParamReq", "indexParams");
            foreach (var index in list.EnumerateArray().Select(SchemaJson.ReadIndex).ToList())
                await call.ExecuteAsync(new CreateIndex(call.Database, call.Collection, index.Field) { IndexName = index.Name, Params = index.Params });
            return RestReply.Empty;
        };
        table["indexes/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropIndex(call.Database, call.Collection) { IndexName = call.Required("indexName", "IndexReq") });
            return RestReply.Empty;
        };
        table["indexes/alter_properties"] = async call =>
        {
            await call.ExecuteAsync(new AlterIndex(call.Database, call.Collection, call.Required("indexName", "IndexReqWithProperties")) { SetParams = call.Map("properties") });
            return RestReply.Empty;
        };
        table["indexes/drop_properties"] = async call =>
        {
            await call.ExecuteAsync(new AlterIndex(call.Database, call.Collection, call.Required("indexName", "DropIndexPropertiesReq")) { DeleteKeys = call.Texts("propertyKeys") });
            return RestReply.Empty;
        };
    }

    /// <summary>The metric of an index on vectors; of others what the client gave as one, null when it gave none.</summary>
    public static string? Metric(IndexInfo index) =>
        index.Metric != MetricType.None ? index.Metric.Name() : index.Params.FirstOrDefault(p => p.Key == "metric_type").Value;

    private static void Describe(Utf8JsonWriter w, IndexInfo index, IndexProgress progress)
    {
        w.WriteStartObject();
        w.WriteString("indexName", index.Name);
        w.WriteString("fieldName", index.FieldName);
        w.WriteString("indexType", index.IndexType);
        w.WriteString("metricType", Metric(index) ?? "");
        w.WriteNumber("totalRows", progress.TotalRows);
        w.WriteNumber("pendingRows", progress.PendingRows);
        w.WriteNumber("indexedRows", progress.IndexedRows);
        w.WriteString("indexState", progress.Phase.ToString());
        w.WriteString("failReason", progress.FailReason);
        w.WriteNumber("minIndexVersion", index.Version);
        w.WriteNumber("maxIndexVersion", index.Version);
        foreach (var key in new[] { "mmap.enabled", "indexoffsetcache.enabled", "warmup" }) w.WriteString(key, Param(index, key) ?? "");
        w.WritePropertyName("indexParams");
        DatabaseEndpoints.WritePairs(w, index.Params);
        w.WriteEndObject();
    }

    // What stands alone was set later and wins over what came within the JSON text.
    private static string? Param(IndexInfo index, string key)
    {
        if (index.Params.FirstOrDefault(p => p.Key == key).Value is { } own) return own;
        if (index.Params.FirstOrDefault(p => p.Key == "params").Value is not { Length: > 0 } nested) return null;
        var members = JsonElement.Parse(nested);
        return members.ValueKind == JsonValueKind.Object && members.TryGetProperty(key, out var value) ? RestCall.ScalarText(value) : null;
    }
}
