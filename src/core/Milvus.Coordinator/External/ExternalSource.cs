using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.External;

/// <summary>
/// Where external files are: <c>scheme://bucket/path</c>, or with the server's address in front, <c>scheme://endpoint/bucket/path</c>, as Milvus writes it.
/// </summary>
/// <param name="Bucket">Never empty.</param>
/// <param name="Path">Without slashes at its ends; empty for the whole bucket.</param>
public sealed record ExternalSource(string Scheme, string Endpoint, string Bucket, string Path)
{
    private static readonly ImmutableArray<string> s_schemes = ["aws", "azure", "cos", "gcs", "gs", "minio", "obs", "oss", "s3", "s3a"];

    private static readonly ImmutableArray<string> s_clouds =
    [
        ".amazonaws.com", ".amazonaws.com.cn", ".googleapis.com", ".aliyuncs.com", ".myqcloud.com", ".myhuaweicloud.com",
        ".core.windows.net", ".core.chinacloudapi.cn", ".core.usgovcloudapi.net", ".core.cloudapi.de",
    ];

    /// <param name="provider">Who runs the storage; on one of one's own ("minio") the server's address always comes first.</param>
    /// <exception cref="MilvusException">1100.</exception>
    public static ExternalSource Parse(string text, string provider)
    {
        var (scheme, host, tail) = Split(text);
        var path = tail.Trim('/');
        return provider == "minio" || IsEndpoint(scheme, host) ? OfEndpoint(scheme, host, path) : new ExternalSource(scheme, "", host, path);
    }

    /// <summary>Checks what can be told without knowing who runs the storage.</summary>
    /// <exception cref="MilvusException">1100.</exception>
    public static void CheckScheme(string text) => Split(text);

    private static (string Scheme, string Host, string Tail) Split(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) throw Invalid("external_source is empty");
        var colon = text.IndexOf("://", StringComparison.Ordinal);
        if (colon <= 0) throw Invalid("external_source must have an explicit scheme (e.g. s3://, aws://, gs://)");
        var scheme = text[..colon].ToLowerInvariant();
        if (!s_schemes.Contains(scheme)) throw Invalid($"external_source scheme \"{scheme}\" is not allowed; allowed schemes: {string.Join(", ", s_schemes)}");
        var rest = text[(colon + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? rest : rest[..slash];
        if (host.Contains('@', StringComparison.Ordinal))
            throw Invalid("external_source must not embed credentials in the URL (use extfs.access_key_id / extfs.access_key_value instead)");
        if (rest.AsSpan().IndexOfAny('?', '#') >= 0) throw Invalid("external_source must not have a query or a fragment");
        if (host.Length == 0) throw Invalid("external_source must have a non-empty host (e.g. s3://bucket/key, s3://endpoint/bucket/key, or minio://endpoint/bucket/key)");
        return (scheme, host, slash < 0 ? "" : rest[slash..]);
    }

    private static ExternalSource OfEndpoint(string scheme, string host, string path)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var bucket = slash < 0 ? path : path[..slash];
        if (bucket.Length == 0) throw Invalid("external_source names a server but no bucket: scheme://<endpoint>/<bucket>/<key>");
        return new ExternalSource(scheme, host, bucket, slash < 0 ? "" : path[(slash + 1)..].Trim('/'));
    }

    // A port or one of the clouds' own names; no bucket has either.
    private static bool IsEndpoint(string scheme, string host) =>
        scheme == "minio" || host.Contains(':', StringComparison.Ordinal) || host == "localhost"
        || s_clouds.Any(c => host.EndsWith(c, StringComparison.OrdinalIgnoreCase)) || System.Net.IPAddress.TryParse(host, out _);

    private static MilvusException Invalid(string problem) => MilvusException.InvalidParameter($"external_source is invalid: {problem}");
}
