using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Commands;

/// <summary>
/// A request to change the catalogue. Names are as the client sent them; an empty database name means <c>default</c>. Who may ask for
/// what is checked before a command is made, not by the coordinator.
/// </summary>
public abstract record CoordinatorCommand;

/// <summary>A command inside one database.</summary>
public abstract record DatabaseCommand(string Database) : CoordinatorCommand;

/// <summary>A command on one collection, named directly or by an alias unless the command says otherwise.</summary>
public abstract record CollectionCommand(string Database, string Collection) : DatabaseCommand(Database);

public sealed record CreateDatabase(string Name) : CoordinatorCommand
{
    public ImmutableArray<Property> Properties { get; init; } = [];
}

/// <summary>Drops an empty database; a missing one is no error.</summary>
public sealed record DropDatabase(string Name) : CoordinatorCommand;

/// <summary>Sets and deletes database properties; exactly one of the two lists may be used.</summary>
public sealed record AlterDatabase(string Name) : CoordinatorCommand
{
    public ImmutableArray<Property> SetProperties { get; init; } = [];

    public ImmutableArray<string> DeleteKeys { get; init; } = [];
}
