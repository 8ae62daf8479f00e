using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Commands;

/// <summary>
/// Creates a collection from a draft schema: without field ids and without the dynamic field, which the coordinator adds. An identical
/// collection makes it <see cref="Decision.Unchanged"/>.
/// </summary>
public sealed record CreateCollection(string Database, string Collection, CollectionSchema Schema) : CollectionCommand(Database, Collection)
{
    /// <summary>0 means 1.</summary>
    public int Shards { get; init; }

    /// <summary>0 means 1 without a partition key and 16 with one.</summary>
    public long Partitions { get; init; }

    public ConsistencyLevel ConsistencyLevel { get; init; } = ConsistencyLevel.Bounded;

    public ImmutableArray<Property> Properties { get; init; } = [];

    /// <summary>
    /// Indexes that the client creates next, in commands of their own. When one of them would be refused the collection is refused with the
    /// same error, so that nothing is left of a request for both.
    /// </summary>
    public ImmutableArray<CreateIndex> FollowedBy { get; init; } = [];
}

/// <summary>Drops a collection; a missing one is no error, an alias is.</summary>
public sealed record DropCollection(string Database, string Collection) : CollectionCommand(Database, Collection);

/// <param name="NewDatabase">Empty means the database it is in.</param>
public sealed record RenameCollection(string Database, string Collection, string NewName, string NewDatabase = "") : CollectionCommand(Database, Collection);

/// <summary>Sets or deletes collection properties; the description and the dynamic field are properties too.</summary>
public sealed record AlterCollection(string Database, string Collection) : CollectionCommand(Database, Collection)
{
    public ImmutableArray<Property> SetProperties { get; init; } = [];

    public ImmutableArray<string> DeleteKeys { get; init; } = [];
}

/// <summary>Sets or deletes type parameters of a field, as far as they may change: max_length, max_capacity, mmap.enabled …</summary>
public sealed record AlterField(string Database, string Collection, string Field) : CollectionCommand(Database, Collection)
{
    public ImmutableArray<Property> SetParams { get; init; } = [];

    public ImmutableArray<string> DeleteKeys { get; init; } = [];
}

/// <summary>Adds a nullable field; older rows read its default or null.</summary>
public sealed record AddField(string Database, string Collection, FieldSchema Field) : CollectionCommand(Database, Collection);

/// <summary>Adds a nullable array of structs; older rows read null.</summary>
public sealed record AddStructField(string Database, string Collection, StructFieldSchema Field) : CollectionCommand(Database, Collection);

/// <summary>Removes every row written so far and keeps schema, indexes and load state.</summary>
public sealed record TruncateCollection(string Database, string Collection) : CollectionCommand(Database, Collection);

/// <summary>An existing partition makes it <see cref="Decision.Unchanged"/>.</summary>
public sealed record CreatePartition(string Database, string Collection, string Partition) : CollectionCommand(Database, Collection);

/// <summary>A missing partition is no error; a loaded one is.</summary>
public sealed record DropPartition(string Database, string Collection, string Partition) : CollectionCommand(Database, Collection);

public sealed record CreateAlias(string Database, string Alias, string Collection) : DatabaseCommand(Database);

/// <summary>Points an existing alias to another collection of the same database.</summary>
public sealed record AlterAlias(string Database, string Alias, string Collection) : DatabaseCommand(Database);

/// <summary>A missing alias is no error.</summary>
public sealed record DropAlias(string Database, string Alias) : DatabaseCommand(Database);
