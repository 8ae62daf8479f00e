using Milvus.Api.Mapping;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Protocol;

namespace Milvus.Api.Grpc.Calls;

internal static class DatabaseCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("CreateDatabase", CreateDatabaseRequest.Parser, (request, _) =>
                new CreateDatabase(request.DbName) { Properties = request.Properties.ToProperties() })
            .Command("DropDatabase", DropDatabaseRequest.Parser, (request, _) => new DropDatabase(request.DbName))
            .Command("AlterDatabase", AlterDatabaseRequest.Parser, (request, _) => new AlterDatabase(request.DbName)
            {
                SetProperties = request.Properties.ToProperties(),
                DeleteKeys = [.. request.DeleteKeys],
            })
            .Add("ListDatabases", ListDatabasesRequest.Parser, (_, status) => new ListDatabasesResponse { Status = status }, (_, call) =>
            {
                var answer = new ListDatabasesResponse { Status = StatusMapping.Ok() };
                foreach (var database in proxy.Catalog.Databases.Where(Visibility.OfDatabases(proxy.Catalog, call.User)))
                {
                    answer.DbNames.Add(database.Name);
                    answer.DbIds.Add(database.Id);
                    answer.CreatedTimestamp.Add(database.CreatedAt.Value);
                }
                return answer;
            })
            .Add("DescribeDatabase", DescribeDatabaseRequest.Parser, (_, status) => new DescribeDatabaseResponse { Status = status }, (request, call) =>
            {
                var database = proxy.Catalog.GetDatabase(call.Database(request.DbName));
                var answer = new DescribeDatabaseResponse
                {
                    Status = StatusMapping.Ok(),
                    DbName = database.Name,
                    DbID = database.Id,
                    CreatedTimestamp = database.CreatedAt.Value,
                };
                answer.Properties.AddProperties(database.Properties);
                return answer;
            });
    }
}
