using System.Collections.Immutable;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Coordinator.Schema;

/// <summary>Collections whose rows belong to namespaces, which every request names: by a hidden partition key, or each in a partition of its name.</summary>
public static class NamespaceRules
{
    public const string Enabled = "namespace.enabled";
    public const string Mode = "namespace.mode";

    internal const string ByPartition = "partition";
    internal const string ByKey = "partition_key";

    private const string NameBytes = "512";

    public static bool AreEnabled(CollectionInfo collection) => PropertyRules.IsTrue(collection.Property(Enabled));

    /// <summary>True when every namespace is a partition.</summary>
    public static bool ArePartitions(CollectionInfo collection) => collection.Property(Mode) == ByPartition && AreEnabled(collection);

    /// <summary>The schema of a new collection with what its namespaces need.</summary>
    /// <param name="schema">Complete otherwise.</param>
    /// <exception cref="MilvusException">1100: it cannot have namespaces.</exception>
    internal static CollectionSchema Complete(string collection, CollectionSchema schema, ImmutableArray<Property> properties)
    {
        if (!PropertyRules.IsTrue(properties.Get(Enabled))) return schema;
        if (schema.IsExternal) throw MilvusException.InvalidParameter($"external collection {collection} does not support namespace");
        if (schema.PartitionKey is not null) throw MilvusException.InvalidParameter("partition key is set when namespace enabled");
        if (properties.Get(Mode) == ByPartition) return schema;
        if (properties.Get(PropertyRules.PartitionKeyIsolation) is { } isolation && !PropertyRules.IsTrue(isolation)) throw MilvusException.InvalidParameter("isolation property is false when namespace enabled");
        var field = new FieldSchema
        {
            Id = SchemaRules.NextFieldId(schema),
            Name = FieldIds.NamespaceName,
            Description = "namespace id",
            Type = DataType.VarChar,
            IsPartitionKey = true,
            TypeParams = [new Property("max_length", NameBytes)],
        };
        return schema.With(fields: schema.Fields.Add(field));
    }
}
