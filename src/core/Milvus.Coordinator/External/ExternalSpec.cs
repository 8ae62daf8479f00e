using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Coordinator.External;

/// <summary>How external files are read: <c>{"format": …, "columns": […], "extfs": {…}}</c>. Credentials are checked as Milvus checks them.</summary>
/// <param name="Format">parquet, or json or csv, which Milvus does not have.</param>
/// <param name="Access">What the file system is told: cloud_provider, region, access_key_id …</param>
public sealed record ExternalSpec(string Format, ImmutableSortedDictionary<string, string> Access)
{
    private const string Hidden = "***";

    private static readonly FrozenSet<string> s_unreadable = FrozenSet.Create(StringComparer.Ordinal, "lance-table", "vortex", "iceberg-table", "milvus-table");

    private static readonly ImmutableArray<string> s_formats = ["csv", "json", "parquet"];

    private static readonly ImmutableArray<string> s_keys =
    [
        "access_key_id", "access_key_value", "anonymous", "bucket_name", "cloud_provider", "external_id", "gcp_target_service_account", "iam_endpoint", "load_frequency",
        "region", "role_arn", "session_name", "ssl_ca_cert", "storage_type", "use_iam", "use_ssl", "use_virtual_host",
    ];

    private static readonly FrozenSet<string> s_flags = FrozenSet.Create(StringComparer.Ordinal, "use_iam", "use_ssl", "use_virtual_host", "anonymous");

    private static readonly FrozenSet<string> s_secrets = FrozenSet.Create(StringComparer.Ordinal, "access_key_id", "access_key_value", "ssl_ca_cert", "external_id");

    private static readonly ImmutableArray<string> s_providers = ["aws", "gcp", "aliyun", "tencent", "huawei", "azure", "minio"];

    /// <summary>The source and the way to read it, both checked.</summary>
    /// <exception cref="MilvusException">1100, or 1101 for something that is missing.</exception>
    public static (ExternalSource Source, ExternalSpec Spec) Check(string source, string spec)
    {
        // What is wrong with the source is told first.
        ExternalSource.CheckScheme(source);
        var parsed = Parse(spec);
        var place = ExternalSource.Parse(source, parsed.Value("cloud_provider"));
        parsed.CheckAccess(place);
        return (place, parsed);
    }

    /// <exception cref="MilvusException">1100: not such JSON, or a format that this server cannot read.</exception>
    public static ExternalSpec Parse(string text)
    {
        if (text.Length == 0) return new ExternalSpec("parquet", ImmutableSortedDictionary<string, string>.Empty);
        JsonElement spec;
        try
        {
            spec = JsonElement.Parse(text);
        }
        catch (JsonException e)
        {
            throw Invalid($"invalid external spec JSON: {e.Message}");
        }
        if (spec.ValueKind != JsonValueKind.Object) throw Invalid("invalid external spec JSON: not an object");
        var format = spec.TryGetProperty("format", out var given) ? Text(given, "format") : "";
        if (format.Length == 0) format = "parquet";
        if (s_unreadable.Contains(format)) throw Invalid($"format \"{format}\" cannot be read by this server, formats that can: {string.Join(", ", s_formats)}");
        if (!s_formats.Contains(format)) throw Invalid($"unsupported format \"{format}\", supported formats: {string.Join(", ", s_formats)}");
        var access = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (spec.TryGetProperty("extfs", out var extfs) && extfs.ValueKind != JsonValueKind.Null)
        {
            if (extfs.ValueKind != JsonValueKind.Object) throw Invalid("invalid external spec JSON: extfs is not an object");
            foreach (var member in extfs.EnumerateObject())
            {
                if (!s_keys.Contains(member.Name)) throw Invalid($"extfs key \"{member.Name}\" is not allowed; allowed keys: {string.Join(", ", s_keys)}");
                var value = Text(member.Value, $"extfs.{member.Name}");
                if (s_flags.Contains(member.Name) && value is not ("true" or "false")) throw Invalid($"extfs key \"{member.Name}\" must be \"true\" or \"false\", got \"{value}\"");
                access[member.Name] = value;
            }
        }
        return new ExternalSpec(format, access.ToImmutable());
    }

