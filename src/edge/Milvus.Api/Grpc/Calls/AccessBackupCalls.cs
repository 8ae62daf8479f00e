using System.Text;
using Milvus.Api.Mapping;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Protocol;
using WireGroup = Milvus.Protocol.PrivilegeGroupInfo;
using WireUser = Milvus.Protocol.UserInfo;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Users, roles, grants and privilege groups as one message, to take along to another server. Passwords leave as hashes.</summary>
internal static class AccessBackupCalls
{
    private const string Admin = "admin";
    private const string Public = "public";

    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Add("BackupRBAC", BackupRBACMetaRequest.Parser, (_, status) => new BackupRBACMetaResponse { Status = status }, (_, _) =>
                new BackupRBACMetaResponse { Status = StatusMapping.Ok(), RBACMeta = Write(proxy.Catalog) })
            .Add("RestoreRBAC", RestoreRBACMetaRequest.Parser, (_, status) => status, async (request, call) =>
            {
                var meta = request.RBACMeta ?? throw MilvusException.InvalidParameter("the backup is empty");
                CheckNew(proxy.Catalog, meta);
                foreach (var command in Commands(meta)) await proxy.ExecuteAsync(call.Context(""), command, call.Cancellation);
                return StatusMapping.Ok();
            });
    }

    private static RBACMeta Write(Coordinator.Catalog catalog)
    {
        var meta = new RBACMeta();
        foreach (var user in catalog.Users.Where(u => u.Name != AccessControl.RootUser))
        {
            var wire = new WireUser { User = user.Name, Password = Convert.ToBase64String(Encoding.UTF8.GetBytes(user.Password.ToBackup())) };
            wire.Roles.AddRange(user.Roles.Select(r => new RoleEntity { Name = r }));
            meta.Users.Add(wire);
        }
        foreach (var role in catalog.Roles)
        {
            if (!IsBuiltIn(role.Name)) meta.Roles.Add(new RoleEntity { Name = role.Name, Description = role.Description });
            if (role.Name != Admin) meta.Grants.AddRange(role.Grants.Select(g => PrivilegeCalls.Write(role, g)));
        }
        foreach (var group in catalog.PrivilegeGroups)
        {
            var wire = new WireGroup { GroupName = group.Name };
            wire.Privileges.AddRange(group.Privileges.Select(p => new PrivilegeEntity { Name = p }));
            meta.PrivilegeGroups.Add(wire);
        }
        return meta;
    }

    // Before anything is changed: names that exist would leave half of a backup.
    private static void CheckNew(Coordinator.Catalog catalog, RBACMeta meta)
    {
        foreach (var group in meta.PrivilegeGroups)
            if (catalog.FindPrivilegeGroup(group.GroupName) is not null) throw MilvusException.InvalidParameter($"privilege group [{group.GroupName}] already exists");
        foreach (var role in meta.Roles)
            if (!IsBuiltIn(role.Name) && catalog.FindRole(role.Name) is not null) throw MilvusException.InvalidParameter($"role [{role.Name}] already exists");
        foreach (var user in meta.Users)
            if (catalog.FindUser(user.User) is not null) throw MilvusException.InvalidParameter($"user [{user.User}] already exists");
    }

    private static IEnumerable<CoordinatorCommand> Commands(RBACMeta meta)
    {
        foreach (var group in meta.PrivilegeGroups)
        {
            yield return new CreatePrivilegeGroup(group.GroupName);
            if (group.Privileges.Count > 0) yield return new AddPrivilegesToGroup(group.GroupName, [.. group.Privileges.Select(p => p.Name)]);
        }
        foreach (var role in meta.Roles)
            if (!IsBuiltIn(role.Name)) yield return new CreateRole(role.Name) { Description = role.Description };
        foreach (var grant in meta.Grants)
            yield return new GrantPrivilege(grant.Role?.Name ?? "", new Grant
            {
                ObjectType = grant.Object?.Name ?? "",
                ObjectName = grant.ObjectName,
                Privilege = grant.Grantor?.Privilege?.Name ?? "",
                Database = grant.DbName,
                Grantor = grant.Grantor?.User?.Name ?? "",
            });
        foreach (var user in meta.Users)
        {
            yield return new CreateUser(user.User, "") { StoredPassword = ReadPassword(user.Password) };
            foreach (var role in user.Roles)
                if (role.Name != Public) yield return new GrantRole(user.User, role.Name);
        }
    }

    private static bool IsBuiltIn(string role) => role is Admin or Public;

    private static string ReadPassword(string base64)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException)
        {
            throw MilvusException.InvalidParameter("decode password failed, it must be base64");
        }
    }
}
