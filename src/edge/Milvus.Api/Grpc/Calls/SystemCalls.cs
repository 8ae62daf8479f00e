using Milvus.Api.Mapping;
using Milvus.Api.Server;
using Milvus.Protocol;
using Milvus.Protocol.Common;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Connecting, version and health.</summary>
internal static class SystemCalls
{
    public static void Add(CallRegistry calls, ServerIdentity identity, ServerHealth health)
    {
        var proxy = calls.Proxy;
        calls
            .Add("Connect", ConnectRequest.Parser, (_, status) => new ConnectResponse { Status = status }, (_, call) =>
            {
                proxy.Catalog.GetDatabase(call.Database(""));
                return new ConnectResponse
                {
                    Status = StatusMapping.Ok(),
                    ServerInfo = Describe(identity),
                    // Clients take 0 for "not implemented"; a fresh timestamp is unique and positive.
                    Identifier = (long)proxy.Now().Value,
                };
            })
            .Add("GetVersion", GetVersionRequest.Parser, (_, status) => new GetVersionResponse { Status = status }, (_, _) =>
                new GetVersionResponse { Status = StatusMapping.Ok(), Version = identity.Version })
            .Add("CheckHealth", CheckHealthRequest.Parser, (_, status) => new CheckHealthResponse { Status = status }, (_, _) =>
            {
                var answer = new CheckHealthResponse { Status = StatusMapping.Ok(), IsHealthy = health.IsReady };
                if (!health.IsReady) answer.Reasons.Add(health.Problem);
                return answer;
            })
            .Add("GetComponentStates", GetComponentStatesRequest.Parser, (_, status) => new ComponentStates { Status = status }, (_, _) =>
            {
                var state = new ComponentInfo
                {
                    NodeID = ServerIdentity.NodeId,
                    Role = "proxy",
                    StateCode = health.IsReady ? StateCode.Healthy : StateCode.Initializing,
                };
                return new ComponentStates { Status = StatusMapping.Ok(), State = state, SubcomponentStates = { state } };
            })
            .Add("GetMetrics", GetMetricsRequest.Parser, (_, status) => new GetMetricsResponse { Status = status }, (request, _) =>
                new GetMetricsResponse
                {
                    Status = StatusMapping.Ok(),
                    ComponentName = "standalone1",
                    Response = SystemInfo.Answer(request.Request, identity),
                })
            .Add("AllocTimestamp", AllocTimestampRequest.Parser, (_, status) => new AllocTimestampResponse { Status = status }, (_, _) =>
                new AllocTimestampResponse { Status = StatusMapping.Ok(), Timestamp = proxy.Now().Value });
    }

    private static ServerInfo Describe(ServerIdentity identity) => new()
    {
        BuildTags = identity.Version,
        BuildTime = identity.BuildTime,
        GitCommit = identity.GitCommit,
        // The field is for the runtime, whatever its name says.
        GoVersion = System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription,
        DeployMode = identity.DeployMode,
    };
}
