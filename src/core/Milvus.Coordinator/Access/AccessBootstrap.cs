using Milvus.Model;

namespace Milvus.Coordinator.Access;

/// <summary>What a new store starts with.</summary>
internal static class AccessBootstrap
{
    public static IEnumerable<CatalogEvent> Events(Timestamp now, ReadOnlySpan<byte> salt, int iterations)
    {
        var root = new UserInfo
        {
            Name = AccessControl.RootUser,
            Password = PasswordHasher.Hash(AccessControl.RootPassword, salt, iterations),
            CreatedAt = now,
        };
        var admin = new RoleInfo { Name = AccessControl.AdminRole, CreatedAt = now };
        var everyone = new RoleInfo
        {
            Name = AccessControl.PublicRole,
            CreatedAt = now,
            Grants = [Everywhere(Privileges.GlobalType, "DescribeCollection"), Everywhere(Privileges.GlobalType, "ListAliases"), Everywhere(Privileges.CollectionType, "IndexDetail")],
        };
        return [new UserStored(root), new RoleStored(admin), new RoleStored(everyone)];
    }

    private static Grant Everywhere(string objectType, string privilege) => new()
    {
        ObjectType = objectType,
        ObjectName = Privileges.Any,
        Privilege = privilege,
        Database = Privileges.Any,
        Grantor = AccessControl.RootUser,
    };
}
