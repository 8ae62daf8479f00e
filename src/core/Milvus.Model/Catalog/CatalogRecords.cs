using System.Collections.Immutable;

namespace Milvus.Model;

/// <summary>A database. <c>default</c> has id 1.</summary>
public sealed record DatabaseInfo
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    public required Timestamp CreatedAt { get; init; }

    public ImmutableArray<Property> Properties { get; init; } = [];
}

public sealed record PartitionInfo(long Id, string Name, Timestamp CreatedAt);

/// <summary>An index as the client asked for it, with what the server made of it.</summary>
public sealed record IndexInfo
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    public required long FieldId { get; init; }

    public required string FieldName { get; init; }

    /// <summary>The type the client named, in its canonical spelling; AUTOINDEX when it named none.</summary>
    public required string IndexType { get; init; }

    /// <summary>The metric, <see cref="MetricType.None"/> for scalar indexes.</summary>
    public MetricType Metric { get; init; }

    /// <summary>Parameters as the client sent them, echoed by DescribeIndex: index_type, metric_type, params …</summary>
    public ImmutableArray<Property> Params { get; init; } = [];

    /// <summary>Build parameters after checking, flattened: M, efConstruction, nlist … as text.</summary>
    public ImmutableSortedDictionary<string, string> BuildParams { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public Timestamp CreatedAt { get; init; }

    public int Version { get; init; }
}

/// <summary>What a client asked to be loaded. Progress is not part of it: that is a fact about the nodes.</summary>
public sealed record LoadSpec
{
    /// <summary>More than any cluster has query nodes.</summary>
    public const int MaxReplicas = 256;

    /// <summary>Ids of the loaded partitions; empty when the collection as a whole is loaded.</summary>
    public ImmutableArray<long> PartitionIds { get; init; } = [];

    public int Replicas { get; init; } = 1;

    /// <summary>Ids of the loaded fields; empty means all.</summary>
    public ImmutableArray<long> FieldIds { get; init; } = [];

    /// <summary>The resource group of each replica; empty means the default group for all.</summary>
    public ImmutableArray<string> ResourceGroups { get; init; } = [];

    public bool Includes(long partitionId) => PartitionIds.IsEmpty || PartitionIds.Contains(partitionId);
}

/// <summary>Everything the catalogue knows of one collection; immutable.</summary>
public sealed record CollectionInfo
{
    public required long Id { get; init; }

    public required long DatabaseId { get; init; }

    public required string DatabaseName { get; init; }

    public required string Name { get; init; }

    public required CollectionSchema Schema { get; init; }

    public required int ShardCount { get; init; }

    public ConsistencyLevel ConsistencyLevel { get; init; } = ConsistencyLevel.Bounded;

    public ImmutableArray<PartitionInfo> Partitions { get; init; } = [];

    public ImmutableArray<IndexInfo> Indexes { get; init; } = [];

    public ImmutableArray<string> Aliases { get; init; } = [];

    public ImmutableArray<Property> Properties { get; init; } = [];

    /// <summary>Null while the collection is released.</summary>
    public LoadSpec? Load { get; init; }

    public required Timestamp CreatedAt { get; init; }

    /// <summary>Changes with every schema change and never otherwise; clients send it back as <c>schema_timestamp</c>.</summary>
    public required Timestamp SchemaUpdatedAt { get; init; }

    /// <summary>Rows written at or before this were removed by TruncateCollection; zero when it never happened.</summary>
    public Timestamp TruncatedAt { get; init; }

    public PartitionInfo? FindPartition(string name) => Partitions.FirstOrDefault(p => p.Name == name);

    public PartitionInfo? FindPartition(long id) => Partitions.FirstOrDefault(p => p.Id == id);

    public IndexInfo? FindIndexOnField(long fieldId) => Indexes.FirstOrDefault(i => i.FieldId == fieldId);

    public string? Property(string key)
    {
        foreach (var p in Properties)
            if (p.Key == key) return p.Value;
        return null;
    }

    /// <summary>The Timestamptz field that says when a row expires, or null. A null value means never.</summary>
    public FieldSchema? TtlField => Property("ttl_field") is { } name && Schema.Find(name) is { Type: DataType.Timestamptz } found ? found : null;

    /// <summary>Seconds after which a row expires, or null when rows never do.</summary>
    public long? TtlSeconds =>
        long.TryParse(Property("collection.ttl.seconds"), System.Globalization.NumberStyles.Integer, System.Globalization.CultureInfo.InvariantCulture, out var s) && s > 0 ? s : null;
}

/// <summary>Names one shard channel: one shard of one collection.</summary>
public readonly record struct ShardId(long CollectionId, int Shard)
{
    /// <summary>The stable name used for logs, directories and entity ids.</summary>
    public override string ToString() => $"c{CollectionId}-s{Shard}";
}
