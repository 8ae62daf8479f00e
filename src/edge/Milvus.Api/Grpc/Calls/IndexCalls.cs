using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Proxy;
using ErrorCode = Milvus.Model.ErrorCode;

namespace Milvus.Api.Grpc.Calls;

internal static class IndexCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("CreateIndex", CreateIndexRequest.Parser, (request, call) =>
                new CreateIndex(call.Database(request.DbName), request.CollectionName, request.FieldName)
                {
                    IndexName = request.IndexName,
                    Params = request.ExtraParams.ToProperties(),
                })
            .Command("AlterIndex", AlterIndexRequest.Parser, (request, call) =>
                new AlterIndex(call.Database(request.DbName), request.CollectionName, request.IndexName)
                {
                    SetParams = request.ExtraParams.ToProperties(),
                    DeleteKeys = [.. request.DeleteKeys],
                })
            .Command("DropIndex", DropIndexRequest.Parser, (request, call) =>
                new DropIndex(call.Database(request.DbName), request.CollectionName)
                {
                    IndexName = request.IndexName,
                    Field = request.FieldName,
                })
            .Add("DescribeIndex", DescribeIndexRequest.Parser, (_, status) => new DescribeIndexResponse { Status = status }, async (request, call) =>
            {
                // The field that a request names is not asked about, as in Milvus: clients pick theirs from all.
                var answer = new DescribeIndexResponse { Status = StatusMapping.Ok() };
                var (collection, indexes) = Find(proxy, call, request.DbName, request.CollectionName, "", request.IndexName);
                foreach (var index in indexes) answer.IndexDescriptions.Add(await DescribeAsync(proxy, call, collection, index));
                return answer;
            })
            .Add("GetIndexStatistics", GetIndexStatisticsRequest.Parser, (_, status) => new GetIndexStatisticsResponse { Status = status },
                async (request, call) =>
                {
                    var answer = new GetIndexStatisticsResponse { Status = StatusMapping.Ok() };
                    var (collection, indexes) = Find(proxy, call, request.DbName, request.CollectionName, "", request.IndexName);
                    foreach (var index in indexes) answer.IndexDescriptions.Add(await DescribeAsync(proxy, call, collection, index));
                    return answer;
                })
            .Add("GetIndexState", GetIndexStateRequest.Parser, (_, status) => new GetIndexStateResponse { Status = status }, async (request, call) =>
            {
                var (collection, index) = FindOne(proxy, call, request.DbName, request.CollectionName, request.FieldName, request.IndexName);
                var progress = await proxy.Maintenance.GetIndexProgressAsync(collection, index, call.Cancellation);
                return new GetIndexStateResponse { Status = StatusMapping.Ok(), State = State(progress), FailReason = progress.FailReason };
            })
            .Add("GetIndexBuildProgress", GetIndexBuildProgressRequest.Parser, (_, status) => new GetIndexBuildProgressResponse { Status = status },
                async (request, call) =>
                {
                    var (collection, index) = FindOne(proxy, call, request.DbName, request.CollectionName, request.FieldName, request.IndexName);
                    var progress = await proxy.Maintenance.GetIndexProgressAsync(collection, index, call.Cancellation);
                    return new GetIndexBuildProgressResponse
                    {
                        Status = StatusMapping.Ok(),
                        IndexedRows = progress.IndexedRows,
                        TotalRows = progress.TotalRows,
                    };
                });
    }

    /// <exception cref="MilvusException">1100: no collection can have that name. 100: no such collection. 700: nothing fits.</exception>
    private static (CollectionInfo Collection, IReadOnlyList<IndexInfo> Indexes) Find(
        IMilvusProxy proxy, Call call, string database, string collectionName, string field, string index)
    {
        var collection = proxy.Catalog.GetCollection(call.Database(database), collectionName);
        var indexes = collection.Indexes
            .Where(i => (index.Length == 0 || i.Name == index) && (field.Length == 0 || i.FieldName == field))
            .ToList();
        if (indexes.Count > 0) return (collection, indexes);
        throw new MilvusException(ErrorCode.IndexNotFound, index.Length > 0
            ? $"index not found[indexName={index}]"
            : $"index not found[collection={collectionName}]");
    }

    /// <exception cref="MilvusException">100: no such collection. 700: nothing fits. 702: several do.</exception>
    private static (CollectionInfo Collection, IndexInfo Index) FindOne(
        IMilvusProxy proxy, Call call, string database, string collectionName, string field, string index)
    {
        var (collection, indexes) = Find(proxy, call, database, collectionName, field, index);
        return indexes.Count == 1
            ? (collection, indexes[0])
            : throw new MilvusException(ErrorCode.IndexDuplicate, $"index duplicates[indexName={index}]");
    }

    private static async ValueTask<IndexDescription> DescribeAsync(IMilvusProxy proxy, Call call, CollectionInfo collection, IndexInfo index)
    {
        var progress = await proxy.Maintenance.GetIndexProgressAsync(collection, index, call.Cancellation);
        var description = new IndexDescription
        {
            IndexName = index.Name,
            IndexID = index.Id,
            FieldName = index.FieldName,
            IndexedRows = progress.IndexedRows,
            TotalRows = progress.TotalRows,
            PendingIndexRows = progress.PendingRows,
            State = State(progress),
            IndexStateFailReason = progress.FailReason,
            MinIndexVersion = index.Version,
            MaxIndexVersion = index.Version,
        };
        description.Params.AddProperties(index.Params);
        return description;
    }

    private static IndexState State(IndexProgress progress) => progress.Phase switch
    {
        BuildPhase.Unissued => IndexState.Unissued,
        BuildPhase.InProgress => IndexState.InProgress,
        BuildPhase.Finished => IndexState.Finished,
        BuildPhase.Failed => IndexState.Failed,
        _ => IndexState.None,
    };
}
