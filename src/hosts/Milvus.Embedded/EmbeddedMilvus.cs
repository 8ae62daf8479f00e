using Microsoft.Extensions.Logging;
using Milvus.Coordinator;
using Milvus.Coordinator.Service;
using Milvus.Proxy;
using Milvus.Proxy.Models;
using Milvus.Proxy.Writing;
using Milvus.Storage.Meta;
using Milvus.Storage.Objects;
using Milvus.Storage.Wal;
using Milvus.Text.Analyzers;

namespace Milvus.Embedded;

/// <summary>
/// Milvus as a library: coordinator, proxy and engine in this process over one directory — <c>meta.db</c> (SQLite), <c>wal/</c> (file log),
/// <c>objects/</c> (sealed segments). The directory belongs to one instance at a time; the host sees to that.
/// </summary>
public sealed class EmbeddedMilvus : IAsyncDisposable
{
    private readonly IMetaStore _meta;
    private readonly CoordinatorService _coordinator;
    private readonly HttpModelGateway? _models;
    private IDisposable? _objects;

    private EmbeddedMilvus(IMetaStore meta, CoordinatorService coordinator, EmbeddedEngine engine, IMilvusProxy proxy, HttpModelGateway? models)
    {
        _models = models;
        _meta = meta;
        _coordinator = coordinator;
        Engine = engine;
        Proxy = proxy;
    }

    public IMilvusProxy Proxy { get; }

    public CoordinatorService Coordinator => _coordinator;

    public EmbeddedEngine Engine { get; }

    /// <summary>Opens a directory, creating what is missing, and recovers what was acknowledged.</summary>
    /// <exception cref="Model.IntegrityException">The catalogue is damaged; names the file. Damage to single collections does not stop the others.</exception>
    public static async Task<EmbeddedMilvus> OpenAsync(string directory, EngineOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellation = default)
    {
        Directory.CreateDirectory(directory);
        if (options.Placement.CopyDirectory is null) options = options with { Placement = options.Placement with { CopyDirectory = Path.Combine(directory, "mmap") } };
        var objects = new LocalObjectStore(Path.Combine(directory, "objects"));
        try
        {
            var opened = await OpenAsync(
                new SqliteMetaStore(Path.Combine(directory, "meta.db")), objects, new FileWalStore(Path.Combine(directory, "wal"), options.Wal, time: time), options, time, logging, cancellation).ConfigureAwait(false);
            opened._objects = objects;
            return opened;
        }
        catch
        {
            objects.Dispose();
            throw;
        }
    }

    /// <summary>Opens over given stores. The meta store is owned from now on.</summary>
    /// <param name="models">Reaches models that embed and compare texts; null for those that the options allow, over HTTP.</param>
    public static async Task<EmbeddedMilvus> OpenAsync(
        IMetaStore meta, IObjectStore objects, IWalStore wal, EngineOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellation = default, IModelGateway? models = null)
    {
        var owned = models is null ? new HttpModelGateway(options.Models, time) : null;
        models ??= owned!;
        if (options.Analyzers is { } sources) AnalyzerSources.OfProcess = sources;
        var analyzers = new AnalyzerRegistry();
        var logger = logging.CreateLogger<EmbeddedMilvus>();
        var started = time.GetTimestamp();
        var coordinator = await CoordinatorService.StartAsync(meta, new CoordinatorOptions { QueryNodes = 1 }, time, logging.CreateLogger<CoordinatorService>(), cancellation).ConfigureAwait(false);
        logger.LogInformation("Read the catalogue of {Collections} collections in {Ms:F0} ms", coordinator.Catalog.Collections.Count(), time.GetElapsedTime(started).TotalMilliseconds);
        try
        {
            var engine = await EmbeddedEngine.StartAsync(coordinator, coordinator.Segments, objects, wal, options, time, logging.CreateLogger<EmbeddedEngine>(), cancellation, new FunctionFiller(analyzers, models)).ConfigureAwait(false);
            var proxy = new MilvusProxy(coordinator, engine, engine, time, new ProxyOptions { Models = options.Models, Files = options.Files, RetentionMs = options.TombstoneRetentionMs }, logging.CreateLogger<MilvusProxy>(),
                analyzers: analyzers, models: models);
            return new EmbeddedMilvus(meta, coordinator, engine, proxy, owned);
        }
        catch
        {
            await coordinator.DisposeAsync().ConfigureAwait(false);
            owned?.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync().ConfigureAwait(false);
        await _coordinator.DisposeAsync().ConfigureAwait(false);
        await _meta.DisposeAsync().ConfigureAwait(false);
        _models?.Dispose();
        _objects?.Dispose();
    }
}
