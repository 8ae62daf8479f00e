using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Milvus.Api.Mapping;
using Milvus.Api.Rest.Values;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Writing;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Insert, upsert, delete, query and get.</summary>
internal static class EntityEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["entities/insert"] = InsertAsync;
        table["entities/upsert"] = UpsertAsync;
        table["entities/delete"] = DeleteAsync;
        table["entities/query"] = QueryAsync;
        table["entities/get"] = GetAsync;
    }

    /// <summary>Filter template values.</summary>
    public static ImmutableDictionary<string, Literal> Templates(JsonElement owner)
    {
        if (!RestCall.TryGet(owner, "exprParams", out var v) || v.ValueKind == JsonValueKind.Null) return ImmutableDictionary<string, Literal>.Empty;
        if (v.ValueKind != JsonValueKind.Object) throw RestCall.WrongType("exprParams", "object", v);
        var templates = ImmutableDictionary.CreateBuilder<string, Literal>();
        foreach (var p in v.EnumerateObject()) templates[p.Name] = JsonLiterals.Convert(p.Name, p.Value);
        return templates.ToImmutable();
    }

    private static async ValueTask<RestReply> InsertAsync(RestCall call)
    {
        var (collection, rows) = Rows(call);
        var columns = RowReader.Read(rows, collection, Zones.Of(call.Proxy.Catalog, collection, null), partial: false, GivenValues.MayBeAutoId(collection));
        var result = await call.Proxy.InsertAsync(call.Context, new InsertRequest
        {
            Collection = call.Collection,
            Partition = call.Text("partitionName"),
            RowCount = rows.GetArrayLength(),
            Columns = columns,
        }, call.Cancellation);
        return Written("insertCount", "insertIds", result.InsertCount, result.Ids, call.Int64AsNumbers);
    }

    private static async ValueTask<RestReply> UpsertAsync(RestCall call)
    {
        var (collection, rows) = Rows(call);
        var operations = ReadOperations(call);
        var partial = call.Flag("partialUpdate") || operations.Count > 0;
        var columns = RowReader.Read(rows, collection, Zones.Of(call.Proxy.Catalog, collection, null), partial, allowAutoId: true);
        var result = await call.Proxy.UpsertAsync(call.Context, new UpsertRequest
        {
            Collection = call.Collection,
            Partition = call.Text("partitionName"),
            RowCount = rows.GetArrayLength(),
            Columns = columns,
            PartialUpdate = partial,
            FieldOperations = operations,
        }, call.Cancellation);
        return Written("upsertCount", "upsertIds", result.UpsertCount, result.Ids, call.Int64AsNumbers);
    }

    private static async ValueTask<RestReply> DeleteAsync(RestCall call)
    {
        call.DescribedCollection();
        var result = await call.Proxy.DeleteAsync(call.Context, new DeleteRequest
        {
            Collection = call.Collection,
            Partition = call.Text("partitionName"),
            Expression = call.Required("filter", "CollectionFilterReq"),
            Templates = Templates(call.Body),
        }, call.Cancellation);
        return RestReply.WithCost(w =>
        {
            w.WriteStartObject();
            w.WriteNumber("deleteCount", result.DeleteCount);
            w.WriteEndObject();
        });
    }

    private static async ValueTask<RestReply> QueryAsync(RestCall call) => WriteRows(call, await RunQueryAsync(call, call.Flag("explain")));

    public static async Task<QueryResult> RunQueryAsync(RestCall call, bool explain)
    {
        var outputs = call.Has("outputFields") ? call.Texts("outputFields") : ["*"];
        var isCount = outputs.Any(o => o.Replace(" ", "", StringComparison.Ordinal).Equals("count(*)", StringComparison.OrdinalIgnoreCase));
        var parameters = ImmutableDictionary.CreateBuilder<string, string>();
        var limit = call.Number("limit");
        var groups = call.Texts("groupByFields");
        if (groups.Length > 0) parameters["group_by_fields"] = string.Join(',', groups);
        // Rows that are counted or grouped are not returned: the usual limit means nothing then.
        if (groups.Length > 0 ? limit != 0 : !isCount) parameters["limit"] = (limit == 0 ? 100 : limit).ToString(CultureInfo.InvariantCulture);
        if (call.Number("offset") is var offset && offset != 0) parameters["offset"] = offset.ToString(CultureInfo.InvariantCulture);
        if (call.Texts("orderByFields") is { Length: > 0 } order) parameters["order_by_fields"] = string.Join(',', order);
        if (explain) parameters["explain"] = "true";
        return await call.Proxy.QueryAsync(call.Context, new QueryRequest
        {
            Collection = call.Collection,
            Partitions = call.Texts("partitionNames"),
            Expression = call.Text("filter"),
            Templates = Templates(call.Body),
            OutputFields = outputs,
            ConsistencyLevel = call.Consistency(),
            Params = TimeOptions.Of(call).AddTo(parameters.ToImmutable()),
        }, call.Cancellation);
    }

    private static async ValueTask<RestReply> GetAsync(RestCall call)
    {
        var collection = call.DescribedCollection();
        // Milvus also takes the key 0 for a missing one; here it is a key.
        if (call.Find("id") is not { } id || (id.ValueKind == JsonValueKind.String && id.ValueEquals(""))) throw RestFailure.Missing("CollectionIDReq", "id");
        var result = await call.Proxy.QueryAsync(call.Context, new QueryRequest
        {
            Collection = call.Collection,
            Partitions = call.Texts("partitionNames"),
            Keys = ReadKeys(id, collection.Schema.PrimaryKey),
            OutputFields = call.Has("outputFields") ? call.Texts("outputFields") : ["*"],
            ConsistencyLevel = call.Consistency(),
        }, call.Cancellation);
        return WriteRows(call, result);
    }

    /// <summary>One key or a list of them; integers also as text.</summary>
    public static PrimaryKeys ReadKeys(JsonElement id, FieldSchema field)
    {
        var builder = ColumnBuilder.For(field);
        try
        {
            if (id.ValueKind == JsonValueKind.Array)
            {
                foreach (var one in id.EnumerateArray()) ValueReader.Append(builder, field, one);
            }
            else
            {
                ValueReader.Append(builder, field, id);
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidOperationException)
        {
            throw new RestFailure(RestCodes.BadPrimaryKey, $"please check the primary key and its' type can only in [int, string], error: {e.Message}");
        }
        return new PrimaryKeys(builder.Build());
    }

    private static (CollectionInfo Collection, JsonElement Rows) Rows(RestCall call)
    {
        var name = call.Collection;
        if (call.Find("data") is not { } data) throw RestFailure.Missing("CollectionDataReq", "data");
        if (data.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)) throw RestCall.WrongType("data", "[]map[string]interface {}", data);
        var collection = call.DescribedCollection();
        if (data.ValueKind == JsonValueKind.Object) throw RestCall.WrongType("data", "[]map[string]interface {}", data);
        if (data.GetArrayLength() == 0) throw RestFailure.BadRows("data is empty");
        return (collection, data);
    }

    private static ImmutableDictionary<string, FieldOperation> ReadOperations(RestCall call)
    {
        var operations = ImmutableDictionary<string, FieldOperation>.Empty;
        if (call.Find("fieldOps") is not { } list) return operations;
        if (list.ValueKind != JsonValueKind.Array) throw RestCall.WrongType("fieldOps", "[]FieldOp", list);
        foreach (var op in list.EnumerateArray())
        {
            if (op.ValueKind != JsonValueKind.Object) throw RestCall.WrongType("fieldOps", "FieldOp", op);
            var name = RestCall.Text(op, "op");
            operations = operations.SetItem(RestCall.Text(op, "fieldName"), name.ToUpperInvariant() switch
            {
                "REPLACE" => FieldOperation.Replace,
                "ARRAY_APPEND" => FieldOperation.ArrayAppend,
                "ARRAY_REMOVE" => FieldOperation.ArrayRemove,
                _ => throw MilvusException.InvalidParameter($"unknown field operation {name}"),
            });
        }
        return operations;
    }

    private static RestReply Written(string countName, string idsName, long count, PrimaryKeys ids, bool int64AsNumbers) => RestReply.WithCost(w =>
    {
        w.WriteStartObject();
        w.WriteNumber(countName, count);
        w.WriteStartArray(idsName);
        for (var i = 0; i < ids.Count; i++) RowWriter.WriteKey(w, ids, i, int64AsNumbers);
        w.WriteEndArray();
        w.WriteEndObject();
    });

    private static RestReply WriteRows(RestCall call, QueryResult result)
    {
        var rows = TimeOptions.Of(call).Writer(call, result.Collection, result.Columns);
        return new RestReply(w =>
        {
            w.WriteStartArray();
            for (var i = 0; i < result.RowCount; i++)
            {
                w.WriteStartObject();
                rows.WriteMembers(w, i);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        })
        {
            Beside = w =>
            {
                w.WriteNumber("cost", 0);
                SearchEndpoints.WriteExplain(w, result.Explain, result.Collection);
            },
        };
    }
}
