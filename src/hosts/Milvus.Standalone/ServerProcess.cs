using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Milvus.Api.Grpc;
using Milvus.Api.Import;
using Milvus.Api.Metrics;
using Milvus.Api.Server;
using Milvus.Embedded;
using Milvus.Hosting;
using Milvus.Proxy;
using Milvus.Standalone.Settings;
using Milvus.Storage.Files;
using Milvus.Storage.Objects;

namespace Milvus.Standalone;

/// <summary>One running server: the embedded database and its listening side.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private readonly DirectoryLock _lock;
    private readonly ILoggerFactory _logging;
    private readonly EmbeddedMilvus _milvus;
    private readonly MilvusServer _server;
    private readonly ImportWorker _imports;
    private readonly ServerHealth _health;
    private readonly LocalObjectStore _files;

    private ServerProcess(DirectoryLock directory, ILoggerFactory logging, EmbeddedMilvus milvus, ImportWorker imports, MilvusServer server, ServerHealth health, LocalObjectStore files)
    {
        _files = files;
        _lock = directory;
        _logging = logging;
        _milvus = milvus;
        _imports = imports;
        _server = server;
        _health = health;
    }

    /// <summary>The bound port of gRPC and REST.</summary>
    public int Port => _server.Port;

    public int? MetricsPort => _server.MetricsPort;

    /// <summary>Locks the directory, recovers it, starts listening.</summary>
    public static async Task<ServerProcess> StartAsync(ServerSettings settings, CancellationToken cancellation = default)
    {
        // Sealing and the catalogue wait for the disk on pool threads: requests must not wait for the pool to notice, nor be so many at once that they take the
        // cores from one another.
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, 4 + (2 * Environment.ProcessorCount)), ports);
        var directory = DirectoryLock.Acquire(settings.DataDirectory);
        ILoggerFactory? logging = null;
        EmbeddedMilvus? milvus = null;
        ImportWorker? imports = null;
        MilvusServer? server = null;
        LocalObjectStore? files = null;
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            logging = ApiHost.CreateLogging(settings.LogLevel);
            files = new LocalObjectStore(settings.ImportDirectory ?? Path.Combine(settings.DataDirectory, "import"));
            milvus = await EmbeddedMilvus.OpenAsync(settings.DataDirectory, settings.Engine with { Files = files }, TimeProvider.System, logging, cancellation);
            var health = new ServerHealth();
            var work = new ImportWork(milvus.Proxy, milvus.Engine, files, TimeProvider.System, logging.CreateLogger<ImportWork>());
            imports = new ImportWorker(milvus.Proxy, work, TimeProvider.System, logging.CreateLogger<ImportWorker>());
            server = Listen(settings, milvus, files, health, logging);
            await server.StartAsync(cancellation);
            health.Ready();
            logging.CreateLogger<ServerProcess>().LogInformation("Listening after {Ms:F0} ms", TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            return new ServerProcess(directory, logging, milvus, imports, server, health, files);
        }
        catch
        {
            if (server is not null) await server.DisposeAsync();
            if (imports is not null) await imports.DisposeAsync();
            if (milvus is not null) await milvus.DisposeAsync();
            files?.Dispose();
            logging?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Runs until Ctrl-C or SIGTERM; returns the exit code.</summary>
    public static async Task<int> RunAsync(ServerSettings settings)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        await using var process = await StartAsync(settings);
        Banner.Print(settings, process.Port, process.MetricsPort);
        await stop.Task;
        Console.WriteLine("Stopping …");
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        _health.NotReady("stopping");
        await _server.DisposeAsync();
        await _imports.DisposeAsync();
        await _milvus.DisposeAsync();
        _files.Dispose();
        _logging.Dispose();
        _lock.Dispose();
    }

    private static MilvusServer Listen(ServerSettings settings, EmbeddedMilvus milvus, LocalObjectStore files, ServerHealth health, ILoggerFactory logging)
    {
        var metrics = new MetricsRegistry();
        metrics.Observe("milvus_loaded_bytes", "Memory that loaded segments have reserved.", () => milvus.Engine.Memory.UsedBytes);
        metrics.Observe("milvus_loaded_bytes_limit", "Memory that loaded segments may reserve.", () => milvus.Engine.Memory.LimitBytes);
        var parts = new ApiParts
        {
            Proxy = milvus.Proxy,
            Catalog = () => milvus.Coordinator.Catalog,
            Access = settings.Authorization ? milvus.Coordinator.Access : null,
            Health = health,
            Metrics = metrics,
            Imports = new ImportJobs(milvus.Proxy),
            Snapshots = new SnapshotService(milvus.Proxy, milvus.Engine.Snapshots, new ExternalPlaces(files)),
            RestInt64AsNumbers = settings.RestInt64AsNumbers,
        };
        // The engine in this process copies what it keeps before it acknowledges.
        var grpc = new GrpcOptions { RecyclesMessages = true };
        var options = new MilvusServerOptions { Port = settings.Port, MetricsPort = settings.MetricsPort, Address = settings.Address, Tls = settings.Tls.Options, Grpc = grpc };
        return ApiHost.Create(options, parts, TimeProvider.System, logging);
    }
}
