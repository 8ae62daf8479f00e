using Google.Protobuf.Collections;
using Milvus.Api.Mapping;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using Milvus.Protocol;
using ConsistencyLevel = Milvus.Model.ConsistencyLevel;
using ErrorCode = Milvus.Model.ErrorCode;

namespace Milvus.Api.Grpc.Calls;

internal static class CollectionCalls
{
    public static void Add(CallRegistry calls)
    {
        AddChanges(calls);
        SchemaCalls.Add(calls);
        AddDescriptions(calls);
        AddStatistics(calls);
    }

    private static void AddChanges(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("CreateCollection", CreateCollectionRequest.Parser, (request, call) =>
                new CreateCollection(call.Database(request.DbName), request.CollectionName, SchemaReader.ReadCollection(request.Schema))
                {
                    Shards = request.ShardsNum,
                    Partitions = request.NumPartitions,
                    ConsistencyLevel = (ConsistencyLevel)(int)request.ConsistencyLevel,
                    // Clients say it in either way.
                    Properties = SchemaReader.HasNamespaces(request.Schema)
                        ? [.. request.Properties.ToProperties().RemoveAll(p => p.Key == NamespaceRules.Enabled), new Property(NamespaceRules.Enabled, "true")]
                        : request.Properties.ToProperties(),
                })
            .Command("DropCollection", DropCollectionRequest.Parser, (request, call) =>
                new DropCollection(call.Database(request.DbName), request.CollectionName))
            .Command("RenameCollection", RenameCollectionRequest.Parser, (request, call) =>
                new RenameCollection(call.Database(request.DbName), request.OldName, request.NewName, request.NewDBName))
            .Command("AlterCollection", AlterCollectionRequest.Parser, (request, call) =>
            {
                var (database, name) = Resolve(calls, call, request.DbName, request.CollectionName, request.CollectionID);
                return new AlterCollection(database, name)
                {
                    SetProperties = request.Properties.ToProperties(),
                    DeleteKeys = [.. request.DeleteKeys],
                };
            })
            .Command("AlterCollectionField", AlterCollectionFieldRequest.Parser, (request, call) =>
                new AlterField(call.Database(request.DbName), request.CollectionName, request.FieldName)
                {
                    SetParams = request.Properties.ToProperties(),
                    DeleteKeys = [.. request.DeleteKeys],
                })
            .Command("AddCollectionField", AddCollectionFieldRequest.Parser, (request, call) =>
            {
                var (database, name) = Resolve(calls, call, request.DbName, request.CollectionName, request.CollectionID);
                return new AddField(database, name, SchemaReader.ReadField(request.Schema));
            })
            .Add("TruncateCollection", TruncateCollectionRequest.Parser, (_, status) => new TruncateCollectionResponse { Status = status },
                async (request, call) =>
                {
                    var context = call.Context(request.DbName);
                    await proxy.ExecuteAsync(context, new TruncateCollection(context.Database, request.CollectionName), call.Cancellation);
                    return new TruncateCollectionResponse { Status = StatusMapping.Ok() };
                });
    }

    private static void AddDescriptions(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Add("HasCollection", HasCollectionRequest.Parser, (_, status) => new BoolResponse { Status = status }, (request, call) =>
            {
                var catalog = proxy.Catalog;
                var database = call.Database(request.DbName);
                var found = catalog.TryResolveCollection(database, request.CollectionName, out _);
                if (!found)
                {
                    NameRules.CheckCollection(request.CollectionName);
                    catalog.GetDatabase(database);
                }
                return new BoolResponse { Status = StatusMapping.Ok(), Value = found };
            })
            .Add("DescribeCollection", DescribeCollectionRequest.Parser, (_, status) => new DescribeCollectionResponse { Status = status },
                (request, call) => Describe(calls, call, request.DbName, request.CollectionName, request.CollectionID))
            .Add("BatchDescribeCollection", BatchDescribeCollectionRequest.Parser, (_, status) => new BatchDescribeCollectionResponse { Status = status },
                (request, call) =>
                {
                    if (request.CollectionName.Count == 0 && request.CollectionID.Count == 0) throw MilvusException.InvalidParameter("no collection names or ids to describe");
                    var answer = new BatchDescribeCollectionResponse { Status = StatusMapping.Ok() };
                    foreach (var name in request.CollectionName) answer.Responses.Add(Describe(calls, call, request.DbName, name, 0));
                    foreach (var id in request.CollectionID) answer.Responses.Add(Describe(calls, call, request.DbName, "", id));
                    return answer;
                })
            .Add("ShowCollections", ShowCollectionsRequest.Parser, (_, status) => new ShowCollectionsResponse { Status = status },
                (request, call) => ShowAsync(calls, request, call));
    }

