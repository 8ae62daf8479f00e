using System.Net;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.Singleton;
using Akka.Hosting;
using Akka.Persistence.Sql.Hosting;
using Akka.Remote.Hosting;
using LinqToDB;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Node;
using Milvus.Actors.Rpc;
using Milvus.Actors.Serialization;
using Milvus.Actors.Time;
using Milvus.Api.Metrics;
using Milvus.Api.Server;
using Milvus.Embedded.Collections;
using Milvus.Hosting;
using Milvus.Text.Analyzers;

namespace Milvus.Actors.Hosting;

/// <summary>
/// One node of the cluster, put together from its settings: stores, actor system, the regions and singletons of its roles, and the ports that
/// clients and probes use. Disposing it leaves the cluster in order: no new requests, shards handed over, then gone.
/// </summary>
public sealed class ClusterNode : IAsyncDisposable
{
    /// <summary>Long enough for a busy client to use each of its connections once more.</summary>
    private static readonly TimeSpan s_drainTime = TimeSpan.FromSeconds(2);

    private readonly NodeStores _stores;
    private readonly ILoggerFactory _logging;
    private readonly IHost _host;
    private readonly NodeServices _services;
    private readonly NodeParts _parts;
    private readonly MilvusServer _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly Readiness _readiness;
    private Task _watch = Task.CompletedTask;

    private ClusterNode(NodeStores stores, ILoggerFactory logging, IHost host, NodeServices services, NodeParts parts, MilvusServer server, Readiness readiness)
    {
        _stores = stores;
        _logging = logging;
        _host = host;
        _services = services;
        _parts = parts;
        _server = server;
        _readiness = readiness;
    }

    public Address Address => _services.Rpc.Self;

    /// <summary>Port of gRPC and REST; null on nodes that are no proxy.</summary>
    public int? Port => _services.Roles.Contains(NodeRoles.Proxy) ? _server.Port : null;

    public int? MetricsPort => _server.MetricsPort;

    /// <summary>Completes when the actor system has stopped, by itself or by <see cref="DisposeAsync"/>.</summary>
    public Task Terminated => _services.System.WhenTerminated;

    public NodeServices Services => _services;

