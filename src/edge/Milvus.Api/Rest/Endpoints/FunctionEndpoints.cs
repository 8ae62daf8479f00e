using System.Text.Json;
using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Functions of a collection in use: a function comes and goes with its output field.</summary>
internal static class FunctionEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["collections/add_function"] = call => throw MilvusException.InvalidParameter("a function is bound to its output field, use collections/add_function_field");
        table["collections/drop_function"] = call => throw MilvusException.InvalidParameter("a function is bound to its output field, use collections/drop_function_field");
        table["collections/alter_function"] = async call =>
        {
            var name = call.Required("functionName", "CollectionAlterFunction");
            await call.ExecuteAsync(new AlterFunction(call.Database, call.Collection, name, SchemaJson.ReadFunction(Object(call, "CollectionAlterFunction", "function"))));
            return RestReply.Empty;
        };
        table["collections/add_function_field"] = async call =>
        {
            const string Request = "AddFunctionFieldReq";
            var function = SchemaJson.ReadFunction(Object(call, Request, "function"));
            var output = SchemaJson.ReadField(Object(call, Request, "outputField"), autoId: false, keepDescription: true);
            var command = new AddFunction(call.Database, call.Collection, function) { Outputs = [output] };
            if (call.Object("indexParams") is { } given)
            {
                var index = SchemaJson.ReadIndex(given);
                if (index.Field != output.Name) throw MilvusException.InvalidParameter($"indexParams.fieldName {index.Field} must be the output field {output.Name}");
                command = command with { Indexes = [new CreateIndex(call.Database, call.Collection, index.Field) { IndexName = index.Name, Params = index.Params }] };
            }
            await call.ExecuteAsync(command);
            return RestReply.Empty;
        };
        table["collections/drop_function_field"] = async call =>
        {
            await call.ExecuteAsync(new DropFunction(call.Database, call.Collection, call.Required("functionName", "DropFunctionFieldReq"), WithOutputs: true));
            return RestReply.Empty;
        };
    }

    private static JsonElement Object(RestCall call, string request, string name) => call.Object(name) ?? throw RestFailure.Missing(request, name);
}
