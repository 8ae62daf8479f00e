using Milvus.Model;

namespace Milvus.Storage.Objects;

/// <summary>An object that something refers to is not there.</summary>
public sealed class ObjectNotFoundException : IntegrityException
{
    /// <param name="key">The key that was asked for.</param>
    /// <param name="location">Where the store looked: a file path or a bucket URL; null when it has no place to name.</param>
    /// <param name="inner">The medium's own error.</param>
    public ObjectNotFoundException(string key, string? location = null, Exception? inner = null)
        : base(key, location is null ? "object not found" : $"object not found at {location}", inner)
    {
        Key = key;
        Location = location;
    }

    public string Key { get; }

    public string? Location { get; }
}
