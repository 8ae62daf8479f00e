using System.Collections.Frozen;
using System.Text;
using Milvus.Model;

namespace Milvus.Coordinator.Names;

/// <summary>What databases, collections, fields, users and so on may be called; every method throws when the rule is broken.</summary>
public static class NameRules
{
    private static readonly FrozenSet<string> Keywords = new[]
    {
        "like", "and", "or", "not", "in", "exists", "json_contains", "json_contains_all", "json_contains_any", "array_contains",
        "array_contains_all", "array_contains_any", "array_length", "text_match", "phrase_match", "random_sample",
    }.SelectMany(k => new[] { k, k.ToUpperInvariant() }).Concat(["true", "True", "TRUE", "false", "False", "FALSE", FieldIds.DynamicName])
        .ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> SystemFields =
        new[] { "RowID", "Timestamp", "$namespace_id", "__virtual_pk__" }.ToFrozenSet(StringComparer.Ordinal);

    /// <exception cref="MilvusException">802.</exception>
    public static void CheckDatabase(string name)
    {
        var problem = name.Length == 0 ? "database name couldn't be empty"
            : name.Length > Limits.NameLength ? $"the length of a database name must be less than {Limits.NameLength} characters"
            : !IsLetter(name[0]) && name[0] != '_' ? "the first character of a database name must be an underscore or letter"
            : !All(name, IsWord) ? "database name can only contain numbers, letters and underscores" : null;
        if (problem is not null)
            throw new MilvusException(ErrorCode.InvalidDatabaseName, $"{problem}: invalid database name[database={name}]") { IsInputError = true };
    }

    public static void CheckCollection(string name) => CheckEntity(name, "collection name");

    public static void CheckAlias(string name) => CheckEntity(name, "collection alias");

    private static void CheckEntity(string name, string kind)
    {
        if (name.Length == 0) throw MilvusException.InvalidParameter($"{kind} should not be empty");
        var problem = name.Length > Limits.NameLength ? $"the length of a {kind} must be less than {Limits.NameLength} characters"
            : !IsLetter(name[0]) && name[0] != '_' ? $"the first character of a {kind} must be an underscore or letter"
            : !All(name, IsWord) ? $"{kind} can only contain numbers, letters and underscores" : null;
        if (problem is not null) throw MilvusException.InvalidParameter($"Invalid {kind}: {name}. {problem}");
    }

    /// <exception cref="MilvusException">1701, or 1100 for the name of the namespace.</exception>
    public static void CheckReserved(string name)
    {
        if (!SystemFields.Contains(name)) return;
        if (name == "$namespace_id") throw MilvusException.InvalidParameter($"schema contains system field: {string.Join(", ", SystemFields.Order(StringComparer.Ordinal))}");
        throw new MilvusException(
            ErrorCode.FieldNameInvalid, $"field name \"{name}\" is reserved for internal use and cannot be used in user schemas: field name invalid[field={name}]")
        { IsInputError = true };
    }

    /// <summary>Partition names may start with a digit and contain hyphens.</summary>
    public static void CheckPartition(string name)
    {
        name = name.Trim();
        var problem = name.Length == 0 ? "Partition name should not be empty."
            : name.Length > Limits.NameLength ? $"The length of a partition name must be less than {Limits.NameLength} characters."
            : !IsWord(name[0]) ? "The first character of a partition name must be an underscore, letter or number."
            : !All(name, static c => IsWord(c) || c == '-') ? "Partition name can only contain numbers, letters, underscores and hyphens." : null;
        if (problem is not null) throw MilvusException.InvalidParameter($"Invalid partition name: {name}. {problem}");
    }

    /// <exception cref="MilvusException">1701, or 1100 for the names of internal fields.</exception>
    public static void CheckField(string name)
    {
        CheckReserved(name);
        var problem = name.Length == 0 ? "field name should not be empty"
            : name.Length > Limits.NameLength ? $"The length of a field name must be less than {Limits.NameLength} characters."
            : !IsLetter(name[0]) && name[0] != '_' ? "The first character of a field name must be an underscore or letter."
            : !All(name, IsWord) ? "Field name can only contain numbers, letters, and underscores."
            : IsKeyword(name) ? $"{name} is keyword in milvus." : null;
        if (problem is null) return;
        var text = name.Length == 0 ? problem : $"Invalid field name: {name}. {problem}";
        throw new MilvusException(ErrorCode.FieldNameInvalid, $"{text}: field name invalid[field={name}]") { IsInputError = true };
    }

    /// <exception cref="MilvusException">1100: an internal field is to be added to a collection.</exception>
    public static void CheckAdded(string name)
    {
        if (SystemFields.Contains(name)) throw MilvusException.InvalidParameter($"not support to add system field, field name = {name}");
    }

    /// <summary>True for words of the filter language, which no field may be called.</summary>
    public static bool IsKeyword(string name) => Keywords.Contains(name) || name.Equals("null", StringComparison.OrdinalIgnoreCase);

    public static void CheckSnapshot(string name) => CheckGeneric(name.Trim(), "snapshot name");

