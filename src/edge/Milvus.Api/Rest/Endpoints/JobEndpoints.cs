using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Milvus.Api.Import;
using Milvus.Coordinator.Imports;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Bulk import.</summary>
internal static class JobEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["jobs/import/list"] = call => new(List(call));
        table["jobs/import/create"] = call => CreateAsync(call);
        table["jobs/import/describe"] = table["jobs/import/get_progress"] = call => new(Describe(call));
        table["jobs/import/commit"] = async call =>
        {
            await Imports(call).CommitAsync(JobId(call), call.Cancellation);
            return RestReply.Empty;
        };
        table["jobs/import/abort"] = async call =>
        {
            await Imports(call).AbortAsync(JobId(call), call.Cancellation);
            return RestReply.Empty;
        };
        ExternalEndpoints.Add(table);
    }

    private static RestReply List(RestCall call)
    {
        long? collection = call.Has("collectionName") && call.Text("collectionName").Length > 0 ? call.DescribedCollection().Id : null;
        if (collection is null) call.Proxy.Catalog.GetDatabase(call.Database);
        var jobs = call.Imports is { } imports ? imports.List(call.Database, collection) : [];
        return RestReply.Object(w =>
        {
            w.WriteStartArray("records");
            foreach (var job in jobs)
            {
                w.WriteStartObject();
                w.WriteString("jobId", Text(job.Id));
                w.WriteString("collectionName", job.Collection);
                w.WriteString("state", job.State.ToString());
                w.WriteNumber("progress", job.Progress);
                if (job.Reason.Length > 0) w.WriteString("reason", job.Reason);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        });
    }

    private static async ValueTask<RestReply> CreateAsync(RestCall call)
    {
        var name = call.Collection;
        if (call.List("files") is not { } files) throw RestFailure.Missing("ImportReq", "files");
        var id = await Imports(call).CreateAsync(new ImportRequest(
            call.Database, name, call.Text("partitionName"), [.. files.EnumerateArray().Select(ReadPaths)], ReadOptions(call), call.Context.User), call.Cancellation);
        return RestReply.Object(w => w.WriteString("jobId", Text(id)));
    }

    // Unlike properties, options are texts and nothing else: false is not "false".
    private static ImmutableArray<Property> ReadOptions(RestCall call) =>
        RestCall.Object(call.Body, "options") is not { } options
            ? []
            : [.. options.EnumerateObject().Select(p => p.Value.ValueKind == JsonValueKind.String ? new Property(p.Name, p.Value.GetString()!) : throw RestCall.WrongType($"options.{p.Name}", "string", p.Value))];

    private static ImmutableArray<string> ReadPaths(JsonElement paths)
    {
        if (paths.ValueKind == JsonValueKind.Null) return [];
        if (paths.ValueKind != JsonValueKind.Array) throw RestCall.WrongType("files", "[]string", paths);
        return [.. paths.EnumerateArray().Select(p => p.ValueKind == JsonValueKind.String ? p.GetString()! : throw RestCall.WrongType("files", "string", p))];
    }

    private static RestReply Describe(RestCall call)
    {
        var job = Imports(call).Get(JobId(call));
        return RestReply.Object(w =>
        {
            w.WriteString("jobId", Text(job.Id));
            w.WriteString("createTime", Time(job.CreatedAt));
            w.WriteString("collectionName", job.Collection);
            w.WriteString("completeTime", Time(job.CompletedAt));
            w.WriteString("state", job.State.ToString());
            w.WriteNumber("progress", job.Progress);
            w.WriteNumber("importedRows", job.State == ImportState.Failed ? 0 : job.ImportedRows);
            w.WriteNumber("totalRows", job.State == ImportState.Failed ? 0 : job.TotalRows);
            if (job.Reason.Length > 0) w.WriteString("reason", job.Reason);
            w.WriteNumber("fileSize", job.Files.Sum(f => f.Size));
            w.WriteStartArray("details");
            foreach (var file in job.Files) WriteFile(w, job, file);
            w.WriteEndArray();
        });
    }

    private static void WriteFile(Utf8JsonWriter w, ImportJob job, ImportFile file)
    {
        w.WriteStartObject();
        w.WriteString("fileName", $"[{string.Join(' ', file.Paths)}]");
        w.WriteNumber("fileSize", file.Size);
        w.WriteNumber("progress", job.State == ImportState.Completed ? 100 : file.TotalRows == 0 ? 0 : 100 * file.ImportedRows / file.TotalRows);
        w.WriteString("completeTime", Time(job.CompletedAt));
        w.WriteString("state", job.State.ToString());
        w.WriteNumber("importedRows", file.ImportedRows);
        w.WriteNumber("totalRows", file.TotalRows);
        if (job.Reason.Length > 0) w.WriteString("reason", job.Reason);
        w.WriteEndObject();
    }

    private static string JobId(RestCall call) => call.Required("jobId", "JobIDReq");

    private static ImportJobs Imports(RestCall call) => call.Imports ?? throw NotYet("bulk import");

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);

    private static string Time(Timestamp at) =>
        at == Timestamp.Zero ? "" : DateTimeOffset.FromUnixTimeMilliseconds(at.PhysicalMs).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static MilvusException NotYet(string what) => new(ErrorCode.Unimplemented, $"{what} is not supported by this server yet: service unimplemented");
}
