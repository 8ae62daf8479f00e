using Milvus.Api.Mapping;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Protocol;
using ErrorCode = Milvus.Model.ErrorCode;
using LegacyCode = Milvus.Protocol.Common.ErrorCode;
using WireGroup = Milvus.Protocol.PrivilegeGroupInfo;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Grants and privilege groups.</summary>
internal static class PrivilegeCalls
{
    public static void Add(CallRegistry calls)
    {
        AddGrants(calls);
        AddGroups(calls);
    }

    private static void AddGrants(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("OperatePrivilege", OperatePrivilegeRequest.Parser, (request, call) =>
            {
                var entity = request.Entity ?? throw MilvusException.InvalidParameter("the entity in the request is nil");
                return Operate(request.Type, entity.Role?.Name ?? "", new Grant
                {
                    ObjectType = entity.Object?.Name ?? "",
                    ObjectName = entity.ObjectName,
                    Privilege = entity.Grantor?.Privilege?.Name ?? "",
                    Database = call.Database(entity.DbName),
                    Grantor = call.User ?? "",
                });
            }, LegacyCode.OperatePrivilegeFailure)
            .Command("OperatePrivilegeV2", OperatePrivilegeV2Request.Parser, (request, call) =>
                Operate(request.Type, request.Role?.Name ?? "", new Grant
                {
                    ObjectName = request.CollectionName.Length == 0 ? "*" : request.CollectionName,
                    Privilege = request.Grantor?.Privilege?.Name ?? "",
                    Database = call.Database(request.DbName),
                    Grantor = call.User ?? "",
                }), LegacyCode.OperatePrivilegeFailure)
            .Add("SelectGrant", SelectGrantRequest.Parser, (_, status) => new SelectGrantResponse { Status = status }, (request, call) =>
            {
                var entity = request.Entity ?? throw MilvusException.InvalidParameter("the grant entity in the request is nil");
                var name = entity.Role?.Name ?? "";
                if (name.Length == 0) throw MilvusException.InvalidParameter("the role entity in the grant entity is nil");
                var role = proxy.Catalog.FindRole(name)
                    ?? throw new MilvusException(ErrorCode.IoKeyNotFound, $"not found the role, maybe the role isn't existed or internal system error[role={name}]");

                var answer = new SelectGrantResponse { Status = StatusMapping.Ok() };
                var database = call.Database(entity.DbName);
                foreach (var grant in role.Grants)
                {
                    if (entity.Object is { Name.Length: > 0 } type && type.Name != grant.ObjectType) continue;
                    if (entity.ObjectName.Length > 0 && entity.ObjectName != grant.ObjectName) continue;
                    if (database != Privileges.Any && !grant.HoldsIn(database)) continue;
                    answer.Entities.Add(Write(role, grant));
                }
                return answer;
            }, LegacyCode.SelectGrantFailure);
    }

    private static void AddGroups(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("CreatePrivilegeGroup", CreatePrivilegeGroupRequest.Parser, (request, _) => new CreatePrivilegeGroup(request.GroupName),
                LegacyCode.CreatePrivilegeGroupFailure)
            .Command("DropPrivilegeGroup", DropPrivilegeGroupRequest.Parser, (request, _) => new DropPrivilegeGroup(request.GroupName),
                LegacyCode.DropPrivilegeGroupFailure)
            .Command("OperatePrivilegeGroup", OperatePrivilegeGroupRequest.Parser, (request, _) => request.Type switch
            {
                OperatePrivilegeGroupType.AddPrivilegesToGroup =>
                    new AddPrivilegesToGroup(request.GroupName, [.. request.Privileges.Select(p => p.Name)]),
                OperatePrivilegeGroupType.RemovePrivilegesFromGroup =>
                    new RemovePrivilegesFromGroup(request.GroupName, [.. request.Privileges.Select(p => p.Name)]),
                _ => throw MilvusException.InvalidParameter($"unsupported operate type: {request.Type}"),
            }, LegacyCode.OperatePrivilegeGroupFailure)
            .Add("ListPrivilegeGroups", ListPrivilegeGroupsRequest.Parser, (_, status) => new ListPrivilegeGroupsResponse { Status = status }, (_, _) =>
            {
                var answer = new ListPrivilegeGroupsResponse { Status = StatusMapping.Ok() };
                foreach (var group in proxy.Catalog.PrivilegeGroups)
                {
                    var wire = new WireGroup { GroupName = group.Name };
                    wire.Privileges.AddRange(group.Privileges.Select(p => new PrivilegeEntity { Name = p }));
                    answer.PrivilegeGroups.Add(wire);
                }
                return answer;
            }, LegacyCode.ListPrivilegeGroupsFailure);
    }

    private static CoordinatorCommand Operate(OperatePrivilegeType type, string role, Grant grant) => type switch
    {
        OperatePrivilegeType.Grant => new GrantPrivilege(role, grant),
        OperatePrivilegeType.Revoke => new RevokePrivilege(role, grant),
        _ => throw MilvusException.InvalidParameter($"invalid operate privilege type, current type: {type}"),
    };

    public static GrantEntity Write(RoleInfo role, Grant grant) => new()
    {
        Role = new RoleEntity { Name = role.Name },
        Object = new ObjectEntity { Name = grant.ObjectType },
        ObjectName = grant.ObjectName,
        Grantor = new GrantorEntity
        {
            User = new UserEntity { Name = grant.Grantor },
            Privilege = new PrivilegeEntity { Name = grant.ShownPrivilege },
        },
        DbName = grant.Database,
    };
}
