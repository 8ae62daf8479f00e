using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Coordinator.Persistence;

/// <summary>Databases and collections as stored. Names and numbers here are frozen.</summary>
internal static class CollectionCodec
{
    public static byte[] Encode(DatabaseInfo database) => RecordWriter.Write(json =>
    {
        json.WriteNumber("id", database.Id);
        json.WriteString("name", database.Name);
        json.WriteNumber("createdAt", database.CreatedAt.Value);
        json.WriteProperties("properties", database.Properties);
    });

    public static DatabaseInfo DecodeDatabase(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new DatabaseInfo
    {
        Id = r.Number("id"),
        Name = r.Text("name"),
        CreatedAt = r.Timestamp("createdAt"),
        Properties = r.Properties("properties"),
    });

    public static byte[] Encode(CollectionInfo collection) => RecordWriter.Write(json =>
    {
        json.WriteNumber("id", collection.Id);
        json.WriteNumber("databaseId", collection.DatabaseId);
        json.WriteString("database", collection.DatabaseName);
        json.WriteString("name", collection.Name);
        json.WriteStartObject("schema");
        SchemaCodec.Write(json, collection.Schema);
        json.WriteEndObject();
        json.WriteNumber("shards", collection.ShardCount);
        json.WriteNumber("consistency", (int)collection.ConsistencyLevel);
        json.WriteObjects("partitions", collection.Partitions, WritePartition);
        json.WriteObjects("indexes", collection.Indexes, WriteIndex);
        json.WriteStrings("aliases", collection.Aliases);
        json.WriteProperties("properties", collection.Properties);
        if (collection.Load is { } load)
        {
            json.WriteStartObject("load");
            json.WriteNumber("replicas", load.Replicas);
            json.WriteNumbers("partitions", load.PartitionIds);
            json.WriteNumbers("fields", load.FieldIds);
            json.WriteStrings("groups", load.ResourceGroups);
            json.WriteEndObject();
        }
        json.WriteNumber("createdAt", collection.CreatedAt.Value);
        json.WriteNumber("schemaUpdatedAt", collection.SchemaUpdatedAt.Value);
        json.WriteOptional("truncatedAt", collection.TruncatedAt);
    });

    public static CollectionInfo DecodeCollection(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new CollectionInfo
    {
        Id = r.Number("id"),
        DatabaseId = r.Number("databaseId"),
        DatabaseName = r.Text("database"),
        Name = r.Text("name"),
        Schema = SchemaCodec.Read(r.Object("schema")),
        ShardCount = r.Int("shards"),
        ConsistencyLevel = (ConsistencyLevel)r.Int("consistency"),
        Partitions = r.Objects("partitions", ReadPartition),
        Indexes = r.Objects("indexes", ReadIndex),
        Aliases = r.Strings("aliases"),
        Properties = r.Properties("properties"),
        Load = r.OptionalObject("load", ReadLoad),
        CreatedAt = r.Timestamp("createdAt"),
        SchemaUpdatedAt = r.Timestamp("schemaUpdatedAt"),
        TruncatedAt = r.Timestamp("truncatedAt"),
    });

    private static LoadSpec ReadLoad(RecordReader r) => new()
    {
        Replicas = r.Int("replicas"),
        PartitionIds = r.Numbers("partitions"),
        FieldIds = r.Numbers("fields"),
        ResourceGroups = r.Strings("groups"),
    };

    private static void WritePartition(Utf8JsonWriter json, PartitionInfo partition)
    {
        json.WriteNumber("id", partition.Id);
        json.WriteString("name", partition.Name);
        json.WriteNumber("createdAt", partition.CreatedAt.Value);
    }

    private static PartitionInfo ReadPartition(RecordReader r) => new(r.Number("id"), r.Text("name"), r.Timestamp("createdAt"));

    private static void WriteIndex(Utf8JsonWriter json, IndexInfo index)
    {
        json.WriteNumber("id", index.Id);
        json.WriteString("name", index.Name);
        json.WriteNumber("fieldId", index.FieldId);
        json.WriteString("field", index.FieldName);
        json.WriteString("type", index.IndexType);
        json.WriteOptional("metric", (int)index.Metric);
        json.WriteProperties("params", index.Params);
        json.WriteProperties("build", [.. index.BuildParams.Select(p => new Property(p.Key, p.Value))]);
        json.WriteNumber("createdAt", index.CreatedAt.Value);
        json.WriteOptional("version", index.Version);
    }

    private static IndexInfo ReadIndex(RecordReader r) => new()
    {
        Id = r.Number("id"),
        Name = r.Text("name"),
        FieldId = r.Number("fieldId"),
        FieldName = r.Text("field"),
        IndexType = r.Text("type"),
        Metric = (MetricType)r.OptionalInt("metric"),
        Params = r.Properties("params"),
        BuildParams = r.Properties("build").ToImmutableSortedDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
        CreatedAt = r.Timestamp("createdAt"),
        Version = r.OptionalInt("version"),
    };
}
