using Milvus.Model;

namespace Milvus.Coordinator.Access;

/// <summary>Which databases and collections lists show to a user: those that a role of theirs was granted anything on. Pure.</summary>
public static class Visibility
{
    /// <param name="user">Null when nobody has to say who they are.</param>
    /// <returns>True for every database the user may see in lists.</returns>
    public static Func<DatabaseInfo, bool> OfDatabases(Catalog catalog, string? user)
    {
        if (SeesAll(catalog, user)) return static _ => true;
        var names = Grants(catalog, user!).Select(g => g.Database.Length == 0 ? Limits.DefaultDatabase : g.Database).ToHashSet(StringComparer.Ordinal);
        return names.Contains(Privileges.Any) ? static _ => true : d => names.Contains(d.Name);
    }

    /// <param name="user">Null when nobody has to say who they are.</param>
    /// <returns>True for every collection of the database that the user may see in lists.</returns>
    public static Func<CollectionInfo, bool> OfCollections(Catalog catalog, string? user, string database)
    {
        if (SeesAll(catalog, user)) return static _ => true;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var grant in Grants(catalog, user!))
        {
            var db = grant.Database.Length == 0 ? Limits.DefaultDatabase : grant.Database;
            if (db != Privileges.Any && db != database) continue;
            if (grant.ObjectType == Privileges.GlobalType && grant.Privilege is Privileges.Any or "All") return static _ => true;
            if (grant.ObjectType == Privileges.CollectionType || IsGroupOfCollections(grant.Privilege)) names.Add(grant.ObjectName);
        }
        return names.Contains(Privileges.Any) ? static _ => true : c => names.Contains(c.Name);
    }

    private static bool IsGroupOfCollections(string privilege) => Privileges.IsBuiltInGroup(privilege) && privilege.StartsWith("Collection", StringComparison.Ordinal);

    private static bool SeesAll(Catalog catalog, string? user) =>
        user is null or AccessControl.RootUser || catalog.FindUser(user)?.Roles.Contains(AccessControl.AdminRole) == true;

    // What everybody may do tells nothing about what somebody works with.
    private static IEnumerable<Grant> Grants(Catalog catalog, string user) =>
        catalog.FindUser(user) is { } info ? info.Roles.Where(r => r != AccessControl.PublicRole).SelectMany(r => catalog.FindRole(r)?.Grants ?? []) : [];
}
