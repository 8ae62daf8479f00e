using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Commands;

/// <summary>Declares an index on a field.</summary>
public sealed record CreateIndex(string Database, string Collection, string Field) : CollectionCommand(Database, Collection)
{
    /// <summary>Empty: the name of the field's existing index, else the field's name.</summary>
    public string IndexName { get; init; } = "";

    /// <summary>As sent: index_type, metric_type, params (JSON text) and whatever else.</summary>
    public ImmutableArray<Property> Params { get; init; } = [];
}

/// <summary>Sets or deletes the alterable parameters of an index.</summary>
public sealed record AlterIndex(string Database, string Collection, string IndexName) : CollectionCommand(Database, Collection)
{
    public ImmutableArray<Property> SetParams { get; init; } = [];

    public ImmutableArray<string> DeleteKeys { get; init; } = [];
}

/// <summary>Drops by index name or, when that is empty, by field name; both empty drops every index. A missing one is no error.</summary>
public sealed record DropIndex(string Database, string Collection) : CollectionCommand(Database, Collection)
{
    public string IndexName { get; init; } = "";

    public string Field { get; init; } = "";
}

/// <summary>Loads a whole collection.</summary>
public sealed record LoadCollection(string Database, string Collection) : CollectionCommand(Database, Collection)
{
    /// <summary>0: the collection's, then the database's property, then 1.</summary>
    public int Replicas { get; init; }

    /// <summary>Names of the fields to load; empty means all.</summary>
    public ImmutableArray<string> Fields { get; init; } = [];

    public bool SkipDynamicField { get; init; }

    public ImmutableArray<string> ResourceGroups { get; init; } = [];

    /// <summary>Reads new segments of a loaded collection; fails when it is not loaded.</summary>
    public bool Refresh { get; init; }
}

/// <summary>Loads partitions in addition to those that are loaded.</summary>
public sealed record LoadPartitions(string Database, string Collection, ImmutableArray<string> Partitions) : CollectionCommand(Database, Collection)
{
    public int Replicas { get; init; }

    public ImmutableArray<string> Fields { get; init; } = [];

    public bool SkipDynamicField { get; init; }

    public ImmutableArray<string> ResourceGroups { get; init; } = [];

    public bool Refresh { get; init; }
}

/// <summary>Releasing what is not loaded is no error.</summary>
public sealed record ReleaseCollection(string Database, string Collection) : CollectionCommand(Database, Collection);

public sealed record ReleasePartitions(string Database, string Collection, ImmutableArray<string> Partitions) : CollectionCommand(Database, Collection);
