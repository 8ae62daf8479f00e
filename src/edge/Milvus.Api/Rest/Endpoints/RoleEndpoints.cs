using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

internal static class RoleEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        AddRoles(table);
        AddGroups(table);
    }

    private static void AddRoles(Dictionary<string, RestEndpoint> table)
    {
        table["roles/list"] = call => new(RestReply.Names(call.Proxy.Catalog.Roles.Select(r => r.Name)));
        table["roles/describe"] = call =>
        {
            var name = call.Required("roleName", "RoleReq");
            var role = call.Proxy.Catalog.FindRole(name) ?? throw MilvusException.InvalidParameter($"role not found[role={name}]");
            var database = call.Database;
            var grants = role.Grants.Where(g => database == Privileges.Any || g.HoldsIn(database));
            return new(new RestReply(w =>
            {
                w.WriteStartArray();
                foreach (var g in grants)
                {
                    w.WriteStartObject();
                    w.WriteString("objectType", g.ObjectType);
                    w.WriteString("objectName", g.ObjectName);
                    w.WriteString("privilege", g.ShownPrivilege);
                    w.WriteString("dbName", g.Database.Length == 0 ? Limits.DefaultDatabase : g.Database);
                    w.WriteString("grantor", g.Grantor);
                    w.WriteEndObject();
                }
                w.WriteEndArray();
            })
            { Beside = w => w.WriteString("description", role.Description) });
        };
        table["roles/create"] = async call =>
        {
            await call.ExecuteAsync(new CreateRole(call.Required("roleName", "RoleReq")) { Description = call.Text("description") });
            return RestReply.Empty;
        };
        table["roles/alter"] = async call =>
        {
            await call.ExecuteAsync(new AlterRole(call.Required("roleName", "RoleReq"), call.Text("description")));
            return RestReply.Empty;
        };
        table["roles/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropRole(call.Required("roleName", "RoleReq")));
            return RestReply.Empty;
        };
        table["roles/grant_privilege"] = async call =>
        {
            await call.ExecuteAsync(new GrantPrivilege(call.Required("roleName", "GrantReq"), GrantOf(call)));
            return RestReply.Empty;
        };
        table["roles/revoke_privilege"] = async call =>
        {
            await call.ExecuteAsync(new RevokePrivilege(call.Required("roleName", "GrantReq"), GrantOf(call)));
            return RestReply.Empty;
        };
        table["roles/grant_privilege_v2"] = async call =>
        {
            await call.ExecuteAsync(new GrantPrivilege(call.Required("roleName", "GrantV2Req"), GrantOfV2(call)));
            return RestReply.Empty;
        };
        table["roles/revoke_privilege_v2"] = async call =>
        {
            await call.ExecuteAsync(new RevokePrivilege(call.Required("roleName", "GrantV2Req"), GrantOfV2(call)));
            return RestReply.Empty;
        };
    }

    private static void AddGroups(Dictionary<string, RestEndpoint> table)
    {
        table["privilege_groups/create"] = async call =>
        {
            await call.ExecuteAsync(new CreatePrivilegeGroup(call.Required("privilegeGroupName", "PrivilegeGroupReq")));
            return RestReply.Empty;
        };
        table["privilege_groups/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropPrivilegeGroup(call.Required("privilegeGroupName", "PrivilegeGroupReq")));
            return RestReply.Empty;
        };
        table["privilege_groups/list"] = call => new(RestReply.Object(w =>
        {
            w.WriteStartArray("privilegeGroups");
            foreach (var g in call.Proxy.Catalog.PrivilegeGroups)
            {
                w.WriteStartObject();
                w.WriteString("privilegeGroupName", g.Name);
                w.WriteString("privileges", string.Join(",", g.Privileges));
                w.WriteEndObject();
            }
            w.WriteEndArray();
        }));
        table["privilege_groups/add_privileges_to_group"] = async call =>
        {
            await call.ExecuteAsync(new AddPrivilegesToGroup(call.Required("privilegeGroupName", "PrivilegeGroupReq"), call.Texts("privileges")));
            return RestReply.Empty;
        };
        table["privilege_groups/remove_privileges_from_group"] = async call =>
        {
            await call.ExecuteAsync(new RemovePrivilegesFromGroup(call.Required("privilegeGroupName", "PrivilegeGroupReq"), call.Texts("privileges")));
            return RestReply.Empty;
        };
    }

    private static Grant GrantOf(RestCall call) => new()
    {
        ObjectType = call.Required("objectType", "GrantReq"),
        ObjectName = call.Required("objectName", "GrantReq"),
        Privilege = call.Required("privilege", "GrantReq"),
        Database = call.Text("dbName"),
        Grantor = call.Context.User ?? "root",
    };

    private static Grant GrantOfV2(RestCall call) => new()
    {
        ObjectName = call.Text("collectionName") is { Length: > 0 } name ? name : "*",
        Privilege = call.Required("privilege", "GrantV2Req"),
        Database = call.Text("dbName"),
        Grantor = call.Context.User ?? "root",
    };
}
