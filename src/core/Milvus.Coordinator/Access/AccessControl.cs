using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Milvus.Model;

namespace Milvus.Coordinator.Access;

/// <summary>
/// Who somebody is and what they may do, by the coordinator's current catalogue. Whether anybody asks is the host's choice:
/// authorisation is off by default, the data is kept either way. Thread-safe.
/// </summary>
public sealed class AccessControl(ICoordinator coordinator)
{
    public const string RootUser = "root";
    public const string RootPassword = "Milvus";
    public const string AdminRole = "admin";
    public const string PublicRole = "public";

    // The slow hash is computed once per user and password, not once per request; only a keyed digest of the password stays in memory.
    private readonly ConcurrentDictionary<string, Verified> _verified = new(StringComparer.Ordinal);
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    private sealed record Verified(PasswordHash Stored, byte[] Digest);

    /// <summary>True when the user exists and this is the password.</summary>
    public bool Authenticate(string user, string password)
    {
        if (coordinator.Catalog.FindUser(user) is not { } info) return false;
        if (password.Length > Limits.PasswordMaxBytes) return false;
        var digest = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(password));
        if (_verified.TryGetValue(user, out var known) && known.Stored == info.Password)
        {
            if (CryptographicOperations.FixedTimeEquals(known.Digest, digest)) return true;
        }
        if (!PasswordHasher.Verify(password, info.Password)) return false;
        _verified[user] = new(info.Password, digest);
        return true;
    }

    /// <summary>
    /// True when one of the user's roles was granted the privilege on the object. root may do everything, as may the role admin.
    /// </summary>
    /// <param name="objectType"><c>Collection</c>, <c>Global</c> or <c>User</c>, as the request's declaration says.</param>
    /// <param name="objectName">The collection's or user's name; <c>*</c> for requests about no object of their own.</param>
    /// <param name="privilege">With or without the <c>Privilege</c> prefix.</param>
    /// <param name="database">Empty for <c>default</c>.</param>
    public bool IsAllowed(string user, string objectType, string objectName, string privilege, string database) =>
        IsAllowed(coordinator.Catalog, user, objectType, objectName, Privileges.Normalize(privilege), database);

    /// <summary>As above, by one catalogue. Pure.</summary>
    public static bool IsAllowed(Catalog catalog, string user, string objectType, string objectName, string privilege, string database)
    {
        if (user == RootUser) return true;
        if (catalog.FindUser(user) is not { } info) return false;
        var db = database.Length == 0 ? Limits.DefaultDatabase : database;
        foreach (var name in info.Roles)
        {
            if (name == AdminRole) return true;
            if (IsGranted(catalog, name, objectType, objectName, privilege, db)) return true;
        }
        return IsGranted(catalog, PublicRole, objectType, objectName, privilege, db);
    }

    /// <summary>Names of the roles a user has, <c>public</c> left out as clients expect.</summary>
    /// <exception cref="MilvusException">1100: there is no such user.</exception>
    public static IReadOnlyList<string> RolesOf(Catalog catalog, string user) =>
        catalog.FindUser(user)?.Roles ?? throw MilvusException.InvalidParameter($"not found the user [{user}]");

    private static bool IsGranted(Catalog catalog, string role, string objectType, string objectName, string privilege, string database)
    {
        if (catalog.FindRole(role) is not { } info) return false;
        foreach (var grant in info.Grants)
        {
            if (!grant.HoldsIn(database)) continue;
            if (grant.ObjectName != Privileges.Any && grant.ObjectName != objectName) continue;
            // "*" means every privilege of its object type; a named one has its type anyway.
            if (grant.Privilege == Privileges.Any && grant.ObjectType != Privileges.GlobalType && grant.ObjectType != objectType) continue;
            if (Privileges.Covers(catalog, grant.Privilege, privilege)) return true;
        }
        return false;
    }
}
