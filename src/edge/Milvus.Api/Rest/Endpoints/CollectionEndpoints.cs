using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Api.Mapping;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest.Endpoints;

internal static class CollectionEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["collections/list"] = call => new(RestReply.Names(call.Proxy.Catalog.ListCollections(call.Database).Where(Visibility.OfCollections(call.Proxy.Catalog, call.Context.User, call.Database)).Select(c => c.Name)));
        table["collections/has"] = call =>
        {
            var has = call.Proxy.Catalog.TryResolveCollection(call.Database, call.Collection, out _);
            return new(RestReply.Object(w => w.WriteBoolean("has", has)));
        };
        table["collections/describe"] = async call =>
        {
            var collection = call.DescribedCollection();
            var load = LoadStates.Name((await call.Proxy.Maintenance.GetLoadProgressAsync(collection, [], call.Cancellation)).Phase);
            return new RestReply(w => Describe(w, collection, load, Zones.Of(call.Proxy.Catalog, collection, null)))
            {
                // As Milvus tells of the parts that it could not find out, which a missing index counts among.
                Beside = w => w.WriteString("message", collection.Indexes.IsEmpty ? $"index not found[collection={collection.Name}];" : ""),
            };
        };
        table["collections/create"] = CreateAsync;
        table["collections/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropCollection(call.Database, call.Collection));
            return RestReply.Empty;
        };
        table["collections/truncate"] = async call =>
        {
            await call.ExecuteAsync(new TruncateCollection(call.Database, call.Collection));
            return RestReply.Empty;
        };
        table["collections/rename"] = async call =>
        {
            await call.ExecuteAsync(new RenameCollection(call.Database, call.Collection, call.Required("newCollectionName", "RenameCollectionReq"), call.Text("newDbName")));
            return RestReply.Empty;
        };
        table["collections/alter_properties"] = async call =>
        {
            await call.ExecuteAsync(new AlterCollection(call.Database, call.Collection) { SetProperties = call.Map("properties") });
            return RestReply.Empty;
        };
        table["collections/drop_properties"] = async call =>
        {
            await call.ExecuteAsync(new AlterCollection(call.Database, call.Collection) { DeleteKeys = call.Texts("propertyKeys") });
            return RestReply.Empty;
        };
        table["collections/fields/alter_properties"] = async call =>
        {
            await call.ExecuteAsync(new AlterField(call.Database, call.Collection, call.Required("fieldName", "CollectionFieldReqWithParams")) { SetParams = call.Map("fieldParams") });
            return RestReply.Empty;
        };
        table["collections/fields/add"] = async call =>
        {
            if (call.Object("schema") is not { } schema) throw RestFailure.Missing("CollectionFieldReqWithSchema", "schema");
            if (SchemaJson.IsStruct(schema))
                throw MilvusException.InvalidParameter("StructArray field must be added through /v2/vectordb/collections/struct_fields/add");
            await call.ExecuteAsync(new AddField(call.Database, call.Collection, SchemaJson.ReadField(schema, autoId: false, keepDescription: true)));
            return RestReply.Empty;
        };
        table["collections/struct_fields/add"] = async call =>
        {
            if (call.Object("schema") is not { } schema) throw RestFailure.Missing("CollectionFieldReqWithSchema", "schema");
            await call.ExecuteAsync(new AddStructField(call.Database, call.Collection, SchemaJson.ReadAddedStruct(schema)));
            return RestReply.Empty;
        };
        FunctionEndpoints.Add(table);
    }

    private static async ValueTask<RestReply> CreateAsync(RestCall call)
    {
        var name = call.Collection;
        var plan = SchemaJson.ReadCollection(call);
        ImmutableArray<CreateIndex> indexes = [.. plan.Indexes.Select(i => new CreateIndex(call.Database, name, i.Field) { IndexName = i.Name, Params = i.Params })];
        await call.ExecuteAsync(new CreateCollection(call.Database, name, plan.Schema)
        {
            Shards = plan.Shards,
            Partitions = plan.Partitions,
            ConsistencyLevel = plan.Consistency,
            Properties = plan.Properties,
            FollowedBy = indexes,
        });
        foreach (var index in indexes) await call.ExecuteAsync(index);
        if (plan.LoadAfterwards) await call.ExecuteAsync(new LoadCollection(call.Database, name));
        return RestReply.Empty;
    }

    private static void Describe(Utf8JsonWriter w, CollectionInfo c, string load, TimeZoneInfo zone)
    {
        w.WriteStartObject();
        w.WriteString("collectionName", c.Name);
        w.WriteNumber("collectionID", c.Id);
        w.WriteString("description", c.Schema.Description);
        w.WriteBoolean("autoId", c.Schema.PrimaryKey.AutoId);
        w.WriteStartArray("fields");
        foreach (var f in c.Schema.Fields)
            if (!f.IsDynamic && f.Name != FieldIds.NamespaceName && c.Schema.ParentOf(f) is null) DescribeField(w, f, f.Name, zone);
        w.WriteEndArray();
        w.WriteStartArray("structFields");
        foreach (var s in c.Schema.StructFields) DescribeStruct(w, c.Schema, s, zone);
        w.WriteEndArray();
        w.WriteStartArray("functions");
        foreach (var f in c.Schema.Functions) DescribeFunction(w, f);
        w.WriteEndArray();
        w.WriteStartArray("aliases");
        foreach (var a in c.Aliases) w.WriteStringValue(a);
        w.WriteEndArray();
        WriteIndexes(w, c);
        w.WriteString("load", load);
        w.WriteNumber("shardsNum", c.ShardCount);
        w.WriteNumber("partitionsNum", c.Partitions.Length);
        w.WriteString("consistencyLevel", c.ConsistencyLevel.ToString());
        w.WriteBoolean("enableDynamicField", c.Schema.EnableDynamicField);
        w.WriteString("externalSource", c.Schema.ExternalSource);
        w.WriteString("externalSpec", ExternalSpec.Shown(c.Schema.ExternalSpec));
        w.WritePropertyName("properties");
        DatabaseEndpoints.WritePairs(w, PropertyRules.Shown(c));
        w.WriteEndObject();
    }

    /// <summary>Those of all fields, sub-fields of structs among them. Indexes made without a metric are shown with the default one, also those on scalars, as in Milvus.</summary>
    public static void WriteIndexes(Utf8JsonWriter w, CollectionInfo c)
    {
        w.WriteStartArray("indexes");
        foreach (var i in c.Indexes)
        {
            w.WriteStartObject();
            w.WriteString("indexName", i.Name);
            w.WriteString("fieldName", i.FieldName);
            w.WriteString("metricType", IndexEndpoints.Metric(i) ?? MetricType.Cosine.Name());
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    private static void DescribeStruct(Utf8JsonWriter w, CollectionSchema schema, StructFieldSchema s, TimeZoneInfo zone)
    {
        w.WriteStartObject();
        w.WriteString("name", s.Name);
        w.WriteNumber("id", s.Id);
        w.WriteString("description", s.Description);
        w.WriteBoolean("nullable", s.Nullable);
        w.WriteString("type", DataType.ArrayOfStruct.Spelled());
        w.WriteStartArray("fields");
        foreach (var f in schema.FieldsOf(s)) DescribeField(w, f with { Nullable = false }, s.ShortName(f), zone);
        w.WriteEndArray();
        if (s.TypeParams.Length > 0)
        {
            w.WritePropertyName("params");
            DatabaseEndpoints.WritePairs(w, s.TypeParams);
        }
        w.WriteEndObject();
    }

    private static void DescribeField(Utf8JsonWriter w, FieldSchema f, string name, TimeZoneInfo zone)
    {
        w.WriteStartObject();
        w.WriteString("name", name);
        w.WriteNumber("id", f.Id);
        w.WriteString("type", f.Type.Spelled());
        w.WriteBoolean("primaryKey", f.IsPrimaryKey);
        w.WriteBoolean("partitionKey", f.IsPartitionKey);
        w.WriteBoolean("clusteringKey", f.IsClusteringKey);
        w.WriteBoolean("autoId", f.AutoId);
        w.WriteString("description", f.Description);
        w.WriteBoolean("nullable", f.Nullable);
        if (f.ElementType != DataType.None) w.WriteString("elementType", f.ElementType.Spelled());
        if (f.TypeParams.Length > 0)
        {
            w.WritePropertyName("params");
            DatabaseEndpoints.WritePairs(w, f.TypeParams);
        }
        if (f.Default is { } value) SchemaJson.WriteDefault(w, f.Type, value, zone);
        if (f.IsFunctionOutput) w.WriteBoolean("isFunctionOutput", true);
        if (f.ExternalField.Length > 0) w.WriteString("externalField", f.ExternalField);
        w.WriteEndObject();
    }

    private static void DescribeFunction(Utf8JsonWriter w, FunctionSchema f)
    {
        w.WriteStartObject();
        w.WriteString("name", f.Name);
        w.WriteNumber("id", f.Id);
        w.WriteString("description", f.Description);
        w.WriteNumber("type", (int)f.Type);
        w.WriteStartArray("inputFieldNames");
        foreach (var n in f.InputFields) w.WriteStringValue(n);
        w.WriteEndArray();
        w.WriteStartArray("outputFieldNames");
        foreach (var n in f.OutputFields) w.WriteStringValue(n);
        w.WriteEndArray();
        w.WritePropertyName("params");
        DatabaseEndpoints.WritePairs(w, f.Params);
        w.WriteEndObject();
    }
}

/// <summary>How REST names load states.</summary>
internal static class LoadStates
{
    public static string Name(LoadPhase phase) => phase switch
    {
        LoadPhase.Loaded => "LoadStateLoaded",
        LoadPhase.Loading => "LoadStateLoading",
        _ => "LoadStateNotLoad",
    };
}
