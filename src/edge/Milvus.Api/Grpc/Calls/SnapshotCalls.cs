using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Proxy;
using ErrorCode = Milvus.Model.ErrorCode;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Snapshots of collections, and collections made of them.</summary>
internal static class SnapshotCalls
{
    public static void Add(CallRegistry calls, SnapshotService? snapshots)
    {
        SnapshotService Service() => snapshots ?? throw new MilvusException(ErrorCode.Unimplemented, "snapshots are not supported by this server: service unimplemented");
        var proxy = calls.Proxy;
        calls
            .Add("CreateSnapshot", CreateSnapshotRequest.Parser, (_, status) => status, async (request, call) =>
            {
                var context = call.Context(request.DbName);
                var command = new CreateSnapshot(context.Database, request.CollectionName, request.Name) { Description = request.Description, ProtectionSeconds = request.CompactionProtectionSeconds };
                await Service().CreateAsync(context, command, call.Cancellation);
                return StatusMapping.Ok();
            })
            .Command("DropSnapshot", DropSnapshotRequest.Parser, (request, call) => new DropSnapshot(call.Database(request.DbName), request.CollectionName, request.Name))
            .Add("ListSnapshots", ListSnapshotsRequest.Parser, (_, status) => new ListSnapshotsResponse { Status = status }, (request, call) =>
            {
                var found = SnapshotLists.Of(proxy.Catalog, call.Database(request.DbName), request.CollectionName);
                return new ListSnapshotsResponse { Status = StatusMapping.Ok(), Snapshots = { found.Select(s => s.Name) } };
            })
            .Add("DescribeSnapshot", DescribeSnapshotRequest.Parser, (_, status) => new DescribeSnapshotResponse { Status = status }, (request, call) =>
            {
                var snapshot = proxy.Catalog.GetSnapshot(call.Database(request.DbName), request.CollectionName, request.Name);
                return new DescribeSnapshotResponse
                {
                    Status = StatusMapping.Ok(),
                    Name = snapshot.Name,
                    Description = snapshot.Description,
                    CollectionName = snapshot.Collection.Name,
                    PartitionNames = { snapshot.Collection.Partitions.Select(p => p.Name) },
                    CreateTs = (long)snapshot.CreatedAt.Value,
                    S3Location = SnapshotLists.Location(snapshot),
                };
            })
            .Add("RestoreSnapshot", RestoreSnapshotRequest.Parser, (_, status) => new RestoreSnapshotResponse { Status = status }, async (request, call) =>
            {
                var context = call.Context(request.DbName);
                var target = request.TargetDbName.Length > 0 ? request.TargetDbName : context.Database;
                var command = new RestoreSnapshot(context.Database, request.CollectionName, request.Name, target, request.TargetCollectionName);
                return new RestoreSnapshotResponse { Status = StatusMapping.Ok(), JobId = await Service().RestoreAsync(context, command, call.Cancellation) };
            })
            .Add("ExportSnapshot", ExportSnapshotRequest.Parser, (_, status) => new ExportSnapshotResponse { Status = status }, async (request, call) =>
            {
                var address = await Transfer(snapshots).ExportAsync(call.Context(request.DbName), request.CollectionName, request.Name, request.TargetS3Path, request.ExternalSpec, call.Cancellation);
#pragma warning disable CS0612 // Versions after 3.0 answer with a job instead.
                return new ExportSnapshotResponse { Status = StatusMapping.Ok(), SnapshotMetadataUri = address };
#pragma warning restore CS0612
            })
            .Add("RestoreExternalSnapshot", RestoreExternalSnapshotRequest.Parser, (_, status) => new RestoreExternalSnapshotResponse { Status = status }, async (request, call) =>
            {
                var id = await Transfer(snapshots).RestoreAsync(call.Context(request.DbName), request.TargetCollectionName, request.SnapshotMetadataUri, request.ExternalSpec, call.Cancellation);
                return new RestoreExternalSnapshotResponse { Status = StatusMapping.Ok(), JobId = id };
            })
            .Add("GetRestoreSnapshotState", GetRestoreSnapshotStateRequest.Parser, (_, status) => new GetRestoreSnapshotStateResponse { Status = status }, (request, _) =>
                new GetRestoreSnapshotStateResponse { Status = StatusMapping.Ok(), Info = Describe(SnapshotLists.Restore(proxy.Catalog, request.JobId)) })
            .Add("ListRestoreSnapshotJobs", ListRestoreSnapshotJobsRequest.Parser, (_, status) => new ListRestoreSnapshotJobsResponse { Status = status }, (request, call) =>
                new ListRestoreSnapshotJobsResponse
                {
                    Status = StatusMapping.Ok(),
                    Jobs = { SnapshotLists.Restores(proxy.Catalog, call.Database(request.DbName), request.CollectionName).Select(Describe) },
                })
            .Add("PinSnapshotData", PinSnapshotDataRequest.Parser, (_, status) => new PinSnapshotDataResponse { Status = status }, async (request, call) =>
            {
                var context = call.Context(request.DbName);
                var command = new PinSnapshot(context.Database, request.CollectionName, request.Name, request.TtlSeconds);
                return new PinSnapshotDataResponse { Status = StatusMapping.Ok(), PinId = (await proxy.ExecuteAsync(context, command, call.Cancellation)).Id };
            })
            .Command("UnpinSnapshotData", UnpinSnapshotDataRequest.Parser, (request, _) => new UnpinSnapshot(request.PinId));
    }

