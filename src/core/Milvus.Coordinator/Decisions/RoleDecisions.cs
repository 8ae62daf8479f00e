using System.Collections.Immutable;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class RoleDecisions
{
    public static RoleInfo GetRole(Catalog catalog, string name) =>
        catalog.FindRole(name) ?? throw MilvusException.InvalidParameter("not found the role, maybe the role isn't existed or internal system error");

    public static Decision Decide(Catalog catalog, CreateRole command, DecisionContext context)
    {
        NameRules.CheckRole(command.Name);
        NameRules.CheckDescription(command.Description, "role");
        if (catalog.FindRole(command.Name) is not null) throw MilvusException.InvalidParameter($"role [name:\"{command.Name}\"] already exists");
        if (catalog.RoleCount >= Limits.Roles)
            throw new MilvusException(ErrorCode.QuotaExceeded, $"unable to create role because the number of roles has reached the limit: quota exceeded[limit={Limits.Roles}]");
        return Accept(0, new RoleStored(new RoleInfo { Name = command.Name, Description = command.Description, CreatedAt = context.Now }));
    }

    public static Decision Decide(Catalog catalog, AlterRole command)
    {
        if (command.Name is AccessControl.AdminRole or AccessControl.PublicRole)
            throw new MilvusException(ErrorCode.PrivilegeNotPermitted, $"the role[{command.Name}] is a default role, which can't be altered: privilege not permitted");
        var role = catalog.FindRole(command.Name) ?? throw MilvusException.InvalidParameter("role not exists");
        NameRules.CheckDescription(command.Description, "role");
        return role.Description == command.Description ? Unchanged : Accept(0, new RoleStored(role with { Description = command.Description }));
    }

    public static Decision Decide(Catalog catalog, DropRole command)
    {
        if (command.Name is AccessControl.AdminRole or AccessControl.PublicRole)
            throw MilvusException.InvalidParameter($"the role[{command.Name}] is a default role, which can't be dropped");
        var role = GetRole(catalog, command.Name);
        if (!role.Grants.IsEmpty && !command.Force)
            throw MilvusException.InvalidParameter("fail to drop the role that it has privileges. Use REVOKE API to revoke privileges");
        var bearers = catalog.Users.Where(u => u.Roles.Contains(command.Name)).Select(u => new UserStored(u with { Roles = u.Roles.Remove(command.Name) }));
        return Accept(0, [new RoleDropped(command.Name), .. bearers]);
    }

    public static Decision Decide(Catalog catalog, GrantPrivilege command)
    {
        var role = GetRole(catalog, command.Role);
        var grant = Complete(catalog, command.Grant);
        return Find(role, grant) is null ? Accept(0, new RoleStored(role with { Grants = role.Grants.Add(grant) })) : Unchanged;
    }

    public static Decision Decide(Catalog catalog, RevokePrivilege command)
    {
        var role = GetRole(catalog, command.Role);
        return Find(role, Complete(catalog, command.Grant)) is { } found
            ? Accept(0, new RoleStored(role with { Grants = role.Grants.Remove(found) }))
            : Unchanged;
    }

    // Who granted it makes no other grant.
    private static Grant? Find(RoleInfo role, Grant grant) => role.Grants.FirstOrDefault(g => g with { Grantor = grant.Grantor } == grant);

    private static Grant Complete(Catalog catalog, Grant grant)
    {
        var privilege = Privileges.Normalize(grant.Privilege);
        if (!Privileges.IsPrivilege(privilege) && !Privileges.IsBuiltInGroup(privilege) && catalog.FindPrivilegeGroup(privilege) is null)
            throw MilvusException.InvalidParameter($"not found the privilege name[{grant.Privilege}]");
        var type = grant.ObjectType.Length == 0 ? Privileges.ObjectTypeOf(privilege) : grant.ObjectType;
        if (!Privileges.IsObjectType(type))
            throw MilvusException.InvalidParameter("the object entity in the request is nil or invalid");
        if (Privileges.IsPrivilege(privilege) && privilege != Privileges.Any && type != Privileges.ObjectTypeOf(privilege))
            throw MilvusException.InvalidParameter($"not found the privilege name[{grant.Privilege}] in object[{type}]");
        var name = grant.ObjectName.Length == 0 ? Privileges.Any : grant.ObjectName;
        if (name != Privileges.Any) CheckObjectName(type, name);
        var database = grant.Database.Length == 0 ? Limits.DefaultDatabase : grant.Database;
        if (database != Privileges.Any) NameRules.CheckDatabase(database);
        return grant with { ObjectType = type, ObjectName = name, Privilege = privilege, Database = database };
    }

    // Grants may name objects that do not exist yet.
    private static void CheckObjectName(string type, string name)
    {
        if (type == Privileges.UserType) NameRules.CheckUser(name);
        else NameRules.CheckCollection(name);
    }

    public static Decision Decide(Catalog catalog, CreatePrivilegeGroup command)
    {
        NameRules.CheckPrivilegeGroup(command.Name);
        if (Privileges.IsPrivilege(command.Name) || Privileges.IsBuiltInGroup(command.Name))
            throw MilvusException.InvalidParameter($"privilege group name [{command.Name}] is defined by built in privileges or privilege groups in system");
        if (catalog.FindPrivilegeGroup(command.Name) is not null)
            throw MilvusException.InvalidParameter($"privilege group [{command.Name}] already exists");
        return Accept(0, new PrivilegeGroupStored(new PrivilegeGroupInfo { Name = command.Name }));
    }

    public static Decision Decide(Catalog catalog, DropPrivilegeGroup command)
    {
        CheckNotBuiltIn(command.Name);
        if (catalog.FindPrivilegeGroup(command.Name) is null) return Unchanged;
        if (catalog.Roles.FirstOrDefault(r => r.Grants.Any(g => g.Privilege == command.Name)) is { } user)
            throw MilvusException.InvalidParameter($"privilege group [{command.Name}] is used by role [{user.Name}], Use REVOKE API to revoke it first");
        return Accept(0, new PrivilegeGroupDropped(command.Name));
    }

    public static Decision Decide(Catalog catalog, AddPrivilegesToGroup command) =>
        ChangeGroup(catalog, command.Name, command.Privileges, static (old, given) => old.Union(given));

    public static Decision Decide(Catalog catalog, RemovePrivilegesFromGroup command) =>
        ChangeGroup(catalog, command.Name, command.Privileges, static (old, given) => old.Except(given));

    private static Decision ChangeGroup(Catalog catalog, string name, ImmutableArray<string> given, Func<IEnumerable<string>, IEnumerable<string>, IEnumerable<string>> change)
    {
        CheckNotBuiltIn(name);
        NameRules.CheckPrivilegeGroup(name);
        var group = catalog.FindPrivilegeGroup(name) ?? throw MilvusException.InvalidParameter($"there is no privilege group name [{name}] defined in system to operate");
        if (given.IsEmpty) throw MilvusException.InvalidParameter("privileges should not be empty");
        var privileges = given.SelectMany(p => Expand(catalog, p));
        ImmutableArray<string> result = [.. change(group.Privileges, privileges).Distinct().Order(StringComparer.Ordinal)];
        if (result.Select(Privileges.LevelOf).Distinct().Count() > 1)
            throw MilvusException.InvalidParameter($"privileges of group [{name}] are of different levels, they must be all of collection, all of database or all of cluster level");
        return result.SequenceEqual(group.Privileges) ? Unchanged : Accept(0, new PrivilegeGroupStored(group with { Privileges = result }));
    }

    // A group stands for its privileges: groups hold single privileges only.
    private static IEnumerable<string> Expand(Catalog catalog, string name)
    {
        var privilege = Privileges.Normalize(name);
        if (Privileges.BuiltInGroups.TryGetValue(privilege, out var builtIn)) return builtIn;
        if (catalog.FindPrivilegeGroup(privilege) is { } group) return group.Privileges;
        if (Privileges.IsPrivilege(privilege) && privilege != Privileges.Any) return [privilege];
        throw MilvusException.InvalidParameter($"there is no privilege name or privilege group name [{name}] defined in system to operate");
    }

    private static void CheckNotBuiltIn(string name)
    {
        if (Privileges.IsBuiltInGroup(name)) throw MilvusException.InvalidParameter($"the privilege group [{name}] is defined by system and cannot be changed");
    }
}
