using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Milvus.Model;

namespace Milvus.Actors.Inspection;

/// <summary><c>GET /v1/cluster/collections | channels | segments | nodes | tasks</c> on the management port: JSON arrays of the facts that <c>pbm milvus …</c> shows.</summary>
public sealed class ClusterEndpoints(ClusterInspector inspector)
{
    private const string Root = "/v1/cluster/";

    public async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        var what = path.StartsWith(Root, StringComparison.Ordinal) ? path[Root.Length..] : "";
        try
        {
            switch (what)
            {
                case "collections": await AnswerAsync(http, inspector.Collections().ToArray(), InspectionJson.Default.CollectionFactsArray).ConfigureAwait(false); break;
                case "channels": await AnswerAsync(http, [.. await inspector.ChannelsAsync(http.RequestAborted).ConfigureAwait(false)], InspectionJson.Default.ChannelFactsArray).ConfigureAwait(false); break;
                case "segments": await AnswerAsync(http, [.. await inspector.SegmentsAsync(http.RequestAborted).ConfigureAwait(false)], InspectionJson.Default.SegmentFactsArray).ConfigureAwait(false); break;
                case "nodes": await AnswerAsync(http, [.. await inspector.NodesAsync(http.RequestAborted).ConfigureAwait(false)], InspectionJson.Default.NodeFactsArray).ConfigureAwait(false); break;
                case "tasks": await AnswerAsync(http, [.. await inspector.TasksAsync(http.RequestAborted).ConfigureAwait(false)], InspectionJson.Default.TaskFactsArray).ConfigureAwait(false); break;
                default:
                    http.Response.StatusCode = StatusCodes.Status404NotFound;
                    await http.Response.WriteAsync("known are collections, channels, segments, nodes and tasks\n").ConfigureAwait(false);
                    break;
            }
        }
        catch (MilvusException e)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await http.Response.WriteAsync(e.Message + "\n").ConfigureAwait(false);
        }
    }

    private static Task AnswerAsync<T>(HttpContext http, T[] facts, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T[]> type)
    {
        http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(http.Response.Body, facts, type, http.RequestAborted);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(CollectionFacts[]))]
[JsonSerializable(typeof(ChannelFacts[]))]
[JsonSerializable(typeof(SegmentFacts[]))]
[JsonSerializable(typeof(NodeFacts[]))]
[JsonSerializable(typeof(TaskFacts[]))]
internal sealed partial class InspectionJson : JsonSerializerContext;
