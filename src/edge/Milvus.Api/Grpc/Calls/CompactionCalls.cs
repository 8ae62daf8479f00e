using Milvus.Api.Mapping;
using Milvus.Coordinator.External;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using MilvusException = Milvus.Model.MilvusException;

namespace Milvus.Api.Grpc.Calls;

internal static class CompactionCalls
{
    /// <summary>The size of a segment that Milvus aims at; a merge into smaller ones is refused.</summary>
    private const long SegmentMegabytes = 1024;

    public static void Add(CallRegistry calls)
    {
        var maintenance = calls.Proxy.Maintenance;
        var proxy = calls.Proxy;
        calls
            .Add("ManualCompaction", ManualCompactionRequest.Parser, (_, status) => new ManualCompactionResponse { Status = status },
                async (request, call) =>
                {
                    var collection = request.CollectionName.Length == 0 && request.CollectionID != 0
                        ? proxy.Catalog.GetCollection(request.CollectionID)
                        : proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                    ExternalRules.Refuse(collection, "manual compaction");
                    if (request.TargetSize is > 0 and < SegmentMegabytes)
                        throw MilvusException.InvalidParameter($"targetSize {request.TargetSize} MB should be greater than or equal to configMaxSize {SegmentMegabytes} MB");
                    var id = await maintenance.CompactAsync(collection, request.MajorCompaction, call.Cancellation);
                    var progress = await maintenance.GetCompactionAsync(id, call.Cancellation);
                    return new ManualCompactionResponse
                    {
                        Status = StatusMapping.Ok(),
                        CompactionID = id,
                        CompactionPlanCount = progress is null ? 0 : progress.Executing + progress.Done + progress.Failed,
                    };
                })
            .Add("GetCompactionState", GetCompactionStateRequest.Parser, (_, status) => new GetCompactionStateResponse { Status = status },
                async (request, call) =>
                {
                    var answer = new GetCompactionStateResponse { Status = StatusMapping.Ok(), State = CompactionState.Completed };
                    // An id nobody knows any more belongs to a compaction that ended.
                    if (await maintenance.GetCompactionAsync(request.CompactionID, call.Cancellation) is not { } progress) return answer;
                    answer.State = State(progress.Completed);
                    answer.ExecutingPlanNo = progress.Executing;
                    answer.CompletedPlanNo = progress.Done;
                    answer.FailedPlanNo = progress.Failed;
                    return answer;
                })
            .Add("GetCompactionStateWithPlans", GetCompactionPlansRequest.Parser, (_, status) => new GetCompactionPlansResponse { Status = status },
                async (request, call) =>
                {
                    var answer = new GetCompactionPlansResponse { Status = StatusMapping.Ok(), State = CompactionState.Completed };
                    if (await maintenance.GetCompactionAsync(request.CompactionID, call.Cancellation) is not { } progress) return answer;
                    answer.State = State(progress.Completed);
                    foreach (var plan in progress.Plans)
                        answer.MergeInfos.Add(new CompactionMergeInfo { Sources = { plan.Sources }, Target = plan.Target });
                    return answer;
                });
    }

    private static CompactionState State(bool completed) => completed ? CompactionState.Completed : CompactionState.Executing;
}
