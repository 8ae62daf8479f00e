using Milvus.Coordinator.Commands;

namespace Milvus.Api.Rest.Endpoints;

internal static class AliasEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["aliases/list"] = call => new(RestReply.Names(call.Proxy.Catalog.ListAliases(call.Database, call.Text("collectionName"))));
        table["aliases/describe"] = call =>
        {
            var alias = call.Required("aliasName", "AliasReq");
            var collection = call.Proxy.Catalog.DescribeAlias(call.Database, alias);
            return new(RestReply.Object(w =>
            {
                w.WriteString("dbName", collection.DatabaseName);
                w.WriteString("collectionName", collection.Name);
                w.WriteString("aliasName", alias);
            }));
        };
        table["aliases/create"] = async call =>
        {
            await call.ExecuteAsync(new CreateAlias(call.Database, call.Required("aliasName", "AliasCollectionReq"), call.Collection));
            return RestReply.Empty;
        };
        table["aliases/alter"] = async call =>
        {
            await call.ExecuteAsync(new AlterAlias(call.Database, call.Required("aliasName", "AliasCollectionReq"), call.Collection));
            return RestReply.Empty;
        };
        table["aliases/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropAlias(call.Database, call.Required("aliasName", "AliasReq")));
            return RestReply.Empty;
        };
    }
}
