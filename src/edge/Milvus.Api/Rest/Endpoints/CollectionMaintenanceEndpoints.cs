using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Load, release, statistics, flush and compaction.</summary>
internal static class CollectionMaintenanceEndpoints
{
    private static readonly TimeSpan FlushPoll = TimeSpan.FromMilliseconds(20);

    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["collections/load"] = async call =>
        {
            await call.ExecuteAsync(new LoadCollection(call.Database, call.Collection));
            return RestReply.Empty;
        };
        table["collections/refresh_load"] = async call =>
        {
            await call.ExecuteAsync(new LoadCollection(call.Database, call.Collection) { Refresh = true });
            return RestReply.Empty;
        };
        table["collections/release"] = async call =>
        {
            await call.ExecuteAsync(new ReleaseCollection(call.Database, call.Collection));
            return RestReply.Empty;
        };
        table["collections/get_stats"] = async call =>
        {
            var rows = await call.Proxy.Maintenance.CountRowsAsync(call.DescribedCollection(), null, call.Cancellation);
            return RestReply.Object(w => w.WriteNumber("rowCount", rows));
        };
        table["collections/get_load_state"] = LoadStateAsync;
        table["collections/flush"] = FlushAsync;
        table["collections/compact"] = async call =>
        {
            var collection = call.DescribedCollection();
            ExternalRules.Refuse(collection, "manual compaction");
            var id = await call.Proxy.Maintenance.CompactAsync(collection, call.Flag("isClustering"), call.Cancellation);
            return RestReply.Object(w => w.WriteNumber("compactionID", id));
        };
        table["collections/get_compaction_state"] = async call =>
        {
            // Who names no job asks for job 0, which has nothing to do.
            var id = call.Number("jobID");
            var progress = (id == 0 ? null : await call.Proxy.Maintenance.GetCompactionAsync(id, call.Cancellation)) ?? new CompactionProgress(true, 0, 0, 0, []);
            return RestReply.Object(w =>
            {
                w.WriteNumber("compactionID", id);
                w.WriteString("state", progress.Completed ? "Completed" : "Executing");
                w.WriteNumber("executingPlanNumber", progress.Executing);
                w.WriteNumber("timeoutPlanNumber", 0);
                w.WriteNumber("completedPlanNumber", progress.Done);
            });
        };
    }

    private static async ValueTask<RestReply> LoadStateAsync(RestCall call)
    {
        var collection = call.DescribedCollection();
        ImmutableArray<long> partitions =
        [
            .. call.Texts("partitionNames").Select(n => collection.FindPartition(n)?.Id ?? throw new MilvusException(ErrorCode.PartitionNotFound, $"partition not found[partition={n}]")),
        ];
        var progress = await call.Proxy.Maintenance.GetLoadProgressAsync(collection, partitions, call.Cancellation);
        return RestReply.Object(w =>
        {
            if (progress.Phase == LoadPhase.Failed)
            {
                w.WriteString("loadState", "LoadStateLoading");
                w.WriteNumber("loadProgress", progress.Percent);
                return;
            }
            w.WriteString("loadState", LoadStates.Name(progress.Phase));
            if (progress.Phase != LoadPhase.NotLoaded) w.WriteNumber("loadProgress", progress.Phase == LoadPhase.Loaded ? 100 : progress.Percent);
        }) with
        { Beside = w => w.WriteString("message", progress.Failure?.Message ?? "") };
    }

    private static async ValueTask<RestReply> FlushAsync(RestCall call)
    {
        var outcome = await call.Proxy.FlushAsync(call.Context, call.Collection, call.Cancellation);
        var collection = call.DescribedCollection();
        using var timer = new PeriodicTimer(FlushPoll);
        while (!await call.Proxy.Maintenance.IsFlushedAsync(collection, outcome.Timestamp, call.Cancellation)
            || !await call.Proxy.Maintenance.AreFlushedAsync(outcome.SegmentIds, call.Cancellation))
        {
            await timer.WaitForNextTickAsync(call.Cancellation);
        }
        return RestReply.Empty;
    }
}
