using System.Collections.Immutable;
using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Protocol;
using ErrorCode = Milvus.Model.ErrorCode;
using FieldSchema = Milvus.Model.FieldSchema;
using WireFunction = Milvus.Protocol.Schema.FunctionSchema;
using WireStruct = Milvus.Protocol.Schema.StructArrayFieldSchema;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Changes to the schema of a collection in use, other than adding one plain field.</summary>
internal static class SchemaCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("AddCollectionStructField", AddCollectionStructFieldRequest.Parser, (request, call) =>
            {
                var (database, name) = CollectionCalls.Resolve(calls, call, request.DbName, request.CollectionName, request.CollectionID);
                return new AddStructField(database, name, SchemaReader.ReadStruct(request.StructArrayFieldSchema ?? new WireStruct()));
            })
            .Command("AddCollectionFunction", AddCollectionFunctionRequest.Parser, (request, call) =>
            {
                var (database, name) = CollectionCalls.Resolve(calls, call, request.DbName, request.CollectionName, request.CollectionID);
                return new AddFunction(database, name, SchemaReader.ReadFunction(request.FunctionSchema ?? new WireFunction()));
            })
            .Command("AlterCollectionFunction", AlterCollectionFunctionRequest.Parser, (request, call) =>
            {
                var (database, name) = CollectionCalls.Resolve(calls, call, request.DbName, request.CollectionName, request.CollectionID);
                return new AlterFunction(database, name, request.FunctionName, SchemaReader.ReadFunction(request.FunctionSchema ?? new WireFunction()));
            })
            .Command("DropCollectionFunction", DropCollectionFunctionRequest.Parser, (request, call) =>
            {
                var (database, name) = CollectionCalls.Resolve(calls, call, request.DbName, request.CollectionName, request.CollectionID);
                return new DropFunction(database, name, request.FunctionName, WithOutputs: false);
            })
            .Add("AlterCollectionSchema", AlterCollectionSchemaRequest.Parser, (_, status) => new AlterCollectionSchemaResponse { AlterStatus = status },
                async (request, call) =>
                {
                    var (database, name) = CollectionCalls.Resolve(calls, call, request.DbName, request.CollectionName, request.CollectionID);
                    await proxy.ExecuteAsync(call.Context(""), Read(calls, request, database, name), call.Cancellation);
                    return new AlterCollectionSchemaResponse { AlterStatus = StatusMapping.Ok() };
                });
    }

    private static CoordinatorCommand Read(CallRegistry calls, AlterCollectionSchemaRequest request, string database, string name)
    {
        switch (request.Action?.OpCase)
        {
            case AlterCollectionSchemaRequest.Types.Action.OpOneofCase.AddRequest:
                return ReadAdd(request.Action.AddRequest, database, name);
            case AlterCollectionSchemaRequest.Types.Action.OpOneofCase.DropRequest:
                var drop = request.Action.DropRequest;
                return drop.IdentifierCase switch
                {
                    AlterCollectionSchemaRequest.Types.DropRequest.IdentifierOneofCase.FunctionName => new DropFunction(database, name, drop.FunctionName, drop.DropFunctionOutputFields),
                    AlterCollectionSchemaRequest.Types.DropRequest.IdentifierOneofCase.FieldName => new DropField(database, name, drop.FieldName),
                    AlterCollectionSchemaRequest.Types.DropRequest.IdentifierOneofCase.FieldId => new DropField(database, name, FieldName(calls, database, name, drop.FieldId)),
                    _ => throw MilvusException.InvalidParameter("drop request names neither a field nor a function"),
                };
            default:
                throw MilvusException.InvalidParameter("alter collection schema request has no action");
        }
    }

    private static CoordinatorCommand ReadAdd(AlterCollectionSchemaRequest.Types.AddRequest add, string database, string name)
    {
        ImmutableArray<FieldSchema> fields = [.. add.FieldInfos.Select(f => SchemaReader.ReadField(f.FieldSchema ?? new Protocol.Schema.FieldSchema()))];
        if (add.FuncSchema.Count == 0)
            return fields.Length == 1 ? new AddField(database, name, fields[0]) : throw MilvusException.InvalidParameter($"one field can be added at a time, but got {fields.Length}");
        if (add.FuncSchema.Count > 1) throw MilvusException.InvalidParameter($"one function can be added at a time, but got {add.FuncSchema.Count}");
        return new AddFunction(database, name, SchemaReader.ReadFunction(add.FuncSchema[0]))
        {
            Outputs = fields,
            Indexes =
            [
                .. add.FieldInfos.Where(f => f.ExtraParams.Count > 0).Select(f => new CreateIndex(database, name, f.FieldSchema.Name) { IndexName = f.IndexName, Params = f.ExtraParams.ToProperties() }),
            ],
        };
    }

    private static string FieldName(CallRegistry calls, string database, string collection, long id) =>
        calls.Proxy.Catalog.GetCollection(database, collection).Schema.Find(id)?.Name
        ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={id}]") { IsInputError = true };
}
