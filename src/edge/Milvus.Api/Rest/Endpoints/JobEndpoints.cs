using System.Text.Json;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Bulk import and snapshots are not part of this server yet: lists are empty, everything else says so.</summary>
internal static class JobEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["jobs/import/list"] = call =>
        {
            if (call.Has("collectionName")) call.DescribedCollection();
            return new(RestReply.Object(static w =>
            {
                w.WriteStartArray("records");
                w.WriteEndArray();
            }));
        };
        table["jobs/import/create"] = call =>
        {
            call.DescribedCollection();
            if (call.List("files") is null) throw RestFailure.Missing("ImportReq", "files");
            throw NotYet("bulk import");
        };
        table["jobs/import/describe"] = table["jobs/import/get_progress"] = table["jobs/import/commit"] = table["jobs/import/abort"] = call =>
        {
            var id = call.Required("jobId", "JobIDReq");
            throw MilvusException.InvalidParameter($"import job {id} does not exist");
        };
        foreach (var path in new[] { "jobs/snapshot/restore_external", "jobs/snapshot/export", "jobs/snapshot/describe", "jobs/snapshot/list" })
            table[path] = _ => throw NotYet("snapshots");
        foreach (var path in new[] { "jobs/external_collection/refresh", "jobs/external_collection/describe", "jobs/external_collection/list" })
            table[path] = _ => throw NotYet("external collections");
    }

    private static MilvusException NotYet(string what) => new(ErrorCode.Unimplemented, $"{what} is not supported by this server yet: service unimplemented");
}
