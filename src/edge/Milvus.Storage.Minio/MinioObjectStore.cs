using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Milvus.Storage.Minio.Reading;
using Milvus.Storage.Minio.Requests;
using Milvus.Storage.Minio.Uploads;
using Milvus.Storage.Objects;
using Minio;
using Minio.DataModel.Args;

namespace Milvus.Storage.Minio;

/// <summary>
/// Objects in a bucket of MinIO or another S3 server, addressed by path. Requests that fail for a passing reason are repeated with growing
/// pauses; what then still fails is an <see cref="IOException"/> that names the bucket and key.
/// </summary>
/// <remarks>
/// Connects on first use and creates the bucket when it is missing. An object being written waits in memory or in a temporary file until its
/// length is known.
/// </remarks>
public sealed class MinioObjectStore : IObjectStore, IDisposable
{
    private const int SpoolMemoryBytes = 4 << 20;
    private const int SignatureSeconds = 3600;

    private readonly MinioObjectStoreOptions _options;
    private readonly HttpClient _http;
    private readonly IMinioClient _client;
    private readonly Uploader _uploader;
    private readonly SemaphoreSlim _gate = new(1);
    private volatile bool _hasBucket;

    /// <summary>Does not connect yet.</summary>
    public MinioObjectStore(MinioObjectStoreOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        var sockets = new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            // So that a change of the name's addresses is noticed.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            UseCookies = false,
        };
        _http = new HttpClient(new PatientHandler(sockets, options.MaxAttempts, options.RequestTimeout, time ?? TimeProvider.System));
        _client = new MinioClient()
            .WithEndpoint(options.Endpoint)
            .WithSSL(options.Endpoint.Scheme == "https")
            .WithRegion(options.Region)
            .WithCredentials(options.AccessKey, options.SecretKey)
            .WithSessionToken(options.SessionToken)
            .WithHttpClient(_http)
            .Build();
        _uploader = new Uploader(_client, options.Bucket);
    }

    /// <summary>Connects at once, so that a wrong setting is told at start.</summary>
    /// <exception cref="IOException">The storage cannot be reached, refuses, or the bucket cannot be created.</exception>
    public static async Task<MinioObjectStore> OpenAsync(MinioObjectStoreOptions options, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        var store = new MinioObjectStore(options, time);
        try
        {
            await store.RunAsync("", _ => Task.FromResult(true), cancellationToken).ConfigureAwait(false);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        ArgumentNullException.ThrowIfNull(write);
        var spool = new Spool(_options.SpoolDirectory, SpoolMemoryBytes);
        await using (spool.ConfigureAwait(false))
        {
            var stream = new ForwardOnlyStream(spool);
            await using (stream.ConfigureAwait(false))
                await write(stream, cancellationToken).ConfigureAwait(false);
            await PutAsync(key, spool.ToContent(), cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        using var stream = MemoryMarshal.TryGetArray(content, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(content.ToArray(), writable: false);
        await PutAsync(key, stream, cancellationToken).ConfigureAwait(false);
    }

    public async Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (length is { } bytes)
            ArgumentOutOfRangeException.ThrowIfNegative(bytes, nameof(length));
        var reader = new RangeReader(_http, () => SignAsync(key), key, PlaceOf(key));
        // An empty range cannot be asked for; whether the object exists can.
        var response = await reader.OpenAsync(offset, length is 0 ? 1 : length, cancellationToken).ConfigureAwait(false);
        if (response is not null && length is not 0)
            return new ObjectReadStream(reader, response, _options.RequestTimeout, _options.MaxAttempts);
        response?.Dispose();
        return new MemoryStream([], writable: false);
    }

    public async Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        try
        {
            return await RunAsync(key, async token =>
                (long?)(await _client.StatObjectAsync(new StatObjectArgs().WithBucket(_options.Bucket).WithObject(NameOf(key)), token).ConfigureAwait(false)).Size,
                cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is global::Minio.Exceptions.ObjectNotFoundException)
        {
            return null;
        }
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectKeys.ValidatePrefix(prefix);
        await RunAsync(prefix, _ => Task.FromResult(true), cancellationToken).ConfigureAwait(false);
        var arguments = new ListObjectsArgs().WithBucket(_options.Bucket).WithPrefix(NameOf(prefix)).WithRecursive(true);
        var items = _client.ListObjectsEnumAsync(arguments, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (items.ConfigureAwait(false))
        {
            while (await RunAsync(prefix, async _ => await items.MoveNextAsync().ConfigureAwait(false), cancellationToken).ConfigureAwait(false))
            {
                // A server that does not encode the names in its answer makes the client take a plus for a blank, which no key contains.
                var name = items.Current.Key.Replace(' ', '+');
                if (!items.Current.IsDir && name.StartsWith(_options.KeyPrefix, StringComparison.Ordinal) && ObjectKeys.IsValid(name.AsSpan(_options.KeyPrefix.Length)))
                    yield return new ObjectInfo(name[_options.KeyPrefix.Length..], (long)items.Current.Size);
            }
        }
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        return RunAsync(key, async token =>
        {
            await _client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_options.Bucket).WithObject(NameOf(key)), token).ConfigureAwait(false);
            return true;
        }, cancellationToken);
    }

    public string? TryGetLocalPath(string key)
    {
        ObjectKeys.Validate(key);
        return null;
    }

    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
    }

    private Task PutAsync(string key, Stream content, CancellationToken cancellationToken) =>
        RunAsync(key, async token =>
        {
            await _uploader.PutAsync(NameOf(key), content, token).ConfigureAwait(false);
            return true;
        }, cancellationToken);

    private async Task<T> RunAsync<T>(string key, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (!_hasBucket)
                await EnsureBucketAsync(cancellationToken).ConfigureAwait(false);
            return await work(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw StorageErrors.Translate(e, PlaceOf(key));
        }
    }

    private async Task EnsureBucketAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_hasBucket)
                return;
            var exists = new BucketExistsArgs().WithBucket(_options.Bucket);
            if (!await _client.BucketExistsAsync(exists, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    // Without a location the client would forget the region it was given.
                    await _client.MakeBucketAsync(new MakeBucketArgs().WithBucket(_options.Bucket).WithLocation(_options.Region), cancellationToken).ConfigureAwait(false);
                }
                catch (Exception) when (!cancellationToken.IsCancellationRequested)
                {
                    // Another node may have been faster.
                    if (!await _client.BucketExistsAsync(exists, cancellationToken).ConfigureAwait(false))
                        throw;
                }
            }
            _hasBucket = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    private Task<string> SignAsync(string key) =>
        _client.PresignedGetObjectAsync(new PresignedGetObjectArgs().WithBucket(_options.Bucket).WithObject(NameOf(key)).WithExpiry(SignatureSeconds));

    private string NameOf(string key) => _options.KeyPrefix + key;

    private string PlaceOf(string key) => $"{_options.Endpoint}{_options.Bucket}/{NameOf(key)}";
}
