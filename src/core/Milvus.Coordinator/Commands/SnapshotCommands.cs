using System.Collections.Immutable;

namespace Milvus.Coordinator.Commands;

/// <summary>An object and the copy that was made of it.</summary>
public sealed record ObjectCopy(string Source, string Target);

/// <summary>
/// Keeps the collection's committed segments under a name. Whoever asks has flushed the collection and copied its tombstone files; if there are others by now the
/// command is refused with code 110 and may be tried again. The result's id is the snapshot's.
/// </summary>
public sealed record CreateSnapshot(string Database, string Collection, string Name) : CollectionCommand(Database, Collection)
{
    public string Description { get; init; } = "";

    public long ProtectionSeconds { get; init; }

    public ImmutableArray<ObjectCopy> Tombstones { get; init; } = [];
}

/// <summary>Forgets a snapshot; what only it kept is garbage.</summary>
public sealed record DropSnapshot(string Database, string Collection, string Name) : CollectionCommand(Database, Collection);

/// <summary>Keeps a snapshot from being dropped. The result's id is the pin's.</summary>
/// <param name="TtlSeconds">0 for as long as the pin is there.</param>
public sealed record PinSnapshot(string Database, string Collection, string Name, long TtlSeconds) : CollectionCommand(Database, Collection);

public sealed record UnpinSnapshot(long PinId) : CoordinatorCommand;

/// <summary>
/// Makes a new collection of a snapshot, in one commit: its segments are the snapshot's, its tombstone files are copies of the snapshot's. The result's id is the job's.
/// </summary>
public sealed record RestoreSnapshot(string Database, string Collection, string Name, string TargetDatabase, string TargetCollection) : CollectionCommand(Database, Collection)
{
    public ImmutableArray<ObjectCopy> Tombstones { get; init; } = [];
}

/// <summary>
/// Makes a new collection of an exported snapshot whose objects have been copied into the store, in one commit. The result's id is the job's.
/// </summary>
/// <param name="Archive">What <see cref="Snapshots.SnapshotArchive.Encode"/> gave, in base64, its objects under their keys in this store.</param>
public sealed record RestoreArchive(string Database, string TargetCollection, string Archive) : DatabaseCommand(Database);
