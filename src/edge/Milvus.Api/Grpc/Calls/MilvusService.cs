using Microsoft.Extensions.Logging;
using Milvus.Api.Import;
using Milvus.Api.Server;
using Milvus.Proxy;

namespace Milvus.Api.Grpc.Calls;

/// <summary>What the server tells clients about itself.</summary>
/// <param name="Version">A Milvus version, with <c>v</c>: clients decide by it which features to offer.</param>
/// <param name="DeployMode"><c>STANDALONE</c> or <c>DISTRIBUTED</c>.</param>
public sealed record ServerIdentity(string Version = "v3.0.0", string DeployMode = "STANDALONE", string BuildTime = "", string GitCommit = "")
{
    /// <summary>The number by which clients know this server as a node.</summary>
    public const long NodeId = 1;
}

/// <summary>Milvus' gRPC services on top of a proxy. What the contract has and this server has not answers UNIMPLEMENTED.</summary>
public static class MilvusService
{
    public static GrpcMethodTable.Builder AddMilvus(
        this GrpcMethodTable.Builder table, IMilvusProxy proxy, ServerIdentity identity, ServerHealth health, TimeProvider time, ILogger logger,
        ImportJobs? imports = null, SnapshotService? snapshots = null)
    {
        table.AddService(ServiceContracts.Milvus).AddService(ServiceContracts.Telemetry);

        var calls = new CallRegistry(table, ServiceContracts.Milvus, proxy, logger);
        SystemCalls.Add(calls, identity, health);
        DatabaseCalls.Add(calls);
        CollectionCalls.Add(calls);
        PartitionCalls.Add(calls);
        AliasCalls.Add(calls);
        IndexCalls.Add(calls);
        LoadCalls.Add(calls);
        WriteCalls.Add(calls);
        ReadCalls.Add(calls);
        SegmentCalls.Add(calls);
        CompactionCalls.Add(calls);
        UserCalls.Add(calls);
        AccessBackupCalls.Add(calls);
        PrivilegeCalls.Add(calls);
        ResourceGroupCalls.Add(calls);
        TextCalls.Add(calls);
        ImportCalls.Add(calls, imports);
        ExternalCalls.Add(calls, imports);
        SnapshotCalls.Add(calls, snapshots);
        LegacyCalls.Add(calls);
        FileResourceCalls.Add(calls);
        TelemetryCalls.Add(new CallRegistry(table, ServiceContracts.Telemetry, proxy, logger), time);
        return table;
    }
}
