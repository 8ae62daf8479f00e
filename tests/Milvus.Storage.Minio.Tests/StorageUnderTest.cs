using Milvus.TestKit.S3;

namespace Milvus.Storage.Minio.Tests;

/// <summary>
/// The server that the specification runs against: ours, or with <c>MILVUS_TEST_S3</c> set to "url key secret" a real one, in a bucket that
/// is left behind and a prefix of its own.
/// </summary>
internal static class StorageUnderTest
{
    private static readonly string[]? s_real = Environment.GetEnvironmentVariable("MILVUS_TEST_S3") is { Length: > 0 } value
        ? value.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        : null;

    private static readonly Lazy<Task<S3Server>> s_ours = new(() => S3Server.StartAsync());

    public static async Task<MinioObjectStoreOptions> NewOptionsAsync()
    {
        var prefix = $"test-{Guid.NewGuid():N}";
        if (s_real is [var url, var key, var secret])
            return new MinioObjectStoreOptions(url, "milvus-test", key, secret) { KeyPrefix = prefix };
        if (s_real is not null)
            throw new InvalidOperationException("MILVUS_TEST_S3 must be 'url key secret'");
        return OptionsFor(await s_ours.Value) with { KeyPrefix = prefix };
    }

    public static MinioObjectStoreOptions OptionsFor(S3Server server) => new(server.Url, "milvus-test", server.AccessKey, server.SecretKey);
}
