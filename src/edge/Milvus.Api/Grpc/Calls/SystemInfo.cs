using System.Text.Json;
using Milvus.Model;

namespace Milvus.Api.Grpc.Calls;

/// <summary>The JSON that <c>GetMetrics</c> answers to <c>{"metric_type":"system_info"}</c>, as far as one process can tell.</summary>
internal static class SystemInfo
{
    /// <exception cref="MilvusException">1100: the request is no JSON object. 1200: another kind of metric.</exception>
    public static string Answer(string request, ServerIdentity identity)
    {
        var kind = ReadKind(request);
        if (kind != "system_info") throw new MilvusException(ErrorCode.MetricNotFound, $"metric not found[metric={kind}]");
        var memory = GC.GetGCMemoryInfo();
        return JsonSerializer.Serialize(new
        {
            nodes_info = new[]
            {
                new
                {
                    identifier = 1,
                    connected = Array.Empty<object>(),
                    infos = new
                    {
                        has_error = false,
                        error_reason = "",
                        name = "standalone1",
                        type = "standalone",
                        id = 1,
                        hardware_infos = new
                        {
                            ip = "",
                            cpu_core_count = Environment.ProcessorCount,
                            memory = memory.TotalAvailableMemoryBytes,
                            memory_usage = Environment.WorkingSet,
                        },
                        system_info = new
                        {
                            system_version = identity.Version,
                            deploy_mode = identity.DeployMode,
                            build_version = identity.Version,
                            build_time = identity.BuildTime,
                            used_go_version = System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription,
                        },
                    },
                },
            },
        });
    }

    private static string ReadKind(string request)
    {
        try
        {
            using var document = JsonDocument.Parse(request);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("metric_type", out var kind)
                ? kind.ToString()
                : throw MilvusException.InvalidParameter("the request of metrics names no metric_type");
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"failed to parse the metrics request: {e.Message}");
        }
    }
}
