using System.Collections.Immutable;
using Milvus.Coordinator.Access;

namespace Milvus.Coordinator.Commands;

/// <param name="Password">Clear text, 6 to 72 bytes; empty with a stored one.</param>
public sealed record CreateUser(string Name, string Password) : CoordinatorCommand
{
    public string Description { get; init; } = "";

    /// <summary>The hash of the password as <see cref="PasswordHash.ToBackup"/> gave it, for users that come out of a backup.</summary>
    public string? StoredPassword { get; init; }
}

/// <summary>Changes the password, the description or both.</summary>
public sealed record UpdateUser(string Name) : CoordinatorCommand
{
    /// <summary>Checked against the stored one unless null: administrators need not know it.</summary>
    public string? OldPassword { get; init; }

    /// <summary>Null keeps the password.</summary>
    public string? NewPassword { get; init; }

    /// <summary>Null keeps the description.</summary>
    public string? Description { get; init; }
}

/// <summary>A missing user is no error.</summary>
public sealed record DropUser(string Name) : CoordinatorCommand;

public sealed record GrantRole(string User, string Role) : CoordinatorCommand;

public sealed record RevokeRole(string User, string Role) : CoordinatorCommand;

public sealed record CreateRole(string Name) : CoordinatorCommand
{
    public string Description { get; init; } = "";
}

public sealed record AlterRole(string Name, string Description) : CoordinatorCommand;

/// <param name="Force">Also when the role still has grants.</param>
public sealed record DropRole(string Name, bool Force = false) : CoordinatorCommand;

/// <summary>Adds one grant to a role; <see cref="Grant.Privilege"/> is a name without the <c>Privilege</c> prefix, a group or <c>*</c>.</summary>
/// <param name="Grant">With <see cref="Grant.ObjectType"/> empty (the v2 form) the type follows from the privilege.</param>
public sealed record GrantPrivilege(string Role, Grant Grant) : CoordinatorCommand;

public sealed record RevokePrivilege(string Role, Grant Grant) : CoordinatorCommand;

public sealed record CreatePrivilegeGroup(string Name) : CoordinatorCommand;

public sealed record DropPrivilegeGroup(string Name) : CoordinatorCommand;

public sealed record AddPrivilegesToGroup(string Name, ImmutableArray<string> Privileges) : CoordinatorCommand;

public sealed record RemovePrivilegesFromGroup(string Name, ImmutableArray<string> Privileges) : CoordinatorCommand;
