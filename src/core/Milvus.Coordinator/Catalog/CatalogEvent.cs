using Milvus.Coordinator.Access;
using Milvus.Coordinator.Imports;
using Milvus.Coordinator.Resources;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;

namespace Milvus.Coordinator;

/// <summary>
/// One thing that changed in the catalogue. Events carry the new state of what changed, so that applying one twice is harmless, and
/// storing a decision means storing each event's object under its key.
/// </summary>
public abstract record CatalogEvent;

public sealed record DatabaseCreated(DatabaseInfo Database) : CatalogEvent;

public sealed record DatabaseAltered(DatabaseInfo Database) : CatalogEvent;

public sealed record DatabaseDropped(DatabaseInfo Database) : CatalogEvent;

public sealed record CollectionCreated(CollectionInfo Collection) : CatalogEvent;

/// <param name="Collection">The state after the change.</param>
/// <param name="Aspect">What changed.</param>
public sealed record CollectionAltered(CollectionInfo Collection, CollectionAspect Aspect) : CatalogEvent;

/// <param name="Collection">The last state.</param>
public sealed record CollectionDropped(CollectionInfo Collection) : CatalogEvent;

/// <summary>Creates or replaces a user.</summary>
public sealed record UserStored(UserInfo User) : CatalogEvent;

public sealed record UserDropped(string Name) : CatalogEvent;

/// <summary>Creates or replaces a role.</summary>
public sealed record RoleStored(RoleInfo Role) : CatalogEvent;

public sealed record RoleDropped(string Name) : CatalogEvent;

/// <summary>Creates or replaces a privilege group.</summary>
public sealed record PrivilegeGroupStored(PrivilegeGroupInfo Group) : CatalogEvent;

public sealed record PrivilegeGroupDropped(string Name) : CatalogEvent;

/// <summary>Creates or replaces a resource group.</summary>
public sealed record ResourceGroupStored(ResourceGroupInfo Group) : CatalogEvent;

public sealed record ResourceGroupDropped(string Name) : CatalogEvent;

/// <summary>Creates or replaces a file resource.</summary>
public sealed record FileResourceStored(FileResourceInfo Resource) : CatalogEvent;

public sealed record FileResourceRemoved(string Name) : CatalogEvent;

/// <summary>Creates or replaces an import job.</summary>
public sealed record ImportStored(ImportJob Job) : CatalogEvent;

/// <summary>A job is forgotten.</summary>
public sealed record ImportRemoved(long Id, long CollectionId) : CatalogEvent;

/// <summary>Creates or replaces a snapshot.</summary>
public sealed record SnapshotStored(SnapshotInfo Snapshot) : CatalogEvent;

public sealed record SnapshotRemoved(long Id) : CatalogEvent;

/// <summary>A collection was made of a snapshot.</summary>
public sealed record RestoreStored(RestoreJob Job) : CatalogEvent;

/// <summary>A job is forgotten.</summary>
public sealed record RestoreRemoved(long Id) : CatalogEvent;

/// <summary>Which part of a collection a <see cref="CollectionAltered"/> is about.</summary>
public enum CollectionAspect
{
    Properties,
    Name,
    Schema,
    Partitions,
    Aliases,
    Indexes,
    Load,

    /// <summary><see cref="CollectionInfo.TruncatedAt"/> moved: rows up to it are gone.</summary>
    Content,
}