    /// <summary>Starts and joins; returns when the node is a member that is up, or when <paramref name="giveUp"/> completes.</summary>
    public static async Task<ClusterNode> StartAsync(NodeSettings settings, Task giveUp)
    {
        using var given = new CancellationTokenSource();
        _ = giveUp.ContinueWith(_ => TryCancel(given), TaskScheduler.Default);
        // Handlers of calls block now and then; the pool must not wait long before it grows.
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, 32), ports);
        var logging = ApiHost.CreateLogging(settings.LogLevel);
        var time = TimeProvider.System;
        NodeStores? stores = null;
        IHost? host = null;
        try
        {
            stores = await NodeStores.OpenAsync(settings, time, logging.CreateLogger<ClusterNode>(), given.Token).ConfigureAwait(false);
            host = BuildHost(settings, logging);
            await host.StartAsync(given.Token).ConfigureAwait(false);
            var system = host.Services.GetRequiredService<ActorSystem>();
            var (services, parts) = await ComposeAsync(settings, stores, system, logging, time, given.Token).ConfigureAwait(false);
            var health = new ServerHealth();
            var readiness = new Readiness(services, health);
            var server = CreateServer(settings, services, parts, health);
            var node = new ClusterNode(stores, logging, host, services, parts, server, readiness);
            node.PlanShutdown();
            // Probes are answered from here on; readiness follows when the node is up.
            await server.StartAsync(given.Token).ConfigureAwait(false);
            node._watch = readiness.WatchAsync(node._stop.Token);
            await UpAsync(system, given.Token).ConfigureAwait(false);
            return node;
        }
        catch (Exception e)
        {
            if (host is not null)
            {
                await host.StopAsync().ConfigureAwait(false);
                host.Dispose();
            }
            if (stores is not null) await stores.DisposeAsync().ConfigureAwait(false);
            logging.Dispose();
            throw e is OperationCanceledException ? new IOException("stopped before the node had joined the cluster", e) : e;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _readiness.Leave();
        await CoordinatedShutdown.Get(_services.System).Run(CoordinatedShutdown.ClrExitReason.Instance).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _server.DisposeAsync().ConfigureAwait(false);
        await _host.StopAsync().ConfigureAwait(false);
        _host.Dispose();
        _parts.Dispose();
        await _stores.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
        _logging.Dispose();
    }

    // Clients first: what they asked for is answered while the shards are still here.
    private void PlanShutdown()
    {
        var shutdown = CoordinatedShutdown.Get(_services.System);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "not-ready", () =>
        {
            _readiness.Leave();
            return Task.FromResult(Akka.Done.Instance);
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceRequestsDone, "requests", async () =>
        {
            if (_services.Roles.Contains(NodeRoles.Proxy))
            {
                _server.BeginDrain();
                await Task.Delay(s_drainTime, _services.Time).ConfigureAwait(false);
                await _server.StopAsync().ConfigureAwait(false);
            }
            return Akka.Done.Instance;
        });
    }

    private static IHost BuildHost(NodeSettings settings, ILoggerFactory logging)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(logging);
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        // Longer than all phases of coordinated shutdown together (hocon/), shorter than the grace period of deploy/k8s.
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(120));
        builder.Services.AddAkka(ClusterNames.System, akka =>
        {
            akka.ConfigureLoggers(l =>
            {
                l.ClearLoggers();
                l.AddLoggerFactory(logging);
            });
            // Before the options below are rendered, so that these files win over their defaults.
            akka.AddHocon(NodeHocon.For(settings, Environment.GetEnvironmentVariables()), HoconAddMode.Prepend);
            akka.AddHocon(SerializationConfig.Load(), HoconAddMode.Prepend);
            // An address is one of this machine's and several nodes may share a port on different ones; a name may stand for a service in front.
            akka.WithRemoting(new RemoteOptions
            {
                HostName = settings.ClusterBind?.Address.ToString() ?? (IPAddress.TryParse(settings.Host, out _) ? settings.Host : "0.0.0.0"),
                Port = settings.ClusterBind?.Port ?? settings.ClusterPort,
                PublicHostName = settings.Host,
                PublicPort = settings.ClusterBind is null ? null : settings.ClusterPort,
            });
            akka.WithClustering(new ClusterOptions { Roles = settings.Roles, SeedNodes = Seeds(settings) });
            akka.WithSqlPersistence(JournalConnection(settings), JournalProvider(settings), autoInitialize: true);
            NodeBootstrap.Configure(akka, settings);
        });
        return builder.Build();
    }

    // Static seeds; none when the nodes find each other through Akka.Management.
    private static string[] Seeds(NodeSettings settings)
    {
        if (settings.ContactPoints.Length > 0) return [];
        string[] seeds = settings.Seeds.Length > 0 ? settings.Seeds : [$"{settings.Host}:{settings.ClusterPort}"];
        return [.. seeds.Select(s => $"akka.tcp://{ClusterNames.System}@{s}")];
    }

    private static string JournalProvider(NodeSettings settings) => settings.Database is null ? ProviderName.SQLiteMS : ProviderName.PostgreSQL15;

    private static string JournalConnection(NodeSettings settings)
    {
        if (settings.Database is { } database) return NodeDatabase.ConnectionString(database);
        var file = Path.Combine(settings.DataDirectory, "journal.db");
        SqliteJournal.Prepare(file);
        return $"Data Source={file}";
    }

    private static async Task<(NodeServices Services, NodeParts Parts)> ComposeAsync(
        NodeSettings settings, NodeStores stores, ActorSystem system, ILoggerFactory logging, TimeProvider time, CancellationToken cancellation)
    {
        if (settings.Engine.Analyzers is { } sources) AnalyzerSources.OfProcess = sources;
        var coordinator = system.ActorOf(
            ClusterSingletonProxy.Props($"/user/{ClusterNames.Coordinator}", ClusterSingletonProxySettings.Create(system).WithRole(NodeRoles.Coordinator)), ClusterNames.CoordinatorProxy);
        var replica = await CatalogReplica.LoadAsync(stores.Meta, cancellation).ConfigureAwait(false);
        var client = new CoordinatorClient(coordinator, replica, stores.Objects, time);
        var oracle = new ClusterOracle(time, client.AllocateIdsAsync);
        var services = new NodeServices
        {
            System = system,
            Options = settings.Engine,
            Meta = stores.Meta,
            Objects = stores.Objects,
            Bucket = stores.Bucket,
            Oracle = oracle,
            Rpc = new NodeRpc(system, oracle),
            Catalog = replica,
            Coordinator = client,
            Memory = new MemoryBudget(settings.Engine.MemoryLimitBytes),
            Time = time,
            Logging = logging,
            Roles = settings.Roles,
        };
        return (services, await NodeParts.StartAsync(settings, services, coordinator).ConfigureAwait(false));
    }

    private static MilvusServer CreateServer(NodeSettings settings, NodeServices services, NodeParts node, ServerHealth health)
    {
        var metrics = new MetricsRegistry();
        metrics.Observe("milvus_loaded_bytes", "Memory that loaded segments have reserved.", () => services.Memory.UsedBytes);
        metrics.Observe("milvus_loaded_bytes_limit", "Memory that loaded segments may reserve.", () => services.Memory.LimitBytes);
        var options = new MilvusServerOptions { Port = settings.Port, MetricsPort = settings.MetricsPort, Address = settings.Address, Tls = settings.Tls.Options };
        RequestDelegate inspection = new Inspection.ClusterEndpoints(new Inspection.ClusterInspector(services)).HandleAsync;
        if (!settings.Has(NodeRoles.Proxy)) return ApiHost.CreateManagement(options, health, metrics, inspection, services.Time, services.Logging);
        var proxy = node.CreateProxy(out var access);
        var parts = new ApiParts
        {
            Proxy = proxy,
            Catalog = () => services.Catalog.Catalog,
            Imports = new Milvus.Api.Import.ImportJobs(proxy),
            Snapshots = new Milvus.Proxy.SnapshotService(proxy, new Gateways.ClusterSnapshotStorage(services, Gateways.GatewayOptions.Default), services.Places),
            Access = settings.Authorization ? access : null,
            Health = health,
            Metrics = metrics,
            RestInt64AsNumbers = settings.RestInt64AsNumbers,
            Management = inspection,
        };
        return ApiHost.Create(options, parts, services.Time, services.Logging);
    }

    private static async Task UpAsync(ActorSystem system, CancellationToken cancellation)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.Get(system).RegisterOnMemberUp(() => up.TrySetResult());
        await Task.WhenAny(up.Task, system.WhenTerminated).WaitAsync(cancellation).ConfigureAwait(false);
        if (!up.Task.IsCompleted) throw new IOException("the actor system stopped before the node had joined the cluster");
    }

    private static void TryCancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Started already.
        }
    }
}
