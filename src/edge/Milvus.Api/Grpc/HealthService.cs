using Milvus.Api.Server;
using Milvus.Protocol.Health;
using Status = Milvus.Protocol.Health.HealthCheckResponse.Types.ServingStatus;

namespace Milvus.Api.Grpc;

/// <summary>
/// <c>grpc.health.v1.Health</c> as Milvus serves it: the service name is ignored, and Watch sends the present state once and ends.
/// </summary>
public static class HealthService
{
    internal static GrpcService Contract { get; } = new("grpc.health.v1.Health", ["Check", "Watch"]);

    public static GrpcMethodTable.Builder AddHealth(this GrpcMethodTable.Builder table, ServerHealth health)
    {
        return table
            .AddService(Contract)
            .Unary<HealthCheckRequest, HealthCheckResponse>(
                Contract, "Check", HealthCheckRequest.Parser, (_, _) => ValueTask.FromResult(Answer(health)))
            .ServerStream<HealthCheckRequest, HealthCheckResponse>(
                Contract, "Watch", HealthCheckRequest.Parser, (_, write, _) => write(Answer(health)));
    }

    private static HealthCheckResponse Answer(ServerHealth health) =>
        new() { Status = health.IsReady ? Status.Serving : Status.NotServing };
}
