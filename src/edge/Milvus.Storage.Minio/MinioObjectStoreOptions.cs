using System.Text;
using System.Text.RegularExpressions;
using Milvus.Storage.Objects;
using Milvus.Storage.Options;

namespace Milvus.Storage.Minio;

/// <summary>Which bucket of which MinIO (or other S3) server, and how patiently it is asked. Its text never shows the secret.</summary>
public sealed partial record MinioObjectStoreOptions
{
    public const string DefaultRegion = "us-east-1";
    public const int MaxPrefixLength = 200;

    private readonly string _keyPrefix = "";
    private readonly string _region = DefaultRegion;
    private readonly string _spoolDirectory = Path.GetTempPath();
    private readonly int _maxAttempts = 5;
    private readonly TimeSpan _requestTimeout = TimeSpan.FromSeconds(60);
    private readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(5);

    /// <param name="endpoint">Such as <c>http://minio:9000</c>; the scheme decides about TLS. No path, no user, no query.</param>
    /// <param name="bucket">3 to 63 lower-case letters, digits, dots and hyphens. Created when missing.</param>
    /// <exception cref="ArgumentException">A part cannot be what it should be.</exception>
    public MinioObjectStoreOptions(string endpoint, string bucket, string accessKey, string secretKey)
    {
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.PathAndQuery != "/" || url.UserInfo.Length != 0)
            throw new ArgumentException("the address of the object storage must be a URL such as http://minio:9000, without path, user or query", nameof(endpoint));
        if (!BucketName().IsMatch(bucket) || bucket.Contains("..", StringComparison.Ordinal))
            throw new ArgumentException($"'{bucket}' cannot be a bucket: 3 to 63 lower-case letters, digits, dots and hyphens", nameof(bucket));
        ArgumentException.ThrowIfNullOrEmpty(accessKey);
        ArgumentException.ThrowIfNullOrEmpty(secretKey);
        Endpoint = url;
        Bucket = bucket;
        AccessKey = accessKey;
        SecretKey = secretKey;
    }

    public Uri Endpoint { get; }

    public string Bucket { get; }

    public string AccessKey { get; }

    public string SecretKey { get; }

    /// <summary>For temporary credentials; null otherwise.</summary>
    public string? SessionToken { get; init; }

    public string Region
    {
        get => _region;
        init
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            _region = value;
        }
    }

    /// <summary>What stands before every key in the bucket, with its closing '/' added when it lacks one; empty for nothing.</summary>
    public string KeyPrefix
    {
        get => _keyPrefix;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            var prefix = value.TrimEnd('/');
            if (prefix.Length > MaxPrefixLength || (prefix.Length != 0 && !ObjectKeys.IsValid(prefix)))
                throw new ArgumentException($"'{value}' cannot stand before object keys: at most {MaxPrefixLength} characters that a key may have", nameof(value));
            _keyPrefix = prefix.Length == 0 ? "" : prefix + "/";
        }
    }

    /// <summary>Where objects larger than a few MiB wait to be sent while they are being written; exists and has room for a few of the largest.</summary>
    public string SpoolDirectory
    {
        get => _spoolDirectory;
        init
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            _spoolDirectory = value;
        }
    }

    /// <summary>How often one request is sent at most, 1 to 10; with growing pauses between, some seconds in all.</summary>
    public int MaxAttempts
    {
        get => _maxAttempts;
        init => _maxAttempts = OptionRange.Within(value, 1, 10, nameof(MaxAttempts));
    }

    /// <summary>How long one attempt may take until the answer begins, and every piece of it to arrive; 0.1 to 600 s. A part of 16 MiB must fit into it.</summary>
    public TimeSpan RequestTimeout
    {
        get => _requestTimeout;
        init => _requestTimeout = OptionRange.Seconds(value, 0.1, 600, nameof(RequestTimeout));
    }

    /// <summary>How long connecting may take; 0.1 to 600 s.</summary>
    public TimeSpan ConnectTimeout
    {
        get => _connectTimeout;
        init => _connectTimeout = OptionRange.Seconds(value, 0.1, 600, nameof(ConnectTimeout));
    }

    private bool PrintMembers(StringBuilder text)
    {
        text.Append($"{Endpoint}{Bucket}/{KeyPrefix}, {nameof(Region)} = {Region}");
        return true;
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    private static partial Regex BucketName();
}
