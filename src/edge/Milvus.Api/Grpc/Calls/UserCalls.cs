using System.Text;
using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Protocol;
using LegacyCode = Milvus.Protocol.Common.ErrorCode;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Users and roles. Passwords travel as base64 of the clear text.</summary>
internal static class UserCalls
{
    public static void Add(CallRegistry calls)
    {
        AddUsers(calls);
        AddRoles(calls);
    }

    private static void AddUsers(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("CreateCredential", CreateCredentialRequest.Parser, (request, _) =>
                new CreateUser(request.Username, ReadPassword(request.Password)) { Description = request.Description },
                LegacyCode.CreateCredentialFailure)
            .Command("UpdateCredential", UpdateCredentialRequest.Parser, (request, call) => new UpdateUser(request.Username)
            {
                // Root may set a password without knowing the old one.
                OldPassword = call.User == "root" && request.OldPassword.Length == 0 ? null : ReadPassword(request.OldPassword),
                NewPassword = request.NewPassword.Length == 0 ? null : ReadPassword(request.NewPassword),
                Description = request.HasDescription ? request.Description : null,
            }, LegacyCode.UpdateCredentialFailure)
            .Command("DeleteCredential", DeleteCredentialRequest.Parser, (request, _) => new DropUser(request.Username),
                LegacyCode.DeleteCredentialFailure)
            .Add("ListCredUsers", ListCredUsersRequest.Parser, (_, status) => new ListCredUsersResponse { Status = status }, (_, _) =>
            {
                var answer = new ListCredUsersResponse { Status = StatusMapping.Ok() };
                answer.Usernames.AddRange(proxy.Catalog.Users.Select(u => u.Name));
                return answer;
            }, LegacyCode.ListCredUsersFailure)
            .Add("SelectUser", SelectUserRequest.Parser, (_, status) => new SelectUserResponse { Status = status }, (request, _) =>
            {
                var answer = new SelectUserResponse { Status = StatusMapping.Ok() };
                foreach (var user in proxy.Catalog.Users)
                {
                    if (request.User is { Name.Length: > 0 } wanted && wanted.Name != user.Name) continue;
                    var result = new UserResult { User = new UserEntity { Name = user.Name }, Description = user.Description };
                    if (request.IncludeRoleInfo) result.Roles.AddRange(user.Roles.Select(r => new RoleEntity { Name = r }));
                    answer.Results.Add(result);
                }
                return answer;
            }, LegacyCode.SelectUserFailure)
            .Command("OperateUserRole", OperateUserRoleRequest.Parser, (request, _) => request.Type switch
            {
                OperateUserRoleType.AddUserToRole => new GrantRole(request.Username, request.RoleName),
                OperateUserRoleType.RemoveUserFromRole => new RevokeRole(request.Username, request.RoleName),
                _ => throw MilvusException.InvalidParameter($"invalid operate user role type, current type: {request.Type}"),
            }, LegacyCode.OperateUserRoleFailure);
    }

    private static void AddRoles(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("CreateRole", CreateRoleRequest.Parser, (request, _) =>
                new CreateRole(request.Entity?.Name ?? "") { Description = request.Entity?.Description ?? "" },
                LegacyCode.CreateRoleFailure)
            .Command("AlterRole", AlterRoleRequest.Parser, (request, _) => new AlterRole(request.RoleName, request.Description))
            .Command("DropRole", DropRoleRequest.Parser, (request, _) => new DropRole(request.RoleName, request.ForceDrop),
                LegacyCode.DropRoleFailure)
            .Add("SelectRole", SelectRoleRequest.Parser, (_, status) => new SelectRoleResponse { Status = status }, (request, _) =>
            {
                var catalog = proxy.Catalog;
                var answer = new SelectRoleResponse { Status = StatusMapping.Ok() };
                foreach (var role in catalog.Roles)
                {
                    if (request.Role is { Name.Length: > 0 } wanted && wanted.Name != role.Name) continue;
                    var result = new RoleResult { Role = new RoleEntity { Name = role.Name, Description = role.Description } };
                    if (request.IncludeUserInfo)
                        result.Users.AddRange(catalog.Users.Where(u => u.Roles.Contains(role.Name)).Select(u => new UserEntity { Name = u.Name }));
                    answer.Results.Add(result);
                }
                return answer;
            }, LegacyCode.SelectRoleFailure);
    }

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
