using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Protocol;

namespace Milvus.Api.Grpc.Calls;

internal static class AliasCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("CreateAlias", CreateAliasRequest.Parser, (request, call) =>
                new CreateAlias(call.Database(request.DbName), request.Alias, request.CollectionName))
            .Command("AlterAlias", AlterAliasRequest.Parser, (request, call) =>
                new AlterAlias(call.Database(request.DbName), request.Alias, request.CollectionName))
            .Command("DropAlias", DropAliasRequest.Parser, (request, call) =>
                new DropAlias(call.Database(request.DbName), request.Alias))
            .Add("DescribeAlias", DescribeAliasRequest.Parser, (_, status) => new DescribeAliasResponse { Status = status }, (request, call) =>
            {
                var collection = proxy.Catalog.DescribeAlias(call.Database(request.DbName), request.Alias);
                return new DescribeAliasResponse
                {
                    Status = StatusMapping.Ok(),
                    DbName = collection.DatabaseName,
                    Alias = request.Alias,
                    Collection = collection.Name,
                };
            })
            .Add("ListAliases", ListAliasesRequest.Parser, (_, status) => new ListAliasesResponse { Status = status }, (request, call) =>
            {
                var database = call.Database(request.DbName);
                var answer = new ListAliasesResponse
                {
                    Status = StatusMapping.Ok(),
                    DbName = database,
                    CollectionName = request.CollectionName,
                };
                answer.Aliases.AddRange(proxy.Catalog.ListAliases(database, request.CollectionName));
                return answer;
            });
    }
}
