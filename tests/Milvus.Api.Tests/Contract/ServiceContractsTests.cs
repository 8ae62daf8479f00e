using Google.Protobuf.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Grpc;
using Milvus.Api.Grpc.Calls;
using Milvus.Api.Server;
using Milvus.Api.Tests.Calls;
using Milvus.Protocol;
using Milvus.Protocol.Health;

namespace Milvus.Api.Tests.Contract;

/// <summary>Services are served by lists of names that are written down: they and their handlers are what the contract says.</summary>
public sealed class ServiceContractsTests
{
    private static readonly ServiceDescriptor[] s_services =
    [
        MilvusReflection.Descriptor.FindTypeByName<ServiceDescriptor>("MilvusService"),
        MilvusReflection.Descriptor.FindTypeByName<ServiceDescriptor>("ClientTelemetryService"),
        HealthReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Health"),
    ];

    [Fact]
    public void Methods_are_those_of_the_contract()
    {
        GrpcService[] written = [ServiceContracts.Milvus, ServiceContracts.Telemetry, HealthService.Contract];
        Assert.Equal(s_services.Select(s => s.FullName), written.Select(w => w.FullName));
        foreach (var (service, names) in s_services.Zip(written))
            Assert.Equal(service.Methods.Select(m => m.Name), names.Methods);
    }

    [Fact]
    public void Handlers_take_and_answer_what_the_contract_says()
    {
        var health = new ServerHealth();
        var table = new GrpcMethodTable.Builder()
            .AddMilvus(new FakeProxy(), new ServerIdentity(), health, TimeProvider.System, NullLogger.Instance)
            .AddHealth(health)
            .Build();
        var handled = table.Methods.Where(m => m.IsImplemented).ToList();
        Assert.NotEmpty(handled);
        foreach (var method in handled)
        {
            var said = s_services.Single(s => s.FullName == method.Service).FindMethodByName(method.Name);
            Assert.Equal(new GrpcMethodShape(said.InputType.ClrType, said.OutputType.ClrType, said.IsServerStreaming), method.Shape);
            Assert.False(said.IsClientStreaming);
        }
    }
}
