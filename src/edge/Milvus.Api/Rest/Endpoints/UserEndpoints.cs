using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

internal static class UserEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["users/list"] = call => new(RestReply.Names(call.Proxy.Catalog.Users.Select(u => u.Name)));
        table["users/describe"] = call =>
        {
            var name = call.Required("userName", "UserReq");
            var user = call.Proxy.Catalog.FindUser(name) ?? throw MilvusException.InvalidParameter($"user not found[user={name}]");
            return new(RestReply.Names(user.Roles) with { Beside = w => w.WriteString("description", user.Description) });
        };
        table["users/create"] = async call =>
        {
            await call.ExecuteAsync(new CreateUser(call.Required("userName", "PasswordReq"), call.Required("password", "PasswordReq")) { Description = call.Text("description") });
            return RestReply.Empty;
        };
        table["users/update_password"] = async call =>
        {
            var password = call.Text("newPassword");
            var description = call.Has("description") ? call.Text("description") : null;
            var name = call.Required("userName", "NewPasswordReq");
            if (password.Length == 0 && description is null) throw RestFailure.Missing("NewPasswordReq", "newPassword");
            if (password.Length > 0 && call.Text("password").Length == 0) throw RestFailure.Missing("NewPasswordReq", "password");
            await call.ExecuteAsync(new UpdateUser(name)
            {
                OldPassword = password.Length > 0 ? call.Text("password") : null,
                NewPassword = password.Length > 0 ? password : null,
                Description = description,
            });
            return RestReply.Empty;
        };
        table["users/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropUser(call.Required("userName", "UserReq")));
            return RestReply.Empty;
        };
        table["users/grant_role"] = async call =>
        {
            await call.ExecuteAsync(new GrantRole(call.Required("userName", "UserRoleReq"), call.Required("roleName", "UserRoleReq")));
            return RestReply.Empty;
        };
        table["users/revoke_role"] = async call =>
        {
            await call.ExecuteAsync(new RevokeRole(call.Required("userName", "UserRoleReq"), call.Required("roleName", "UserRoleReq")));
            return RestReply.Empty;
        };
    }
}
