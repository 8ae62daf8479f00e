using Microsoft.Extensions.Logging;
using Milvus.Hosting.Settings;
using Milvus.Storage.Files;
using Milvus.Storage.Meta;
using Milvus.Storage.Minio;
using Milvus.Storage.Objects;
using Milvus.Storage.Postgres;

namespace Milvus.Actors.Hosting;

/// <summary>The stores a node works with, opened from its settings.</summary>
internal sealed class NodeStores : IAsyncDisposable
{
    private readonly DirectoryLock _lock;

    private NodeStores(DirectoryLock directory, IMetaStore meta, IObjectStore objects, string? bucket)
    {
        Bucket = bucket;
        _lock = directory;
        Meta = meta;
        Objects = objects;
    }

    public IMetaStore Meta { get; }

    public IObjectStore Objects { get; }

    /// <summary>The bucket that the objects are in; null when they are in a directory.</summary>
    public string? Bucket { get; }

    /// <summary>Locks the node's directory and connects; waits for a database that is not there yet until cancelled.</summary>
    public static async Task<NodeStores> OpenAsync(NodeSettings settings, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        var directory = DirectoryLock.Acquire(settings.DataDirectory);
        try
        {
            var meta = await OpenMetaAsync(settings, time, logger, cancellation).ConfigureAwait(false);
            var (objects, bucket) = await OpenObjectsAsync(settings, cancellation).ConfigureAwait(false);
            return new NodeStores(directory, meta, objects, bucket);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Meta.DisposeAsync().ConfigureAwait(false);
        (Objects as IDisposable)?.Dispose();
        _lock.Dispose();
    }

    private static async Task<IMetaStore> OpenMetaAsync(NodeSettings settings, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        if (settings.Database is not { } database) return new SqliteMetaStore(Path.Combine(settings.DataDirectory, "meta.db"));
        while (true)
        {
            try
            {
                return await PostgresMetaStore.OpenAsync(new PostgresMetaStoreOptions(NodeDatabase.ConnectionString(database)), cancellation).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                // Nodes and database often start together.
                logger.LogWarning("The database does not answer yet: {Reason}", e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static async Task<(IObjectStore Objects, string? Bucket)> OpenObjectsAsync(NodeSettings settings, CancellationToken cancellation)
    {
        var target = settings.ObjectStorage ?? Path.Combine(settings.DataDirectory, "objects");
        if (!Uri.TryCreate(target, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")) return (new LocalObjectStore(target), null);
        var bucket = url.AbsolutePath.Trim('/');
        if (bucket.Length == 0) throw new SettingsException($"--object-storage {target}: the URL names no bucket");
        try
        {
            var options = new MinioObjectStoreOptions(url.GetLeftPart(UriPartial.Authority), bucket, settings.ObjectStorageAccessKey, settings.ObjectStorageSecretKey)
            {
                Region = settings.ObjectStorageRegion,
                SpoolDirectory = Path.Combine(settings.DataDirectory, "spool"),
            };
            Directory.CreateDirectory(options.SpoolDirectory);
            return (await MinioObjectStore.OpenAsync(options, cancellationToken: cancellation).ConfigureAwait(false), bucket);
        }
        catch (ArgumentException e)
        {
            throw new SettingsException($"--object-storage {target}: {e.Message}");
        }
    }
}