    /// <summary>Any text that the catalogue can keep, even none.</summary>
    public static void CheckFileResource(string name)
    {
        if (name.Length > Limits.NameLength) throw RuleErrors.OutOfRange("the length of file resource name must be not greater than limit", name.Length, 0, Limits.NameLength);
        // Malformed text shows as U+FFFD.
        foreach (var rune in name.EnumerateRunes())
            if (Rune.IsControl(rune) || rune.Value is 0xFFFD or 0x10FFFF) throw MilvusException.InvalidParameter("file resource name has a character that names must not have");
    }

    /// <summary>Index names may contain brackets, for paths of struct fields.</summary>
    public static void CheckIndex(string name)
    {
        var problem = name.Length > Limits.NameLength ? $"The length of a index name must be less than {Limits.NameLength} characters."
            : name.Length == 0 || (!IsLetter(name[0]) && name[0] != '_') ? "The first character of a index name must be an underscore or letter."
            : !All(name, static c => IsWord(c) || c is '[' or ']') ? "Index name can only contain numbers, letters, and underscores." : null;
        if (problem is not null) throw MilvusException.InvalidParameter($"Invalid index name: {name}. {problem}");
    }

    public static void CheckUser(string name)
    {
        if (name.Length == 0) throw MilvusException.InvalidParameter("username must be not empty");
        if (name.Length > Limits.UserNameLength)
            throw MilvusException.InvalidParameter($"invalid username {name} with length {name.Length}, the length of username must be less than {Limits.UserNameLength}");
        if (!IsLetter(name[0]))
            throw MilvusException.InvalidParameter($"invalid user name {name}, the first character must be a letter, but got {name[0]}");
        foreach (var c in name)
            if (!IsWord(c) && c is not ('-' or '.'))
                throw MilvusException.InvalidParameter($"invalid user name {name}, username must contain only numbers, letters, underscores, dots, and hyphens, but got {c}");
    }

    public static void CheckPassword(string password)
    {
        var length = Encoding.UTF8.GetByteCount(password);
        if (length is < Limits.PasswordMinBytes or > Limits.PasswordMaxBytes)
            throw RuleErrors.OutOfRange("invalid password length", length, Limits.PasswordMinBytes, Limits.PasswordMaxBytes);
    }

    public static void CheckRole(string name) => CheckGeneric(name, "role name");

    /// <exception cref="MilvusException">1101: none given. 1100: not a name.</exception>
    public static void CheckResourceGroup(string name)
    {
        if (name.Length == 0) throw new MilvusException(ErrorCode.MissingParameter, "resource group name couldn't be empty: missing parameter") { IsInputError = true };
        var problem = name.Length > Limits.NameLength ? $"the length of a resource group name must be less than {Limits.NameLength} characters"
            : !IsLetter(name[0]) && name[0] != '_' ? "the first character of a resource group name must be an underscore or letter"
            : !All(name, IsWord) ? "resource group name can only contain numbers, letters and underscores" : null;
        if (problem is not null) throw MilvusException.InvalidParameter($"Invalid resource group name {name}. {problem}");
    }

    /// <exception cref="MilvusException">1402.</exception>
    public static void CheckPrivilegeGroup(string name)
    {
        var problem = name.Length == 0 ? "privilege group name should not be empty"
            : name.Length > Limits.NameLength ? $"the length of a privilege group name must be less than {Limits.NameLength} characters"
            : !IsLetter(name[0]) && name[0] != '_' ? "the first character of a privilege group name must be an underscore or letter"
            : null;
        if (problem is null && !All(name, IsWord))
            throw MilvusException.InvalidParameter($"privilege group name {name} can only contain numbers, letters and underscores");
        if (problem is not null)
            throw new MilvusException(ErrorCode.InvalidPrivilegeGroupName, $"{problem}: invalid privilege group name[privilegeGroup={name}]") { IsInputError = true };
    }

    public static void CheckDescription(string description, string of)
    {
        if (description.Length > Limits.DescriptionLength)
            throw RuleErrors.OutOfRange($"the length of {of} description must be not greater than limit", description.Length, 0, Limits.DescriptionLength);
    }

    private static void CheckGeneric(string name, string kind)
    {
        if (name.Length == 0) throw MilvusException.InvalidParameter($"{kind} should be not empty", "not empty", name);
        if (name.Length > Limits.NameLength)
            throw RuleErrors.OutOfRange($"the length of {kind} must be not greater than limit", name.Length, 0, Limits.NameLength);
        if (!IsLetter(name[0]) && name[0] != '_')
            throw MilvusException.InvalidParameter($"the first character of {kind} must be an underscore or letter", "_", name[0]);
        foreach (var c in name)
            if (!IsWord(c) && c != '$')
                throw MilvusException.InvalidParameter($"{kind} can only contain numbers, letters, dollars and underscores", "numbers, letters, dollars and underscores", c);
    }

    private static bool IsLetter(char c) => char.IsAsciiLetter(c);

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool All(string text, Func<char, bool> test)
    {
        foreach (var c in text)
            if (!test(c)) return false;
        return true;
    }
}
