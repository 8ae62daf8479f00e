using System.Collections.Immutable;
using System.Globalization;
using Milvus.Api.Import;
using Milvus.Api.Mapping;
using Milvus.Coordinator.Imports;
using Milvus.Model;
using Milvus.Protocol;
using ErrorCode = Milvus.Model.ErrorCode;
using KeyValuePair = Milvus.Protocol.Common.KeyValuePair;
using WireState = Milvus.Protocol.Common.ImportState;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Bulk insert as clients before REST jobs knew it: a task per request.</summary>
internal static class ImportCalls
{
    public static void Add(CallRegistry calls, ImportJobs? imports)
    {
        ImportJobs Jobs() => imports ?? throw new MilvusException(ErrorCode.Unimplemented, "bulk import is not supported by this server: service unimplemented");
        var proxy = calls.Proxy;
        calls
            .Add("Import", Protocol.ImportRequest.Parser, (_, status) => new ImportResponse { Status = status }, async (request, call) =>
            {
                ImmutableArray<Property> options = [.. request.Options.Select(o => new Property(o.Key, o.Value))];
                var id = await Jobs().CreateAsync(new Import.ImportRequest(call.Database(request.DbName), request.CollectionName, request.PartitionName, Groups(request.Files), options, call.User), call.Cancellation);
                return new ImportResponse { Status = StatusMapping.Ok(), Tasks = { id } };
            })
            .Add("GetImportState", GetImportStateRequest.Parser, (_, status) => new GetImportStateResponse { Status = status }, (request, _) =>
                Write(Jobs().Get(request.Task)))
            .Add("ListImportTasks", ListImportTasksRequest.Parser, (_, status) => new ListImportTasksResponse { Status = status }, (request, call) =>
            {
                var database = call.Database(request.DbName);
                long? collection = request.CollectionName.Length > 0 ? proxy.Catalog.GetCollection(database, request.CollectionName).Id : null;
                var jobs = Jobs().List(database, collection);
                var answer = new ListImportTasksResponse { Status = StatusMapping.Ok() };
                answer.Tasks.AddRange(jobs.Reverse().Take(request.Limit > 0 ? (int)Math.Min(request.Limit, int.MaxValue) : int.MaxValue).Select(Write));
                return answer;
            });
    }

    // Columns in files of their own are one unit; everything else is a unit per file.
    private static ImmutableArray<ImmutableArray<string>> Groups(IReadOnlyCollection<string> files) =>
        files.Count > 0 && files.All(f => f.EndsWith(".npy", StringComparison.Ordinal)) ? [[.. files]] : [.. files.Select(f => (ImmutableArray<string>)[f])];

    private static GetImportStateResponse Write(ImportJob job)
    {
        var answer = new GetImportStateResponse
        {
            Status = StatusMapping.Ok(),
            Id = job.Id,
            CollectionId = job.CollectionId,
            RowCount = job.State == ImportState.Failed ? 0 : job.ImportedRows,
            CreateTs = job.CreatedAt.PhysicalMs / 1000,
            State = job.State switch
            {
                ImportState.Pending => WireState.ImportPending,
                ImportState.Failed => WireState.ImportFailed,
                ImportState.Completed => WireState.ImportCompleted,
                _ => WireState.ImportStarted,
            },
        };
        Info("files", string.Join(',', job.Files.SelectMany(f => f.Paths)));
        Info("collection", job.Collection);
        if (job.Partition.Length > 0) Info("partition", job.Partition);
        Info("progress_percent", job.Progress.ToString(CultureInfo.InvariantCulture));
        if (job.Reason.Length > 0) Info("failed_reason", job.Reason);
        return answer;

        void Info(string key, string value) => answer.Infos.Add(new KeyValuePair { Key = key, Value = value });
    }
}
