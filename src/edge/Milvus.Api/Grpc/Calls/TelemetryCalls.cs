using Milvus.Api.Mapping;
using Milvus.Protocol;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Heartbeats of newer clients. Nothing is kept of them, and no commands are pushed.</summary>
internal static class TelemetryCalls
{
    public static void Add(CallRegistry calls, TimeProvider time) =>
        calls.Add("ClientHeartbeat", ClientHeartbeatRequest.Parser, (_, status) => new ClientHeartbeatResponse { Status = status }, (_, _) =>
            new ClientHeartbeatResponse { Status = StatusMapping.Ok(), ServerTimestamp = time.GetUtcNow().ToUnixTimeMilliseconds() });
}
