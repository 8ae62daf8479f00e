using System.Text.Json;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Api.Rest.Endpoints;

internal static class CommonEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["common/run_analyzer"] = RunAnalyzerAsync;
        table["file_resources/add"] = async call =>
        {
            var (name, path) = (call.Required("name", "FileResourceReq"), call.Required("path", "FileResourceReq"));
            await Grpc.Calls.FileResourceCalls.Resources(call.Proxy).CheckAsync(path, call.Cancellation);
            await call.ExecuteAsync(new AddFileResource(name, path));
            return RestReply.Empty;
        };
        table["file_resources/remove"] = async call =>
        {
            await call.ExecuteAsync(new RemoveFileResource(call.Required("name", "FileResourceReq")));
            return RestReply.Empty;
        };
        table["file_resources/list"] = call => new(ListFileResources(call));
        table["quotacenter/describe"] = _ => new(new RestReply(static w => w.WriteStringValue("{}")));
        table["segments/describe"] = async call =>
        {
            var id = call.Number("collectionID");
            var collection = call.Proxy.Catalog.GetCollection(id);
            var wanted = call.List("segmentIDs") is { } list
                ? list.EnumerateArray().Select(s => s.ValueKind == JsonValueKind.Number && s.TryGetInt64(out var n) ? n : throw RestCall.WrongType("segmentIDs", "[]int64", s)).ToHashSet()
                : [];
            var all = await call.Proxy.Maintenance.GetSegmentsAsync(collection, call.Cancellation);
            var segments = all.Where(s => wanted.Count == 0 || wanted.Contains(s.SegmentId)).ToList();
            return RestReply.Object(w =>
            {
                w.WriteStartArray("segmentInfos");
                foreach (var s in segments)
                {
                    w.WriteStartObject();
                    w.WriteNumber("segmentID", s.SegmentId);
                    w.WriteNumber("collectionID", s.CollectionId);
                    w.WriteNumber("partitionID", s.PartitionId);
                    w.WriteString("vChannel", new ShardId(s.CollectionId, s.Shard).ToString());
                    w.WriteNumber("numRows", s.Rows);
                    w.WriteNumber("state", s.Phase switch { Milvus.Proxy.SegmentPhase.Growing => 2, Milvus.Proxy.SegmentPhase.Sealing => 3, _ => 4 });
                    w.WriteNumber("level", 1);
                    w.WriteBoolean("isSorted", false);
                    foreach (var logs in new[] { "insertLogs", "deltaLogs", "statsLogs" })
                    {
                        w.WriteStartArray(logs);
                        w.WriteEndArray();
                    }
                    w.WriteEndObject();
                }
                w.WriteEndArray();
            });
        };
    }

    private static RestReply ListFileResources(RestCall call)
    {
        var resources = call.Proxy.Catalog.FileResources.OrderBy(r => r.Id).ToList();
        return new RestReply(w =>
        {
            w.WriteStartArray();
            foreach (var resource in resources)
            {
                w.WriteStartObject();
                if (call.Int64AsNumbers) w.WriteNumber("id", resource.Id);
                else w.WriteString("id", resource.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
                w.WriteString("name", resource.Name);
                w.WriteString("path", resource.Path);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        });
    }

    private static async ValueTask<RestReply> RunAnalyzerAsync(RestCall call)
    {
        var texts = call.RequiredTexts("text", "RunAnalyzerReq");
        var given = AnalyzerParams(call);
        if (given is not null && call.Proxy.Resources is { } files) given = await files.InlineAsync(given, call.Cancellation);
        var analyzer = Analyzer.Parse(given);
        var (detail, hash) = (call.Flag("withDetail"), call.Flag("withHash"));
        var results = texts.Select(analyzer.GetTokens).ToList();
        return RestReply.Object(w =>
        {
            w.WriteStartArray("results");
            foreach (var tokens in results)
            {
                w.WriteStartObject();
                w.WriteStartArray("tokens");
                foreach (var t in tokens)
                {
                    w.WriteStartObject();
                    w.WriteString("token", t.Text);
                    if (detail)
                    {
                        w.WriteNumber("startOffset", t.StartOffset);
                        w.WriteNumber("endOffset", t.EndOffset);
                        w.WriteNumber("position", t.Position);
                        w.WriteNumber("positionLength", t.PositionLength);
                    }
                    if (hash) w.WriteNumber("hash", t.Hash);
                    w.WriteEndObject();
                }
                w.WriteEndArray();
                w.WriteEndObject();
            }
            w.WriteEndArray();
        });
    }

    private static string? AnalyzerParams(RestCall call)
    {
        var fieldName = call.Text("fieldName");
        if (fieldName.Length == 0) return call.Text("analyzerParams") is { Length: > 0 } given ? given : null;
        var field = call.DescribedCollection().Schema.Find(fieldName)
            ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={fieldName}]");
        if (!field.EnableAnalyzer) throw MilvusException.InvalidParameter($"field {fieldName} does not enable analyzer");
        return field.Param("analyzer_params");
    }
}
