using System.Collections.Immutable;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class UserDecisions
{
    public static Decision Decide(Catalog catalog, CreateUser command, DecisionContext context)
    {
        NameRules.CheckUser(command.Name);
        if (command.StoredPassword is null) NameRules.CheckPassword(command.Password);
        NameRules.CheckDescription(command.Description, "user");
        if (catalog.FindUser(command.Name) is not null) throw MilvusException.InvalidParameter($"user already exists: {command.Name}");
        if (catalog.UserCount >= Limits.Users)
            throw new MilvusException(ErrorCode.QuotaExceeded, $"unable to add user because the number of users has reached the limit: quota exceeded[limit={Limits.Users}]");
        return Accept(0, new UserStored(new UserInfo
        {
            Name = command.Name,
            Password = command.StoredPassword is { } stored ? PasswordHash.FromBackup(stored) : Hash(command.Password, context),
            Description = command.Description,
            CreatedAt = context.Now,
        }));
    }

    public static Decision Decide(Catalog catalog, UpdateUser command, DecisionContext context)
    {
        if (command is { OldPassword: not null, NewPassword: null, Description: null }) NameRules.CheckPassword("");
        // Whoever asks with a password learns nothing about which users there are.
        if (command.OldPassword is not null && catalog.FindUser(command.Name) is null) throw WrongPassword(command.Name);
        var user = GetUser(catalog, command.Name);
        if (command.NewPassword is null && command.Description is null) throw MilvusException.InvalidParameter("neither a new password nor a description is given");
        if (command.Description is { } description)
        {
            NameRules.CheckDescription(description, "user");
            user = user with { Description = description };
        }
        if (command.NewPassword is { } password)
        {
            NameRules.CheckPassword(password);
            if (command.OldPassword is { } old && !PasswordHasher.Verify(old, user.Password))
                throw WrongPassword(command.Name);
            user = user with { Password = Hash(password, context) };
        }
        return Accept(0, new UserStored(user));
    }

    public static Decision Decide(Catalog catalog, DropUser command)
    {
        if (command.Name == AccessControl.RootUser) throw MilvusException.InvalidParameter("root user cannot be deleted");
        return catalog.FindUser(command.Name) is null ? Unchanged : Accept(0, new UserDropped(command.Name));
    }

    public static Decision Decide(Catalog catalog, GrantRole command)
    {
        var user = GetUser(catalog, command.User);
        RoleDecisions.GetRole(catalog, command.Role);
        return user.Roles.Contains(command.Role)
            ? Unchanged
            : Accept(0, new UserStored(user with { Roles = user.Roles.Add(command.Role).Sort(StringComparer.Ordinal) }));
    }

    public static Decision Decide(Catalog catalog, RevokeRole command)
    {
        RoleDecisions.GetRole(catalog, command.Role);
        // Who is not there has no role to lose.
        if (catalog.FindUser(command.User) is not { } user) return Unchanged;
        return user.Roles.Contains(command.Role) ? Accept(0, new UserStored(user with { Roles = user.Roles.Remove(command.Role) })) : Unchanged;
    }

    private static MilvusException WrongPassword(string user) =>
        new(ErrorCode.NotAuthenticated, $"old password not correct for {user}: not authenticated") { IsInputError = true };

    private static UserInfo GetUser(Catalog catalog, string name) =>
        catalog.FindUser(name) ?? throw MilvusException.InvalidParameter("not found the user, maybe the user isn't existed or internal system error");

    private static PasswordHash Hash(string password, DecisionContext context) =>
        PasswordHasher.Hash(password, context.Salt.AsSpan(), context.PasswordIterations);
}