    /// <summary>The text as clients may see it: credentials are hidden.</summary>
    public static string Shown(string text)
    {
        if (text.Length == 0) return "";
        try
        {
            var spec = JsonElement.Parse(text);
            if (spec.ValueKind != JsonValueKind.Object) return "<invalid spec>";
            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                foreach (var member in spec.EnumerateObject())
                {
                    if (member.Name == "extfs" && member.Value.ValueKind == JsonValueKind.Object) WriteAccess(json, member.Value);
                    else member.WriteTo(json);
                }
                json.WriteEndObject();
            }
            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (JsonException)
        {
            return "<invalid spec>";
        }
    }

    private static void WriteAccess(Utf8JsonWriter json, JsonElement extfs)
    {
        json.WriteStartObject("extfs");
        foreach (var member in extfs.EnumerateObject())
        {
            var isEmpty = member.Value.ValueKind == JsonValueKind.String && member.Value.ValueEquals("");
            if (s_secrets.Contains(member.Name) && !isEmpty) json.WriteString(member.Name, Hidden);
            else member.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private string Value(string key) => Access.GetValueOrDefault(key, "");

    private bool Has(string key) => Value(key).Length > 0;

    private void CheckAccess(ExternalSource source)
    {
        var provider = Value("cloud_provider");
        if (provider != provider.ToLowerInvariant()) throw Invalid($"extfs.cloud_provider=\"{provider}\" must use the canonical lowercase value \"{provider.ToLowerInvariant()}\"");
        if (source.Scheme == "minio" && provider.Length == 0) provider = "minio";
        if (provider.Length == 0)
        {
            throw Missing(
                $"extfs.cloud_provider is required: one of [{string.Join(", ", s_providers)}]; inferring from URI scheme is ambiguous (e.g. s3:// matches both AWS S3 and self-hosted MinIO)");
        }
        if (!s_providers.Contains(provider)) throw Invalid($"extfs.cloud_provider=\"{provider}\" is not supported: must be one of [{string.Join(", ", s_providers)}]");
        if (source.Scheme == "minio" && provider != "minio") throw Invalid($"scheme=minio requires extfs.cloud_provider=\"minio\", got \"{provider}\"");
        CheckCredentials();
        if (source.Scheme is "s3" or "s3a" or "aws" && !Has("region"))
            throw Missing($"extfs.region is required for scheme \"{source.Scheme}\" (AWS-family schemes need region for SigV4 signing)");
        if (source.Scheme == "azure" && provider != "azure") throw Invalid($"scheme=azure requires extfs.cloud_provider=\"azure\", got \"{provider}\"");
        if (provider == "azure" && source.Scheme != "azure") throw Invalid($"extfs.cloud_provider=azure requires scheme=azure, got scheme=\"{source.Scheme}\"");
    }

    private void CheckCredentials()
    {
        if (Has("access_key_id") != Has("access_key_value")) throw Missing("extfs.access_key_id and extfs.access_key_value must be set together (found one without the other)");
        var modes = new[]
        {
            Has("access_key_id"), Has("role_arn"), Value("use_iam") == "true" && !Has("role_arn"), Has("gcp_target_service_account"), Value("anonymous") == "true",
        }.Count(m => m);
        if (modes == 0)
            throw Invalid("extfs credential mode missing: set exactly one of {access_key_id+access_key_value}, role_arn, use_iam=true, gcp_target_service_account, or anonymous=true");
        if (modes > 1)
            throw Invalid("extfs credential modes are mutually exclusive: set exactly one of AK/SK, role_arn, use_iam=true, gcp_target_service_account, or anonymous=true");
    }

    private static string Text(JsonElement value, string name) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Null => "",
        _ => throw Invalid($"invalid external spec JSON: {name} is not a string"),
    };

    private static MilvusException Invalid(string problem) => MilvusException.InvalidParameter($"external_spec is invalid: {problem}");

    private static MilvusException Missing(string problem) => new(ErrorCode.MissingParameter, $"external_spec is invalid: {problem}: missing parameter") { IsInputError = true };
}
