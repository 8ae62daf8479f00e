using System.Collections.Immutable;
using Milvus.Coordinator.Access;
using Milvus.Model;

namespace Milvus.Coordinator;

/// <summary>What the coordinator makes of a command, before anything happens.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>The command breaks a rule; nothing changes.</summary>
    public sealed record Rejected(MilvusException Error) : Decision;

    /// <summary>Everything is already as asked.</summary>
    /// <param name="Id">Of the existing object, 0 when there is none.</param>
    public sealed record Unchanged(long Id = 0) : Decision;

    /// <summary>To be committed as a whole, then applied.</summary>
    public sealed record Accepted(ImmutableArray<CatalogEvent> Events, long Id = 0) : Decision;
}

/// <summary>Gives out ids for objects a decision creates.</summary>
public interface IIdSource
{
    /// <summary>A positive id never used before.</summary>
    long NextId();
}

/// <summary>Everything a decision takes from the world outside the catalogue.</summary>
public sealed record DecisionContext
{
    /// <summary>Larger than the timestamp of every earlier command.</summary>
    public required Timestamp Now { get; init; }

    public required IIdSource Ids { get; init; }

    /// <summary>Random bytes for one password hash.</summary>
    public ImmutableArray<byte> Salt { get; init; } = [];

    /// <summary>Rounds of the password hash.</summary>
    public int PasswordIterations { get; init; } = PasswordHasher.DefaultIterations;

    /// <summary>Nodes that can hold a replica; more replicas are refused. Null: any number may be asked for.</summary>
    public int? QueryNodes { get; init; }
}
