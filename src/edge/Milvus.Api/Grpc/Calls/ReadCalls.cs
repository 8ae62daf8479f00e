using System.Collections.Immutable;
using Milvus.Api.Mapping;
using Milvus.Protocol;

namespace Milvus.Api.Grpc.Calls;

internal static class ReadCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        var searches = new SearchMessages();
        calls
            .Add("Search", SearchRequest.Parser, (_, status) => new SearchResults { Status = status }, async (request, call) =>
            {
                var search = SearchReader.Read(request);
                var result = await proxy.SearchAsync(call.Context(request.DbName), search, call.Cancellation);
                var zone = Zones.Of(proxy.Catalog, result.Collection, search.Params);
                result = result with { Columns = TimeParts.Apply(result.Columns, search.Params, zone) };
                return ResultWriter.Write(result, zone, IsList(search.Params));
            }, ownedParser: searches.Parse)
            .Add("HybridSearch", HybridSearchRequest.Parser, (_, status) => new SearchResults { Status = status }, async (request, call) =>
            {
                var search = SearchReader.Read(request);
                var result = await proxy.HybridSearchAsync(call.Context(request.DbName), search, call.Cancellation);
                var zone = Zones.Of(proxy.Catalog, result.Collection, search.RankParams);
                result = result with { Columns = TimeParts.Apply(result.Columns, search.RankParams, zone) };
                return ResultWriter.Write(result, zone, IsList(search.RankParams));
            })
            .Add("Query", QueryRequest.Parser, (_, status) => new QueryResults { Status = status }, async (request, call) =>
            {
                var query = SearchReader.Read(request);
                var result = await proxy.QueryAsync(call.Context(request.DbName), query, call.Cancellation);
                var zone = Zones.Of(proxy.Catalog, result.Collection, query.Params);
                return ResultWriter.Write(result with { Columns = TimeParts.Apply(result.Columns, query.Params, zone) }, zone);
            });
    }

    // Of the two ways to name group fields the singular wins.
    private static bool IsList(ImmutableDictionary<string, string> parameters) =>
        parameters.ContainsKey("group_by_fields") && string.IsNullOrEmpty(parameters.GetValueOrDefault("group_by_field"));
}
