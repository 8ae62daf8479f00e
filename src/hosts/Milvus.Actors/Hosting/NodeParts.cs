using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using Microsoft.Extensions.Logging;
using Milvus.Api.Import;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Data;
using Milvus.Actors.Gateways;
using Milvus.Actors.Node;
using Milvus.Actors.Query;
using Milvus.Actors.Rpc;
using Milvus.Actors.Streaming;
using Milvus.Actors.Streaming.Journal;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Service;
using Milvus.Proxy;
using Milvus.Proxy.Models;
using Milvus.Proxy.Wire;
using Milvus.Proxy.Writing;
using Milvus.Storage.Objects;
using Milvus.Text.Analyzers;

namespace Milvus.Actors.Hosting;

/// <summary>
/// What the roles of a node call for: regions where it hosts shards, proxies of them where it does not, the calls it answers, the singleton it may run.
/// </summary>
internal sealed class NodeParts : IDisposable
{
    private const int RememberedFilters = 1024;

    private readonly NodeServices _services;
    private readonly AnalyzerRegistry _analyzers = new();
    private readonly HttpModelGateway _models;
    private readonly List<IDisposable> _owned = [];

    private NodeParts(NodeServices services)
    {
        _services = services;
        _models = new HttpModelGateway(services.Options.Models, services.Time);
    }

    public static async Task<NodeParts> StartAsync(NodeSettings settings, NodeServices services, IActorRef coordinator)
    {
        var parts = new NodeParts(services);
        var system = services.System;
        var streaming = settings.Has(NodeRoles.Streaming) ? parts.Own(new StreamingRole(services)) : null;
        var query = settings.Has(NodeRoles.Query) ? parts.Own(QueryRole.Create(services, QueryOptions.Default, Cache(settings, services))) : null;
        parts.AnswerReads(streaming, query);
        // Before the channels, which ask for their segments as soon as they have recovered.
        services.Segments = query is null
            ? await SegmentRegion.StartProxyAsync(system).ConfigureAwait(false)
            : await query.StartRegionAsync().ConfigureAwait(false);
        if (streaming is not null)
        {
            streaming.Start();
            await JournalWarmUp.RunAsync(system, services.Time).ConfigureAwait(false);
        }
        services.Channels = streaming is null
            ? await ChannelRegion.StartProxyAsync(system).ConfigureAwait(false)
            : await ChannelRegion.StartAsync(system, streaming).ConfigureAwait(false);
        services.Tasks = settings.Has(NodeRoles.Data)
            ? await TaskRegion.StartAsync(system, parts.Own(TaskWorker.From(services, new FunctionFiller(parts._analyzers, parts._models), id => query?.Table.Find(id)?.Segment, parts.CreateImports().RunAsync))).ConfigureAwait(false)
            : await TaskRegion.StartProxyAsync(system).ConfigureAwait(false);
        if (settings.Has(NodeRoles.Coordinator))
        {
            var actor = CoordinatorActor.Props(CoordinatorSettings.From(services, new CoordinatorOptions { CountQueryNodes = () => QueryMembers.Of(system).Length }));
            system.ActorOf(
                ClusterSingletonManager.Props(actor, PoisonPill.Instance, ClusterSingletonManagerSettings.Create(system).WithRole(NodeRoles.Coordinator)), ClusterNames.Coordinator);
        }
        system.ActorOf(
            NodeRegistrationActor.Props(coordinator, services.Catalog, settings.Roles, () => new NodeUsage(services.Memory.UsedBytes, services.Memory.LimitBytes, query?.Rows ?? 0)), NodeRegistrationActor.Name);
        return parts;
    }

    public IMilvusProxy CreateProxy(out AccessControl access)
    {
        var coordinator = new ClusterCoordinator(_services.Catalog, _services.Oracle, _services.Coordinator);
        access = new AccessControl(coordinator);
        var options = GatewayOptions.Default;
        var locations = new ChannelLocations(() => _services.Channels);
        return new MilvusProxy(
            coordinator,
            new ClusterShardGateway(_services.Rpc, locations, _services.Catalog, _services.Time, options),
            new ClusterMaintenanceGateway(_services, options),
            _services.Time,
            // As long as an unattended change of owners takes, and some.
            new ProxyOptions { MovedReadPatienceMs = 30_000, Files = _services.Objects, Models = _services.Options.Models, RetentionMs = _services.Options.TombstoneRetentionMs },
            _services.Logging.CreateLogger<MilvusProxy>(),
            analyzers: _analyzers,
            models: _models);
    }

    private ImportWork CreateImports() => new(
        CreateProxy(out _), new ClusterImportGateway(_services, GatewayOptions.Default), _services.Objects, _services.Time, _services.Logging.CreateLogger<ImportWork>(), _services.Places);

    public void Dispose()
    {
        foreach (var o in _owned) o.Dispose();
        _models.Dispose();
    }

    private void AnswerReads(StreamingRole? streaming, QueryRole? query)
    {
        if (streaming is null && query is null) return;
        var options = query?.Options ?? QueryOptions.Default;
        var filters = new FilterPlanCache(_analyzers, RememberedFilters);
        SessionRead? sessions = null;
        if (streaming is not null)
            sessions = (request, cancellation) => streaming.Sessions.ReadAsync(request, filters, cancellation);
        var reads = Own(new ShardReads(_services.Catalog, filters, options.ConcurrentReads, query?.Table, sessions));
        _services.Rpc.Handle(RpcMethod.ReadShard, reads.HandleAsync);
    }

    // Files of a local directory are where they should be already.
    private static CachingObjectStore? Cache(NodeSettings settings, NodeServices services) => services.Objects is LocalObjectStore || settings.CacheBytes == 0
        ? null
        : new CachingObjectStore(services.Objects, Path.Combine(settings.DataDirectory, "cache"), settings.CacheBytes);

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }
}
