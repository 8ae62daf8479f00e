using System.Text.Json;
using Milvus.Api.Import.External;
using Milvus.Model;
using Milvus.Protocol;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Refreshes of external collections.</summary>
internal static class ExternalEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["jobs/external_collection/refresh"] = async call =>
        {
            if (call.Imports is null) throw new MilvusException(ErrorCode.Unimplemented, "external collections are not supported by this server: service unimplemented");
            var id = await RefreshJobs.CreateAsync(call.Proxy, call.Context, call.Collection, call.Text("externalSource"), call.Text("externalSpec"), call.Cancellation);
            return RestReply.Object(w => w.WriteNumber("jobId", id));
        };
        table["jobs/external_collection/describe"] = call =>
        {
            if (!call.Has("jobId")) throw RestFailure.Missing("RefreshExternalCollectionProgressReq", "jobId");
            var job = RefreshJobs.Get(call.Proxy, call.Number("jobId"));
            return new(RestReply.Object(w => Write(w, job)));
        };
        table["jobs/external_collection/list"] = call =>
        {
            var jobs = RefreshJobs.List(call.Proxy, call.Database, call.Text("collectionName"));
            return new(RestReply.Object(w =>
            {
                w.WriteStartArray("records");
                foreach (var job in jobs)
                {
                    w.WriteStartObject();
                    Write(w, job);
                    w.WriteEndObject();
                }
                w.WriteEndArray();
            }));
        };
    }

    private static void Write(Utf8JsonWriter w, RefreshExternalCollectionJobInfo job)
    {
        w.WriteNumber("jobId", job.JobId);
        w.WriteString("collectionName", job.CollectionName);
        w.WriteString("state", job.State.ToString());
        w.WriteNumber("progress", job.Progress);
        w.WriteString("externalSource", job.ExternalSource);
        w.WriteString("externalSpec", job.ExternalSpec);
        w.WriteNumber("startTime", job.StartTime);
        w.WriteNumber("endTime", job.EndTime);
        if (job.Reason.Length > 0) w.WriteString("reason", job.Reason);
    }
}
