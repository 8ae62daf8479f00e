using System.Globalization;
using System.Text.Json;
using Milvus.Api.Grpc.Calls;
using Milvus.Api.Import;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Snapshots of collections, as later versions of Milvus offer them over REST, and the jobs that restore them.</summary>
internal static class SnapshotEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["snapshots/create"] = async call =>
        {
            var command = new CreateSnapshot(call.Database, call.Collection, call.Required("snapshotName", "CreateSnapshotReq"))
            {
                Description = call.Text("description"),
                ProtectionSeconds = call.Number("compactionProtectionSeconds"),
            };
            await Service(call).CreateAsync(call.Context, command, call.Cancellation);
            return RestReply.Empty;
        };
        table["snapshots/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropSnapshot(call.Database, call.Collection, call.Required("snapshotName", "DropSnapshotReq")));
            return RestReply.Empty;
        };
        table["snapshots/list"] = call => new(RestReply.Names(SnapshotLists.Of(call.Proxy.Catalog, call.Database, call.Text("collectionName")).Select(s => s.Name)));
        table["snapshots/describe"] = call => new(Describe(call));
        table["snapshots/restore"] = async call =>
        {
            var target = call.Text("targetDbName");
            var command = new RestoreSnapshot(
                call.Database, call.Collection, call.Required("snapshotName", "RestoreSnapshotReq"), target.Length > 0 ? target : call.Database, call.Required("targetCollectionName", "RestoreSnapshotReq"));
            var id = await Service(call).RestoreAsync(call.Context, command, call.Cancellation);
            return RestReply.Object(w => w.WriteNumber("jobId", id));
        };
        table["jobs/snapshot/export"] = async call =>
        {
            var address = await SnapshotCalls.Transfer(call.Snapshots).ExportAsync(
                call.Context, call.Collection, call.Required("snapshotName", "ExportSnapshotReq"), call.Required("targetS3Path", "ExportSnapshotReq"), call.Text("externalSpec"), call.Cancellation);
            return RestReply.Object(w => w.WriteString("snapshotMetadataURI", address));
        };
        table["jobs/snapshot/restore_external"] = async call =>
        {
            var id = await SnapshotCalls.Transfer(call.Snapshots).RestoreAsync(
                call.Context, call.Required("targetCollectionName", "RestoreExternalSnapshotReq"), call.Required("snapshotMetadataURI", "RestoreExternalSnapshotReq"),
                call.Text("externalSpec"), call.Cancellation);
            return RestReply.Object(w => w.WriteNumber("jobId", id));
        };
        table["jobs/snapshot/describe"] = call => new(DescribeJob(call));
        table["jobs/snapshot/list"] = call => new(ListJobs(call));
    }

    private static RestReply Describe(RestCall call)
    {
        var snapshot = call.Proxy.Catalog.GetSnapshot(call.Database, call.Collection, call.Required("snapshotName", "DescribeSnapshotReq"));
        return RestReply.Object(w =>
        {
            w.WriteString("snapshotName", snapshot.Name);
            w.WriteString("description", snapshot.Description);
            w.WriteString("collectionName", snapshot.Collection.Name);
            w.WriteStartArray("partitionNames");
            foreach (var partition in snapshot.Collection.Partitions) w.WriteStringValue(partition.Name);
            w.WriteEndArray();
            w.WriteNumber("createTs", snapshot.CreatedAt.Value);
            w.WriteString("s3Location", SnapshotLists.Location(snapshot));
        });
    }

    private static RestReply DescribeJob(RestCall call)
    {
        var job = SnapshotLists.Restore(call.Proxy.Catalog, JobIds.Parse(call.Required("jobId", "JobIDReq")));
        return RestReply.Object(w => Write(w, job));
    }

    private static RestReply ListJobs(RestCall call)
    {
        var jobs = SnapshotLists.Restores(call.Proxy.Catalog, call.Database, call.Text("collectionName")).ToList();
        return RestReply.Object(w =>
        {
            w.WriteStartArray("records");
            foreach (var job in jobs)
            {
                w.WriteStartObject();
                Write(w, job);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        });
    }

    private static void Write(Utf8JsonWriter w, RestoreJob job)
    {
        w.WriteString("jobId", job.Id.ToString(CultureInfo.InvariantCulture));
        w.WriteString("snapshotName", job.Snapshot);
        w.WriteString("dbName", job.Database);
        w.WriteString("collectionName", job.Collection);
        w.WriteString("state", "RestoreSnapshotCompleted");
        w.WriteNumber("progress", 100);
        w.WriteString("reason", "");
        w.WriteNumber("startTime", job.StartedAt.PhysicalMs);
        w.WriteNumber("timeCost", Math.Max(1, job.EndedAt.PhysicalMs - job.StartedAt.PhysicalMs));
    }

    private static SnapshotService Service(RestCall call) => call.Snapshots ?? throw new MilvusException(ErrorCode.Unimplemented, "snapshots are not supported by this server: service unimplemented");
}
