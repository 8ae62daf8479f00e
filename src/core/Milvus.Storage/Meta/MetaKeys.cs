namespace Milvus.Storage.Meta;

/// <summary>
/// The rule for meta keys: 1 to <see cref="MaxLength"/> characters of well-formed text without control characters. By habit parts
/// are joined by '/', and numbers inside are padded where their order matters.
/// </summary>
public static class MetaKeys
{
    public const int MaxLength = 1024;

    /// <exception cref="ArgumentException">The key breaks the rule.</exception>
    public static void Validate(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length is 0 or > MaxLength)
            throw new ArgumentException($"a meta key has 1 to {MaxLength} characters, not {key.Length}", nameof(key));
        foreach (var rune in key.EnumerateRunes())
        {
            // EnumerateRunes replaces a lone surrogate, so that U+FFFD stands for malformed text as well as for itself.
            if (rune.Value is < 0x20 or 0x7F or 0xFFFD or 0x10FFFF)
                throw new ArgumentException($"meta key '{key}' contains a character that keys must not have", nameof(key));
        }
    }

    /// <summary>Like <see cref="Validate"/>, but the empty prefix, which means everything, is allowed.</summary>
    /// <exception cref="ArgumentException">The prefix breaks the rule.</exception>
    public static void ValidatePrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length != 0)
            Validate(prefix);
    }
}
