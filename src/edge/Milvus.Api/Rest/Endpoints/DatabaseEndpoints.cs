using System.Text.Json;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

internal static class DatabaseEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["databases/list"] = call => new(RestReply.Names(call.Proxy.Catalog.Databases.Where(Visibility.OfDatabases(call.Proxy.Catalog, call.Context.User)).Select(d => d.Name)));
        table["databases/describe"] = call =>
        {
            var database = call.Proxy.Catalog.GetDatabase(call.Required("dbName", "DatabaseReq"));
            return new(RestReply.Object(w =>
            {
                w.WriteString("dbName", database.Name);
                w.WriteNumber("dbID", database.Id);
                w.WritePropertyName("properties");
                WritePairs(w, database.Properties);
            }));
        };
        table["databases/create"] = async call =>
        {
            await call.ExecuteAsync(new CreateDatabase(call.Required("dbName", "DatabaseReqWithProperties")) { Properties = call.Map("properties") });
            return RestReply.Empty;
        };
        table["databases/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropDatabase(call.Required("dbName", "DatabaseReq")));
            return RestReply.Empty;
        };
        table["databases/alter"] = table["databases/alter_properties"] = async call =>
        {
            await call.ExecuteAsync(new AlterDatabase(call.Required("dbName", "DatabaseReqWithProperties")) { SetProperties = call.Map("properties") });
            return RestReply.Empty;
        };
        table["databases/drop_properties"] = async call =>
        {
            await call.ExecuteAsync(new AlterDatabase(call.Required("dbName", "DropDatabasePropertiesReq")) { DeleteKeys = call.RequiredTexts("propertyKeys", "DropDatabasePropertiesReq") });
            return RestReply.Empty;
        };
    }

    /// <summary>Properties as a list of key and value.</summary>
    public static void WritePairs(Utf8JsonWriter w, IEnumerable<Property> properties)
    {
        w.WriteStartArray();
        foreach (var p in properties)
        {
            w.WriteStartObject();
            w.WriteString("key", p.Key);
            w.WriteString("value", p.Value);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }
}
