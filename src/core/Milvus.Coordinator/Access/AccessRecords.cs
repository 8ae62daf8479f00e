using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Access;

/// <summary>A user; the password is kept only as a salted PBKDF2 hash.</summary>
public sealed record UserInfo
{
    public required string Name { get; init; }

    public required PasswordHash Password { get; init; }

    public string Description { get; init; } = "";

    /// <summary>Roles granted to the user, sorted; everyone has <c>public</c> besides.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    public required Timestamp CreatedAt { get; init; }

    public bool Equals(UserInfo? other) =>
        other is not null && Name == other.Name && Password == other.Password && Description == other.Description
        && CreatedAt == other.CreatedAt && Roles.SequenceEqual(other.Roles);

    public override int GetHashCode() => HashCode.Combine(Name, CreatedAt);
}

/// <summary>A role and what it was granted.</summary>
public sealed record RoleInfo
{
    public required string Name { get; init; }

    public string Description { get; init; } = "";

    public ImmutableArray<Grant> Grants { get; init; } = [];

    public required Timestamp CreatedAt { get; init; }

    public bool Equals(RoleInfo? other) =>
        other is not null && Name == other.Name && Description == other.Description && CreatedAt == other.CreatedAt && Grants.SequenceEqual(other.Grants);

    public override int GetHashCode() => HashCode.Combine(Name, CreatedAt);
}

/// <summary>One privilege on one object.</summary>
public sealed record Grant
{
    /// <summary><c>Collection</c>, <c>Global</c> or <c>User</c>.</summary>
    public string ObjectType { get; init; } = "";

    /// <summary>A collection or user name, or <c>*</c>.</summary>
    public string ObjectName { get; init; } = "*";

    /// <summary>A privilege without its <c>Privilege</c> prefix, a privilege group, or <c>*</c>.</summary>
    public required string Privilege { get; init; }

    /// <summary>The privilege as clients are told it: everything there is, granted on the whole, is called <c>All</c>.</summary>
    public string ShownPrivilege => ObjectType == Privileges.GlobalType && Privilege == Privileges.Any ? "All" : Privilege;

    /// <summary>A database name or <c>*</c>; empty means <c>default</c>.</summary>
    public string Database { get; init; } = "";

    /// <summary>True when the grant counts in the database.</summary>
    public bool HoldsIn(string database) => Database == Privileges.Any || Database == database || (Database.Length == 0 && database == Limits.DefaultDatabase);

    /// <summary>The user who granted it.</summary>
    public string Grantor { get; init; } = "";
}

/// <summary>A named set of privileges made by a user.</summary>
public sealed record PrivilegeGroupInfo
{
    public required string Name { get; init; }

    /// <summary>Privilege names without prefix, sorted.</summary>
    public ImmutableArray<string> Privileges { get; init; } = [];

    public bool Equals(PrivilegeGroupInfo? other) => other is not null && Name == other.Name && Privileges.SequenceEqual(other.Privileges);

    public override int GetHashCode() => HashCode.Combine(Name, Privileges.Length);
}

/// <summary>A PBKDF2-SHA256 hash.</summary>
/// <param name="Salt">Base64 of the salt.</param>
/// <param name="Hash">Base64 of the derived key.</param>
public sealed record PasswordHash(int Iterations, string Salt, string Hash)
{
    /// <summary>The hash as one text, for backups.</summary>
    public string ToBackup() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"pbkdf2-sha256:{Iterations}:{Salt}:{Hash}");

    /// <exception cref="MilvusException">1100: not a hash of this server.</exception>
    public static PasswordHash FromBackup(string text)
    {
        var parts = text.Split(':');
        return parts is ["pbkdf2-sha256", var count, { Length: > 0 } salt, { Length: > 0 } hash]
            && int.TryParse(count, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var iterations) && iterations > 0
            && Convert.TryFromBase64String(salt, new byte[salt.Length], out _) && Convert.TryFromBase64String(hash, new byte[hash.Length], out _)
            ? new PasswordHash(iterations, salt, hash)
            : throw MilvusException.InvalidParameter("the backup holds a password in a form that this server does not know");
    }

    // Hashes are no secrets worth printing either.
    public override string ToString() => $"PBKDF2({Iterations})";
}