    private static void AddStatistics(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls.Add(
            "GetCollectionStatistics", GetCollectionStatisticsRequest.Parser, (_, status) => new GetCollectionStatisticsResponse { Status = status },
            async (request, call) =>
            {
                var collection = proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                var answer = new GetCollectionStatisticsResponse { Status = StatusMapping.Ok() };
                AddRowCount(answer.Stats, await proxy.Maintenance.CountRowsAsync(collection, null, call.Cancellation));
                return answer;
            });
    }

    internal static void AddRowCount(RepeatedField<Protocol.Common.KeyValuePair> stats, long rows) =>
        stats.Add(new Protocol.Common.KeyValuePair { Key = "row_count", Value = rows.ToString() });

    internal static (string Database, string Name) Resolve(CallRegistry calls, Call call, string database, string name, long id)
    {
        if (name.Length > 0 || id == 0) return (call.Database(database), name);
        var collection = calls.Proxy.Catalog.GetCollection(id);
        return (collection.DatabaseName, collection.Name);
    }

    private static DescribeCollectionResponse Describe(CallRegistry calls, Call call, string database, string name, long id)
    {
        var catalog = calls.Proxy.Catalog;
        CollectionInfo? collection;
        if (name.Length == 0 && id != 0)
        {
            collection = catalog.GetCollection(id);
        }
        else if (!catalog.TryResolveCollection(call.Database(database), name, out collection))
        {
            NameRules.CheckCollection(name);
            // Old clients tell a missing collection from other failures by this very text.
            var db = catalog.GetDatabase(call.Database(database)).Name;
            throw new MilvusException(ErrorCode.CollectionNotFound, $"can't find collection[database={db}][collection={name}]");
        }

        var answer = new DescribeCollectionResponse
        {
            Status = StatusMapping.Ok(),
            Schema = SchemaWriter.Write(collection, Zones.Of(catalog, collection, null)),
            CollectionID = collection.Id,
            CollectionName = collection.Name,
            DbName = collection.DatabaseName,
            DbId = collection.DatabaseId,
            CreatedTimestamp = collection.CreatedAt.Value,
            CreatedUtcTimestamp = (ulong)collection.CreatedAt.PhysicalMs,
            ShardsNum = collection.ShardCount,
            ConsistencyLevel = (Protocol.Common.ConsistencyLevel)(int)collection.ConsistencyLevel,
            NumPartitions = collection.Partitions.Length,
            RequestTime = calls.Proxy.Now().Value,
            UpdateTimestamp = collection.SchemaUpdatedAt.Value,
            UpdateTimestampStr = collection.SchemaUpdatedAt.Value.ToString(),
        };
        answer.Aliases.AddRange(collection.Aliases);
        answer.Properties.AddProperties(PropertyRules.Shown(collection));
        for (var shard = 0; shard < collection.ShardCount; shard++)
        {
            var channel = new ShardId(collection.Id, shard).ToString();
            answer.VirtualChannelNames.Add(channel);
            answer.PhysicalChannelNames.Add(channel);
        }
        return answer;
    }

    private static async ValueTask<ShowCollectionsResponse> ShowAsync(CallRegistry calls, ShowCollectionsRequest request, Call call)
    {
        var proxy = calls.Proxy;
        var catalog = proxy.Catalog;
        var database = call.Database(request.DbName);
        // Clients that wait for a loading collection look for the very name that they asked by, which may be an alias.
        IEnumerable<(string Name, CollectionInfo Collection)> collections = request.CollectionNames.Count > 0
            ? [.. request.CollectionNames.Select(name => (name, catalog.GetCollection(database, name)))]
            : [.. catalog.ListCollections(database).Where(Visibility.OfCollections(catalog, call.User, database)).Select(c => (c.Name, c))];

        // Clients index all lists by the same number, so every list gets an entry per collection.
        var answer = new ShowCollectionsResponse { Status = StatusMapping.Ok() };
        foreach (var (name, collection) in collections)
        {
            if (request.Type == ShowType.InMemory && collection.Load is null)
            {
                if (request.CollectionNames.Count == 0) continue;
                throw new MilvusException(ErrorCode.CollectionNotLoaded, $"collection not loaded[collection={collection.Id}]");
            }
            var progress = collection.Load is null ? 0 : (await proxy.Maintenance.GetLoadProgressAsync(collection, [], call.Cancellation)).Percent;
            answer.CollectionNames.Add(name);
            answer.CollectionIds.Add(collection.Id);
            answer.CreatedTimestamps.Add(collection.CreatedAt.Value);
            answer.CreatedUtcTimestamps.Add((ulong)collection.CreatedAt.PhysicalMs);
            answer.InMemoryPercentages.Add(progress);
            answer.QueryServiceAvailable.Add(progress == 100);
            answer.ShardsNum.Add(collection.ShardCount);
        }
        return answer;
    }
}
