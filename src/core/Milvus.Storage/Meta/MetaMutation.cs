namespace Milvus.Storage.Meta;

public enum MetaMutationKind
{
    Put = 1,
    Delete = 2,
    DeletePrefix = 3,
}

/// <summary>One change inside a commit.</summary>
public sealed record MetaMutation
{
    private MetaMutation(MetaMutationKind kind, string key, ReadOnlyMemory<byte> value)
    {
        Kind = kind;
        Key = key;
        Value = value;
    }

    public MetaMutationKind Kind { get; }

    /// <summary>The key, or the prefix for <see cref="MetaMutationKind.DeletePrefix"/>.</summary>
    public string Key { get; }

    /// <summary>The new value of a put; must not change until the commit has completed.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>Sets <paramref name="key"/>, new or not.</summary>
    /// <exception cref="ArgumentException">The key breaks <see cref="MetaKeys"/>' rule.</exception>
    public static MetaMutation Put(string key, ReadOnlyMemory<byte> value)
    {
        MetaKeys.Validate(key);
        return new(MetaMutationKind.Put, key, value);
    }

    /// <summary>Removes <paramref name="key"/>; no error when it does not exist.</summary>
    /// <exception cref="ArgumentException">The key breaks <see cref="MetaKeys"/>' rule.</exception>
    public static MetaMutation Delete(string key)
    {
        MetaKeys.Validate(key);
        return new(MetaMutationKind.Delete, key, default);
    }

    /// <summary>Removes every key that starts with <paramref name="prefix"/>, which must not be empty.</summary>
    /// <exception cref="ArgumentException">The prefix breaks <see cref="MetaKeys"/>' rule.</exception>
    public static MetaMutation DeletePrefix(string prefix)
    {
        MetaKeys.Validate(prefix);
        return new(MetaMutationKind.DeletePrefix, prefix, default);
    }
}
