using Milvus.Api.Server;
using Milvus.Protocol.Health;
using Status = Milvus.Protocol.Health.HealthCheckResponse.Types.ServingStatus;

namespace Milvus.Api.Grpc;

/// <summary>
/// <c>grpc.health.v1.Health</c> as Milvus serves it: the service name is ignored, and Watch sends the present state once and ends.
/// </summary>
public static class HealthService
{
    public static GrpcMethodTable.Builder AddHealth(this GrpcMethodTable.Builder table, ServerHealth health)
    {
        var service = HealthReflection.Descriptor.Services.Single();
        return table
            .AddService(service)
            .Unary<HealthCheckRequest, HealthCheckResponse>(
                service, "Check", HealthCheckRequest.Parser, (_, _) => ValueTask.FromResult(Answer(health)))
            .ServerStream<HealthCheckRequest, HealthCheckResponse>(
                service, "Watch", HealthCheckRequest.Parser, (_, write, _) => write(Answer(health)));
    }

    private static HealthCheckResponse Answer(ServerHealth health) =>
        new() { Status = health.IsReady ? Status.Serving : Status.NotServing };
}
