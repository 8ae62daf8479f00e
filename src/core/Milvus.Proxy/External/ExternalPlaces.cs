using System.Collections.Immutable;
using Milvus.Coordinator.External;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Proxy;

/// <summary>
/// What addresses of external files and of exported snapshots mean. They name buckets of any server; what is used is the directory of that name below the import
/// directory, or on a cluster the bucket of the segments, so that no client makes this server talk to somebody else.
/// </summary>
/// <param name="store">Where the places are.</param>
/// <param name="bucket">The bucket that the store is; null when every bucket is a directory of it.</param>
/// <param name="own">Beginnings of the keys of the server's own objects, where it keeps them there too.</param>
public sealed class ExternalPlaces(IObjectStore store, string? bucket = null, ImmutableArray<string> own = default)
{
    public IObjectStore Store => store;

    /// <summary>True when a bucket is just a directory, which may not be there.</summary>
    public bool HasManyBuckets => bucket is null;

    /// <summary>The beginning of the keys at a source, without a slash at its end.</summary>
    /// <exception cref="MilvusException">1100: there is no such bucket, or no such place in it.</exception>
    public string Locate(ExternalSource source)
    {
        if (bucket is not null && source.Bucket != bucket) throw MilvusException.InvalidParameter($"no such bucket: {source.Bucket} is not the bucket of this server's object storage");
        var path = bucket is not null ? source.Path : source.Path.Length == 0 ? source.Bucket : $"{source.Bucket}/{source.Path}";
        if (path.Length > 0 && !ObjectKeys.IsValid(path)) throw MilvusException.InvalidParameter($"{source.Bucket}/{source.Path} is no place in the object storage");
        return path;
    }

    /// <summary>Refuses places between the server's own objects.</summary>
    /// <exception cref="MilvusException">1100.</exception>
    public void CheckWritable(string path)
    {
        if (!own.IsDefault && own.Any(root => $"{path}/".StartsWith(root, StringComparison.Ordinal))) throw MilvusException.InvalidParameter($"{path} lies between the server's own objects");
    }
}
