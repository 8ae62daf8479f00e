using System.Security.Cryptography;

namespace Milvus.TestKit.S3.Buckets;

/// <summary>A stored object; never changed, only replaced.</summary>
internal sealed record S3Object(byte[] Content, string Tag, IReadOnlyDictionary<string, string> Metadata)
{
    public static S3Object Of(byte[] content, IReadOnlyDictionary<string, string> metadata) =>
        new(content, Convert.ToHexStringLower(MD5.HashData(content)), metadata);

    public static S3Object OfParts(IReadOnlyList<byte[]> parts, IReadOnlyDictionary<string, string> metadata) =>
        new([.. parts.SelectMany(p => p)], $"{Convert.ToHexStringLower(MD5.HashData([.. parts.SelectMany(p => MD5.HashData(p))]))}-{parts.Count}", metadata);
}

/// <summary>An upload in parts that is neither complete nor aborted.</summary>
internal sealed class S3Upload(string key, IReadOnlyDictionary<string, string> metadata)
{
    public string Key { get; } = key;

    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata;

    public SortedDictionary<int, byte[]> Parts { get; } = [];
}

/// <summary>One bucket; its user locks it.</summary>
internal sealed class S3Bucket
{
    public SortedDictionary<string, S3Object> Objects { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, S3Upload> Uploads { get; } = new(StringComparer.Ordinal);
}
