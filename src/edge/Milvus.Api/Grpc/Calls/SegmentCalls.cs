using Milvus.Api.Mapping;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;
using Milvus.Proxy;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Flushing, and what segments there are.</summary>
internal static class SegmentCalls
{
    public static void Add(CallRegistry calls)
    {
        AddFlush(calls);
        AddSegments(calls);
    }

    private static void AddFlush(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Add("Flush", FlushRequest.Parser, (_, status) => new FlushResponse { Status = status }, async (request, call) =>
            {
                var context = call.Context(request.DbName);
                var answer = new FlushResponse { Status = StatusMapping.Ok(), DbName = context.Database };
                if (request.CollectionNames.Count == 0) throw MilvusException.InvalidParameter("collection names is empty");
                foreach (var name in request.CollectionNames)
                {
                    var outcome = await proxy.FlushAsync(context, name, call.Cancellation);
                    answer.CollSegIDs[name] = Ids(outcome.SegmentIds);
                    answer.FlushCollSegIDs[name] = Ids(outcome.FlushedSegmentIds);
                    answer.CollSealTimes[name] = outcome.Timestamp.PhysicalMs / 1000;
                    answer.CollFlushTs[name] = outcome.Timestamp.Value;
                }
                return answer;
            })
            .Add("GetFlushState", GetFlushStateRequest.Parser, (_, status) => new GetFlushStateResponse { Status = status }, async (request, call) =>
            {
                var flushed = await proxy.Maintenance.AreFlushedAsync([.. request.SegmentIDs], call.Cancellation);
                // A collection that is gone has nothing left to flush.
                if (flushed && request.FlushTs != 0 && request.CollectionName.Length > 0
                    && proxy.Catalog.TryResolveCollection(call.Database(request.DbName), request.CollectionName, out var collection))
                {
                    flushed = await proxy.Maintenance.IsFlushedAsync(collection, new Timestamp(request.FlushTs), call.Cancellation);
                }
                return new GetFlushStateResponse { Status = StatusMapping.Ok(), Flushed = flushed };
            })
            // External collections have nothing to flush.
            .Add("FlushAll", FlushAllRequest.Parser, (_, status) => new FlushAllResponse { Status = status }, async (request, call) =>
            {
                var latest = proxy.Now();
                var answer = new FlushAllResponse { Status = StatusMapping.Ok() };
                foreach (var database in Targets(proxy, request.DbName, request.FlushTargets).Where(c => !c.Schema.IsExternal).GroupBy(c => c.DatabaseName))
                {
                    var result = new FlushAllResult { DbName = database.Key };
                    foreach (var collection in database)
                    {
                        var outcome = await proxy.FlushAsync(new RequestContext(database.Key, call.User), collection.Name, call.Cancellation);
                        if (outcome.Timestamp > latest) latest = outcome.Timestamp;
                        result.CollectionResults.Add(new FlushCollectionResult
                        {
                            CollectionName = collection.Name,
                            SegmentIds = Ids(outcome.SegmentIds),
                            FlushSegmentIds = Ids(outcome.FlushedSegmentIds),
                            SealTime = outcome.Timestamp.PhysicalMs / 1000,
                            FlushTs = outcome.Timestamp.Value,
                        });
                    }
                    answer.FlushResults.Add(result);
                }
                answer.FlushAllTs = latest.Value;
                return answer;
            })
            .Add("GetFlushAllState", GetFlushAllStateRequest.Parser, (_, status) => new GetFlushAllStateResponse { Status = status }, async (request, call) =>
            {
                var until = new Timestamp(request.FlushAllTss.Count > 0 ? request.FlushAllTss.Values.Max() : request.FlushAllTs);
                var answer = new GetFlushAllStateResponse { Status = StatusMapping.Ok(), Flushed = true };
                foreach (var database in Targets(proxy, request.DbName, request.FlushTargets).Where(c => !c.Schema.IsExternal).GroupBy(c => c.DatabaseName))
                {
                    var state = new FlushAllState { DbName = database.Key };
                    foreach (var collection in database)
                    {
                        var flushed = await proxy.Maintenance.IsFlushedAsync(collection, until, call.Cancellation);
                        state.CollectionFlushStates[collection.Name] = flushed;
                        answer.Flushed &= flushed;
                    }
                    answer.FlushStates.Add(state);
                }
                return answer;
            });
    }

    private static void AddSegments(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Add("GetPersistentSegmentInfo", GetPersistentSegmentInfoRequest.Parser, (_, status) => new GetPersistentSegmentInfoResponse { Status = status },
                async (request, call) =>
                {
                    var collection = proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                    var answer = new GetPersistentSegmentInfoResponse { Status = StatusMapping.Ok() };
                    foreach (var segment in await proxy.Maintenance.GetSegmentsAsync(collection, call.Cancellation))
                    {
                        if (segment.Phase == SegmentPhase.Growing) continue;
                        answer.Infos.Add(new PersistentSegmentInfo
                        {
                            SegmentID = segment.SegmentId,
                            CollectionID = segment.CollectionId,
                            PartitionID = segment.PartitionId,
                            NumRows = segment.Rows,
                            State = segment.Phase == SegmentPhase.Flushed ? SegmentState.Flushed : SegmentState.Flushing,
                            Level = SegmentLevel.L1,
                        });
                    }
                    return answer;
                })
            .Add("GetQuerySegmentInfo", GetQuerySegmentInfoRequest.Parser, (_, status) => new GetQuerySegmentInfoResponse { Status = status },
                async (request, call) =>
                {
                    var collection = proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                    var answer = new GetQuerySegmentInfoResponse { Status = StatusMapping.Ok() };
                    foreach (var segment in await proxy.Maintenance.GetSegmentsAsync(collection, call.Cancellation))
                        if (segment.Loaded) answer.Infos.Add(Describe(segment));
                    return answer;
                });
    }

    private static QuerySegmentInfo Describe(SegmentStatus segment)
    {
        var info = new QuerySegmentInfo
        {
            SegmentID = segment.SegmentId,
            CollectionID = segment.CollectionId,
            PartitionID = segment.PartitionId,
            MemSize = segment.MemoryBytes,
            NumRows = segment.Rows,
            State = segment.Phase == SegmentPhase.Growing ? SegmentState.Growing : SegmentState.Sealed,
            Level = SegmentLevel.L1,
        };
        if (segment.NodeIds.IsDefaultOrEmpty) info.NodeIds.Add(ServerIdentity.NodeId);
        else info.NodeIds.AddRange(segment.NodeIds);
        if (!segment.IndexNames.IsDefaultOrEmpty) info.IndexName = segment.IndexNames[0];
        if (!segment.IndexIds.IsDefaultOrEmpty) info.IndexID = segment.IndexIds[0];
        return info;
    }

    /// <summary>The named collections, else those of the named database, else all there are.</summary>
    private static IEnumerable<CollectionInfo> Targets(IMilvusProxy proxy, string database, IReadOnlyCollection<FlushAllTarget> targets)
    {
        var catalog = proxy.Catalog;
        if (targets.Count == 0) return database.Length == 0 ? catalog.Collections : catalog.ListCollections(database);
        return targets.SelectMany(t => t.CollectionNames.Count == 0
            ? catalog.ListCollections(t.DbName)
            : t.CollectionNames.Select(name => catalog.GetCollection(t.DbName, name)));
    }

    private static LongArray Ids(IEnumerable<long> ids)
    {
        var array = new LongArray();
        array.Data.AddRange(ids);
        return array;
    }
}