    public static SnapshotTransfer Transfer(SnapshotService? snapshots) =>
        snapshots?.Transfer ?? throw new MilvusException(ErrorCode.Unimplemented, "snapshots outside of the server's store are not supported by this server: service unimplemented");

    private static RestoreSnapshotInfo Describe(RestoreJob job) => new()
    {
        JobId = job.Id,
        SnapshotName = job.Snapshot,
        DbName = job.Database,
        CollectionName = job.Collection,
        State = RestoreSnapshotState.RestoreSnapshotCompleted,
        Progress = 100,
        StartTime = (ulong)job.StartedAt.PhysicalMs,
        // Clients take no time at all for a job that is not done.
        TimeCost = (ulong)Math.Max(1, job.EndedAt.PhysicalMs - job.StartedAt.PhysicalMs),
    };
}

/// <summary>What the two protocols list of snapshots.</summary>
internal static class SnapshotLists
{
    /// <summary>The snapshots of one collection, or of a database when no collection is named.</summary>
    /// <exception cref="MilvusException">There is neither such a collection nor a snapshot of one.</exception>
    public static IReadOnlyList<SnapshotInfo> Of(Coordinator.Catalog catalog, string database, string collection)
    {
        if (collection.Length == 0)
        {
            var name = catalog.GetDatabase(database).Name;
            return [.. catalog.Snapshots.Where(s => s.Collection.DatabaseName == name).OrderBy(s => s.Id)];
        }
        var found = catalog.ListSnapshots(database, collection).ToList();
        if (found.Count == 0) catalog.GetCollection(database, collection);
        return found;
    }

    public static RestoreJob Restore(Coordinator.Catalog catalog, long id) =>
        catalog.FindRestore(id) ?? throw MilvusException.InvalidParameter($"restore job not found[jobID={id}]");

    public static IEnumerable<RestoreJob> Restores(Coordinator.Catalog catalog, string database, string collection)
    {
        var name = catalog.GetDatabase(database).Name;
        if (catalog.TryResolveCollection(database, collection, out var found)) collection = found.Name;
        return catalog.Restores.Where(j => j.Database == name && (collection.Length == 0 || j.Collection == collection)).OrderBy(j => j.Id);
    }

    public static string Location(SnapshotInfo snapshot) => $"{SnapshotService.Root}{snapshot.Collection.Id}/{snapshot.Id}";
}
