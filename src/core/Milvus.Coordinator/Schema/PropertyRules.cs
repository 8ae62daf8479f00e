using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Coordinator.Schema;

/// <summary>Keys of collection and database properties that mean something, and their values. Unknown keys are kept as they are.</summary>
public static class PropertyRules
{
    public const string Ttl = "collection.ttl.seconds";
    public const string TtlField = "ttl_field";
    public const string Description = "collection.description";
    public const string MmapEnabled = "mmap.enabled";
    public const string PartitionKeyIsolation = "partitionkey.isolation";
    public const string DynamicField = "dynamicfield.enabled";
    public const string TimeZone = "timezone";
    public const string MaxFieldId = "max_field_id";
    public const string NamespaceSharding = "namespace.sharding.enabled";
    public const string ConsistencyLevelKey = "consistency_level";
    public const string CollectionReplicas = "collection.replica.number";
    public const string CollectionResourceGroups = "collection.resource_groups";
    public const string DatabaseReplicas = "database.replica.number";
    public const string DatabaseResourceGroups = "database.resource_groups";
    public const string DatabaseMaxCollections = "database.max.collections";

    public const string QueryMode = "query_mode";
    public const string Warmup = "warmup";

    /// <summary>A warm-up key of collections.</summary>
    public static bool IsWarmup(string key) => key is "warmup.scalarField" or "warmup.scalarIndex" or "warmup.vectorField" or "warmup.vectorIndex";

    public static bool IsWarmupPolicy(string value) => value is "disable" or "sync" or "async";

    /// <summary>What is wrong with a policy, in Milvus' words.</summary>
    public static string BadWarmup(string value) => $"invalid warmup policy: {value}, must be 'disable', 'sync' or 'async'";

    /// <summary>Checks values that stand on their own.</summary>
    /// <exception cref="MilvusException">1100.</exception>
    public static void CheckCollection(ImmutableArray<Property> properties)
    {
        foreach (var (key, value) in properties)
        {
            switch (key)
            {
                case Ttl:
                    CheckTtl(value);
                    break;
                case MmapEnabled or "collection.autocompaction.enabled" or PartitionKeyIsolation or "allow_insert_auto_id" or DynamicField or NamespaceRules.Enabled:
                    CheckBoolean(key, value);
                    break;
                case NamespaceSharding when value is not ("true" or "false"):
                    throw MilvusException.InvalidParameter($"invalid {NamespaceSharding} value \"{value}\", valid values: [true,false]");
                case NamespaceRules.Mode when value is not (NamespaceRules.ByPartition or NamespaceRules.ByKey):
                    throw MilvusException.InvalidParameter($"invalid {NamespaceRules.Mode} value \"{value}\", valid values: [{NamespaceRules.ByKey},{NamespaceRules.ByPartition}]");
                case TimeZone:
                    CheckTimeZone(value);
                    break;
                case CollectionReplicas:
                    CheckCount(key, value);
                    break;
                case ConsistencyLevelKey:
                    ParseConsistencyLevel(value);
                    break;
                case QueryMode when value != "large_topk":
                    throw MilvusException.InvalidParameter($"invalid query_mode value \"{value}\", valid values: [large_topk]");
                case not QueryMode when key.Equals(QueryMode, StringComparison.OrdinalIgnoreCase):
                    throw MilvusException.InvalidParameter($"invalid property key \"{key}\", did you mean \"{QueryMode}\"?");
                case Warmup:
                    throw MilvusException.InvalidParameter(
                        $"warmup key '{key}' is only allowed at field level, use warmup.scalarField/warmup.scalarIndex/warmup.vectorField/warmup.vectorIndex at collection level");
                case var _ when IsWarmup(key) && !IsWarmupPolicy(value):
                    throw MilvusException.InvalidParameter($"invalid warmup value for key {key}: {BadWarmup(value)}");
                case Description:
                    NameRules.CheckDescription(value, "collection");
                    break;
            }
        }
    }

    /// <summary>Checks what rows expire by: their age or a field of theirs, not both.</summary>
    /// <exception cref="MilvusException">1100.</exception>
    public static void CheckExpiry(CollectionSchema schema, ImmutableArray<Property> properties)
    {
        if (properties.Get(TtlField) is not { } name) return;
        if (schema.Find(name) is not { } field) throw MilvusException.InvalidParameter($"ttl field name {name} not found in schema");
        if (field.Type != DataType.Timestamptz) throw MilvusException.InvalidParameter($"ttl field must be timestamptz, field name = {name}");
        if (long.TryParse(properties.Get(Ttl), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) && seconds > 0)
            throw MilvusException.InvalidParameter("collection TTL and ttl field cannot be set at the same time");
    }

    /// <summary>The properties that clients see: those stored and those that follow from the schema.</summary>
    public static ImmutableArray<Property> Shown(CollectionInfo collection)
    {
        var properties = collection.Properties;
        var highest = SchemaRules.NextFieldId(collection.Schema) - 1;
        if (long.TryParse(properties.Get(MaxFieldId), NumberStyles.None, CultureInfo.InvariantCulture, out var stored)) highest = Math.Max(highest, stored);
        properties = properties.Set(MaxFieldId, highest.ToString(CultureInfo.InvariantCulture));
        return properties.Get(NamespaceSharding) is null ? properties.Add(new(NamespaceSharding, "false")) : properties;
    }

    /// <exception cref="MilvusException">1100.</exception>
    public static void CheckDatabase(ImmutableArray<Property> properties)
    {
        foreach (var (key, value) in properties)
        {
            if (key == TimeZone) CheckTimeZone(value);
            else if (key is DatabaseReplicas or DatabaseMaxCollections) CheckCount(key, value);
            else if (key.StartsWith("database.force.deny.", StringComparison.Ordinal)) CheckBoolean(key, value);
        }
    }

    /// <summary>A consistency level by name or number.</summary>
    /// <exception cref="MilvusException">1100.</exception>
    public static ConsistencyLevel ParseConsistencyLevel(string value) =>
        Enum.TryParse<ConsistencyLevel>(value, ignoreCase: true, out var level) && Enum.IsDefined(level)
            ? level
            : throw MilvusException.InvalidParameter($"invalid consistency level: {value}");

    /// <summary>The whole number that a property holds, or null.</summary>
    public static int? Count(ImmutableArray<Property> properties, string key) =>
        int.TryParse(properties.Get(key), NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 ? n : null;

    public static bool IsTrue(string? value) => string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);

    private static void CheckTtl(string value)
    {
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            throw MilvusException.InvalidParameter($"collection TTL is not valid type: {value}, expect a whole number of seconds");
        if (seconds is < Limits.MinTtlSeconds or > Limits.MaxTtlSeconds)
            throw MilvusException.InvalidParameter($"collection TTL is out of range, expect [{Limits.MinTtlSeconds}, {Limits.MaxTtlSeconds}], got {seconds}");
    }

    private static void CheckBoolean(string key, string value)
    {
        if (!value.Equals("true", StringComparison.OrdinalIgnoreCase) && !value.Equals("false", StringComparison.OrdinalIgnoreCase))
            throw MilvusException.InvalidParameter($"invalid {key} value: {value}, expected: true, false");
    }

    private static void CheckCount(string key, string value)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) || n < 1)
            throw MilvusException.InvalidParameter($"invalid {key} value: {value}, expected a positive whole number");
    }

    private static void CheckTimeZone(string value)
    {
        if (value.Length == 0) throw MilvusException.InvalidParameter("unknown or invalid IANA Time Zone ID: ");
        TimestampText.Zone(value);
    }
}
