using System.Collections.Immutable;
using Google.Protobuf.Collections;
using Milvus.Api.Mapping;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Schema;
using Milvus.Proxy;
using MutationResult = Milvus.Protocol.MutationResult;
using WireDelete = Milvus.Protocol.DeleteRequest;
using WireInsert = Milvus.Protocol.InsertRequest;
using WireUpsert = Milvus.Protocol.UpsertRequest;

namespace Milvus.Api.Grpc.Calls;

internal static class WriteCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Add("Insert", WireInsert.Parser,
                (request, status) => ResultWriter.Failed(status, RowCounts.Plausible(request.NumRows, request.FieldsData)),
                async (request, call) =>
                {
                    var context = call.Context(request.DbName);
                    var insert = new Proxy.InsertRequest
                    {
                        Collection = request.CollectionName,
                        Partition = request.PartitionName,
                        Namespace = request.HasNamespace ? request.Namespace : null,
                        RowCount = RowCounts.Read(request.NumRows),
                        Columns = ReadColumns(proxy, context, request.CollectionName, request.NumRows, request.FieldsData),
                        SchemaTimestamp = request.SchemaTimestamp,
                    };
                    return ResultWriter.Write(await proxy.InsertAsync(context, insert, call.Cancellation), insert.RowCount);
                }, ownedParser: WriteMessages.ParseInsert)
            .Add("Upsert", WireUpsert.Parser,
                (request, status) => ResultWriter.Failed(status, RowCounts.Plausible(request.NumRows, request.FieldsData)),
                async (request, call) =>
                {
                    var context = call.Context(request.DbName);
                    var upsert = new Proxy.UpsertRequest
                    {
                        Collection = request.CollectionName,
                        Partition = request.PartitionName,
                        Namespace = request.HasNamespace ? request.Namespace : null,
                        RowCount = RowCounts.Read(request.NumRows),
                        Columns = ReadColumns(proxy, context, request.CollectionName, request.NumRows, request.FieldsData),
                        SchemaTimestamp = request.SchemaTimestamp,
                        // Operations on single fields only make sense on a partial row.
                        PartialUpdate = request.PartialUpdate || request.FieldOps.Count > 0,
                        FieldOperations = request.FieldOps.ToImmutableDictionary(o => o.FieldName, o => (FieldOperation)(int)o.Op),
                    };
                    return ResultWriter.Write(await proxy.UpsertAsync(context, upsert, call.Cancellation), upsert.RowCount);
                }, ownedParser: WriteMessages.ParseUpsert)
            .Add("Delete", WireDelete.Parser, (_, status) => ResultWriter.Failed(status, 0), async (request, call) =>
            {
                var delete = new Proxy.DeleteRequest
                {
                    Collection = request.CollectionName,
                    Partition = request.PartitionName,
                    Namespace = request.HasNamespace ? request.Namespace : null,
                    Expression = request.Expr,
                    Templates = request.ExprTemplateValues.ToLiterals(),
                };
                var answer = ResultWriter.Write(await proxy.DeleteAsync(call.Context(request.DbName), delete, call.Cancellation), 0);
                // Clients answer with the keys when there are any and with the count otherwise; Milvus only counts.
                answer.IDs = new Protocol.Schema.IDs();
                return answer;
            });
    }

    private static ImmutableArray<NamedColumn> ReadColumns(
        IMilvusProxy proxy, RequestContext context, string collectionName, uint rows, RepeatedField<FieldData> fields)
    {
        // An unknown collection is the proxy's to report; types are then read as declared.
        var catalog = proxy.Catalog;
        catalog.TryResolveCollection(context.Database, collectionName, out var collection);
        return new FieldDataReader(RowCounts.Read(rows), collection?.Schema, Zones.Of(catalog, collection, null)).Read(fields);
    }
}
