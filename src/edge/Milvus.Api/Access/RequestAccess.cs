using Google.Protobuf;
using Milvus.Coordinator;
using Milvus.Coordinator.Access;
using Milvus.Model;
using Milvus.Protocol;

namespace Milvus.Api.Access;

/// <summary>
/// Whether a user may send a request, whichever way it came: what a request needs is declared by its message. Messages that declare
/// nothing are open to everyone who has authenticated.
/// </summary>
/// <param name="catalog">The newest catalogue, for aliases and roles.</param>
internal sealed class RequestAccess(AccessControl access, Func<Catalog> catalog)
{
    /// <param name="database">The database meant by a request that names none; empty for the default one.</param>
    /// <returns>Why the request is refused; null when it is not.</returns>
    public string? FindRefusal(IMessage request, string user, string database)
    {
        if (RequestPrivilege.Of(request.Descriptor) is not { } privilege) return null;
        if (privilege.DatabaseOf(request) is { Length: > 0 } named) database = named;
        if (database.Length == 0) database = Limits.DefaultDatabase;
        foreach (var name in privilege.ObjectsOf(request))
        {
            if (IsOwnBusiness(request, privilege, user, name)) continue;
            var target = privilege.ObjectType == Privileges.CollectionType ? Resolve(database, name) : name;
            if (access.IsAllowed(user, privilege.ObjectType, target, privilege.Privilege, database)) continue;
            return $"{privilege.Privilege}: permission deny to {user} in the `{database}` database";
        }
        return null;
    }

    /// <summary>Users may look at themselves, change their own password and see what their roles grant.</summary>
    private bool IsOwnBusiness(IMessage request, RequestPrivilege privilege, string user, string name) => request switch
    {
        SelectGrantRequest { Entity.Role.Name: { } role } =>
            role == AccessControl.PublicRole || catalog().FindUser(user) is { } info && info.Roles.Contains(role),
        SelectUserRequest select => select.User?.Name == user,
        _ => privilege.ObjectType == Privileges.UserType && name == user,
    };

    /// <summary>Privileges are granted on collections, not on their aliases.</summary>
    private string Resolve(string database, string name) =>
        catalog().TryResolveCollection(database, name, out var collection) ? collection.Name : name;
}
