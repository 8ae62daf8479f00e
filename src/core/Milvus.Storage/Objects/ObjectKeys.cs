using System.Buffers;

namespace Milvus.Storage.Objects;

/// <summary>
/// The rule for object keys: one or more non-empty parts joined by '/', each of ASCII letters, digits and <c>. _ - = +</c>, none
/// starting or ending with a dot, at most <see cref="MaxLength"/> characters. So every key is a safe relative path on every
/// file system and a valid S3 key, and ordinal order equals byte order.
/// </summary>
public static class ObjectKeys
{
    public const int MaxLength = 768;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-=+/");

    public static bool IsValid(ReadOnlySpan<char> key)
    {
        if (key.Length is 0 or > MaxLength || key.ContainsAnyExcept(Allowed))
            return false;
        foreach (var range in key.Split('/'))
        {
            var part = key[range];
            if (part.Length is 0 or > 200 || part[0] == '.' || part[^1] == '.')
                return false;
        }
        return true;
    }

    /// <exception cref="ArgumentException">The key breaks the rule.</exception>
    public static void Validate(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!IsValid(key))
            throw new ArgumentException($"'{key}' is not a valid object key", nameof(key));
    }

    /// <summary>A prefix is empty or the beginning of some valid key.</summary>
    /// <exception cref="ArgumentException">No valid key starts like this.</exception>
    public static void ValidatePrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length != 0 && !IsValid(string.Concat(prefix, "x")))
            throw new ArgumentException($"'{prefix}' is not a prefix of any valid object key", nameof(prefix));
    }
}
