using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class DatabaseDecisions
{
    /// <summary>The id of <c>default</c>.</summary>
    public const long DefaultId = 1;

    public static Decision Decide(Catalog catalog, CreateDatabase command, DecisionContext context)
    {
        NameRules.CheckDatabase(command.Name);
        if (catalog.FindDatabase(command.Name) is not null) throw MilvusException.InvalidParameter($"database already exist: {command.Name}");
        if (catalog.DatabaseCount >= Limits.Databases)
            throw new MilvusException(ErrorCode.DatabaseLimitExceeded, $"exceeded the limit number of database[limit={Limits.Databases}]");
        PropertyRules.CheckDatabase(command.Properties);
        var properties = command.Properties.Distinct();
        var database = new DatabaseInfo { Id = context.Ids.NextId(), Name = command.Name, CreatedAt = context.Now, Properties = properties };
        return Accept(database.Id, new DatabaseCreated(database));
    }

    public static Decision Decide(Catalog catalog, DropDatabase command)
    {
        NameRules.CheckDatabase(command.Name);
        if (command.Name == Limits.DefaultDatabase) throw MilvusException.InvalidParameter("can not drop default database");
        if (catalog.FindDatabase(command.Name) is not { } database) return Unchanged;
        if (catalog.ListCollections(command.Name).Count > 0)
            throw MilvusException.InvalidParameter($"database:{command.Name} not empty, must drop all collections before drop database");
        return Accept(database.Id, new DatabaseDropped(database));
    }

    public static Decision Decide(Catalog catalog, AlterDatabase command)
    {
        var database = catalog.GetDatabase(command.Name);
        if (command.SetProperties.IsEmpty && command.DeleteKeys.IsEmpty)
            throw MilvusException.InvalidParameter("alter database with empty properties and delete keys, expected to set either properties or delete keys");
        CheckOneOfBoth(!command.SetProperties.IsEmpty, !command.DeleteKeys.IsEmpty, "ExtraProperties");
        PropertyRules.CheckDatabase(command.SetProperties);
        var properties = database.Properties.Edit(command.SetProperties, command.DeleteKeys);
        return properties.SequenceEqual(database.Properties)
            ? new Decision.Unchanged(database.Id)
            : Accept(database.Id, new DatabaseAltered(database with { Properties = properties }));
    }
}
