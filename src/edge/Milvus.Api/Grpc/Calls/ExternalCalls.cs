using Milvus.Api.Import;
using Milvus.Api.Import.External;
using Milvus.Api.Mapping;
using Milvus.Model;
using Milvus.Protocol;
using ErrorCode = Milvus.Model.ErrorCode;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Refreshes of external collections.</summary>
internal static class ExternalCalls
{
    /// <param name="imports">Null where this process reads no files.</param>
    public static void Add(CallRegistry calls, ImportJobs? imports)
    {
        var proxy = calls.Proxy;
        calls
            .Add("RefreshExternalCollection", RefreshExternalCollectionRequest.Parser, (_, status) => new RefreshExternalCollectionResponse { Status = status }, async (request, call) =>
            {
                if (imports is null) throw new MilvusException(ErrorCode.Unimplemented, "external collections are not supported by this server: service unimplemented");
                var id = await RefreshJobs.CreateAsync(proxy, call.Context(request.DbName), request.CollectionName, request.ExternalSource, request.ExternalSpec, call.Cancellation);
                return new RefreshExternalCollectionResponse { Status = StatusMapping.Ok(), JobId = id };
            })
            .Add(
                "GetRefreshExternalCollectionProgress", GetRefreshExternalCollectionProgressRequest.Parser, (_, status) => new GetRefreshExternalCollectionProgressResponse { Status = status },
                (request, _) => new GetRefreshExternalCollectionProgressResponse { Status = StatusMapping.Ok(), JobInfo = RefreshJobs.Get(proxy, request.JobId) })
            .Add(
                "ListRefreshExternalCollectionJobs", ListRefreshExternalCollectionJobsRequest.Parser, (_, status) => new ListRefreshExternalCollectionJobsResponse { Status = status },
                (request, call) => new ListRefreshExternalCollectionJobsResponse
                {
                    Status = StatusMapping.Ok(),
                    Jobs = { RefreshJobs.List(proxy, call.Database(request.DbName), request.CollectionName) },
                });
    }
}
