using System.Globalization;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class SnapshotDecisions
{
    /// <summary>Restore jobs that are remembered.</summary>
    private const int Remembered = 1024;

    private const long MaxPinSeconds = 30L * 24 * 3600;
    private const long MaxProtectionSeconds = 7L * 24 * 3600;

    public static Decision Decide(Catalog catalog, CreateSnapshot command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        NameRules.CheckSnapshot(command.Name);
        if (command.ProtectionSeconds < 0) throw MilvusException.InvalidParameter("compaction_protection_seconds must be non-negative");
        if (command.ProtectionSeconds > MaxProtectionSeconds) throw MilvusException.InvalidParameter($"compaction_protection_seconds must not exceed {MaxProtectionSeconds}");
        if (catalog.FindSnapshot(collection, command.Name) is not null) throw MilvusException.InvalidParameter($"snapshot name {command.Name} already exists for collection {collection.Name}");
        var snapshot = new SnapshotInfo
        {
            Id = context.Ids.NextId(),
            Name = command.Name,
            Description = command.Description,
            Collection = collection with { Load = null, Aliases = [] },
            CreatedAt = context.Now,
            ProtectionSeconds = command.ProtectionSeconds,
        };
        return Accept(snapshot.Id, new SnapshotStored(snapshot));
    }

    public static Decision Decide(Catalog catalog, DropSnapshot command, DecisionContext context)
    {
        if (string.IsNullOrWhiteSpace(command.Name)) NameRules.CheckSnapshot(command.Name);
        if (catalog.FindSnapshot(command.Database, command.Collection, command.Name) is not { } snapshot)
        {
            // Dropping what is not there is no mistake, naming a collection that never was is one.
            catalog.GetCollection(command.Database, command.Collection);
            return Unchanged;
        }
        if (snapshot.IsPinned(context.Now)) throw new MilvusException(ErrorCode.SnapshotPinned, $"active pins exist, unpin before dropping: snapshot is pinned[snapshot={snapshot.Name}]") { IsInputError = true };
        return Accept(snapshot.Id, new SnapshotRemoved(snapshot.Id));
    }

    public static Decision Decide(Catalog catalog, PinSnapshot command, DecisionContext context)
    {
        var snapshot = catalog.GetSnapshot(command.Database, command.Collection, command.Name);
        if (command.TtlSeconds < 0) throw MilvusException.InvalidParameter("ttl_seconds must be non-negative");
        if (command.TtlSeconds > MaxPinSeconds) throw MilvusException.InvalidParameter($"ttl_seconds exceeds maximum of {MaxPinSeconds} (30 days)");
        var pin = new SnapshotPin(context.Ids.NextId(), command.TtlSeconds == 0 ? 0 : context.Now.PhysicalMs + (command.TtlSeconds * 1000));
        var kept = snapshot.Pins.RemoveAll(p => p.ExpiresAtMs != 0 && p.ExpiresAtMs <= context.Now.PhysicalMs);
        return Accept(pin.Id, new SnapshotStored(snapshot with { Pins = kept.Add(pin) }));
    }

    public static Decision Decide(Catalog catalog, UnpinSnapshot command)
    {
        if (catalog.Snapshots.FirstOrDefault(s => s.Pins.Any(p => p.Id == command.PinId)) is not { } snapshot) return Unchanged;
        return Accept(snapshot.Id, new SnapshotStored(snapshot with { Pins = snapshot.Pins.RemoveAll(p => p.Id == command.PinId) }));
    }

    public static Decision Decide(Catalog catalog, RestoreSnapshot command, DecisionContext context)
    {
        var snapshot = catalog.GetSnapshot(command.Database, command.Collection, command.Name);
        return Restore(catalog, snapshot, command.TargetDatabase, command.TargetCollection, context);
    }

    public static Decision Decide(Catalog catalog, RestoreArchive command, DecisionContext context) =>
        Restore(catalog, SnapshotArchive.Decode("exported snapshot", Convert.FromBase64String(command.Archive)).Snapshot, command.Database, command.TargetCollection, context);

    /// <summary>Checks where a snapshot is to be restored to.</summary>
    /// <exception cref="MilvusException">800: no such database. 1100: the name cannot be, or is taken.</exception>
    public static DatabaseInfo CheckTarget(Catalog catalog, string targetDatabase, string targetCollection)
    {
        var database = catalog.GetDatabase(targetDatabase);
        NameRules.CheckCollection(targetCollection);
        if (catalog.FindCollectionByAlias(database.Id, targetCollection) is not null)
            throw AliasDecisions.Conflict(database, targetCollection, $"cannot restore into an existing alias: {targetCollection}");
        if (catalog.FindCollectionByName(database.Id, targetCollection) is not null)
            throw MilvusException.InvalidParameter($"duplicate collection {targetCollection}: it already exists, a snapshot is restored into a new collection");
        return database;
    }

    private static Decision Restore(Catalog catalog, SnapshotInfo snapshot, string targetDatabase, string targetCollection, DecisionContext context)
    {
        var database = CheckTarget(catalog, targetDatabase, targetCollection);
        var source = snapshot.Collection;
        // It keeps the time of the last truncation: segments may hold rows from before and after it.
        var target = source with
        {
            Id = context.Ids.NextId(),
            DatabaseId = database.Id,
            DatabaseName = database.Name,
            Name = targetCollection,
            Partitions = [.. source.Partitions.Select(p => p with { Id = context.Ids.NextId(), CreatedAt = context.Now })],
            CreatedAt = context.Now,
            SchemaUpdatedAt = context.Now,
        };
        CollectionDecisions.CheckCapacity(catalog, database, target);
        var job = new RestoreJob(context.Ids.NextId(), snapshot.Name, database.Name, target.Name, context.Now, context.Now);
        var forgotten = catalog.Restores.OrderByDescending(j => j.Id).Skip(Remembered - 1).Select(j => new RestoreRemoved(j.Id));
        return Accept(job.Id, [new CollectionCreated(target), new RestoreStored(job), .. forgotten]);
    }

    internal static MilvusException NotFound(string name) =>
        new(ErrorCode.SnapshotNotFound, string.Create(CultureInfo.InvariantCulture, $"snapshot not found[snapshot={name}]")) { IsInputError = true };
}
