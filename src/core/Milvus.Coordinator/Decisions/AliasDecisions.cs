using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class AliasDecisions
{
    public static Decision Decide(Catalog catalog, CreateAlias command)
    {
        NameRules.CheckAlias(command.Alias);
        var (database, collection) = Resolve(catalog, command.Database, command.Collection);
        CheckNoCollection(catalog, database, command.Alias);
        if (catalog.FindCollectionByAlias(database.Id, command.Alias) is { } holder)
        {
            if (holder.Id == collection.Id) return new Decision.Unchanged(collection.Id);
            throw new MilvusException(ErrorCode.AliasExists, $"{command.Alias} is alias to another collection: {holder.Name}: alias already exist[database={database.Name}][alias={command.Alias}]");
        }
        return Change(With(collection, command.Alias), CollectionAspect.Aliases);
    }

    public static Decision Decide(Catalog catalog, AlterAlias command)
    {
        NameRules.CheckAlias(command.Alias);
        if (!catalog.TryResolveCollection(command.Database, command.Collection, out _))
        {
            NameRules.CheckCollection(command.Collection);
            catalog.GetDatabase(command.Database);
            throw new MilvusException(ErrorCode.CollectionNotFound, $"collection not found[collection={command.Collection}]");
        }
        var (database, collection) = Resolve(catalog, command.Database, command.Collection);
        CheckNoCollection(catalog, database, command.Alias);
        var holder = catalog.FindCollectionByAlias(database.Id, command.Alias)
            ?? throw new MilvusException(ErrorCode.AliasNotFound, $"alias not found[database={database.Name}][alias={command.Alias}]");
        if (holder.Id == collection.Id) return new Decision.Unchanged(collection.Id);
        return Accept(
            collection.Id,
            new CollectionAltered(Without(holder, command.Alias), CollectionAspect.Aliases),
            new CollectionAltered(With(collection, command.Alias), CollectionAspect.Aliases));
    }

    public static Decision Decide(Catalog catalog, DropAlias command)
    {
        var database = catalog.GetDatabase(command.Database);
        return catalog.FindCollectionByAlias(database.Id, command.Alias) is { } holder
            ? Change(Without(holder, command.Alias), CollectionAspect.Aliases)
            : Unchanged;
    }

    public static MilvusException Conflict(DatabaseInfo database, string alias, string message) =>
        new(ErrorCode.AliasCollectionNameConflict, $"{message}: alias and collection name conflict[database={database.Name}][alias={alias}]");

    private static (DatabaseInfo Database, CollectionInfo Collection) Resolve(Catalog catalog, string database, string collection) =>
        (catalog.GetDatabase(database), catalog.GetCollection(database, collection));

    private static void CheckNoCollection(Catalog catalog, DatabaseInfo database, string alias)
    {
        if (catalog.FindCollectionByName(database.Id, alias) is not null)
            throw Conflict(database, alias, $"collection name [{alias}] conflicts with an existing collection, please choose a unique name");
    }

    private static CollectionInfo With(CollectionInfo collection, string alias) => collection with { Aliases = collection.Aliases.Add(alias) };

    private static CollectionInfo Without(CollectionInfo collection, string alias) => collection with { Aliases = collection.Aliases.Remove(alias) };
}
