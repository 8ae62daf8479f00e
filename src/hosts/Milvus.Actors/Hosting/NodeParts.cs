using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Node;
using Milvus.Actors.Query;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Service;
using Milvus.Proxy;
using Milvus.Storage.Objects;

namespace Milvus.Actors.Hosting;

/// <summary>Starts what the roles of a node call for: regions where it hosts shards, proxies of them where it does not.</summary>
internal static class NodeParts
{
    public static async Task StartAsync(NodeSettings settings, NodeServices services, IActorRef coordinator)
    {
        var system = services.System;
        if (settings.Has(NodeRoles.Coordinator))
        {
            var actor = CoordinatorActor.Props(CoordinatorSettings.From(services, new CoordinatorOptions()));
            system.ActorOf(
                ClusterSingletonManager.Props(actor, PoisonPill.Instance, ClusterSingletonManagerSettings.Create(system).WithRole(NodeRoles.Coordinator)), ClusterNames.Coordinator);
        }
        system.ActorOf(NodeRegistrationActor.Props(coordinator, services.Catalog, settings.Roles, () => Usage(services)), NodeRegistrationActor.Name);
        await Task.CompletedTask;
    }

    private static NodeUsage Usage(NodeServices services) => new(services.Memory.UsedBytes, services.Memory.LimitBytes, 0);

    public static IMilvusProxy CreateProxy(NodeServices services, out AccessControl access)
    {
        var coordinator = new ClusterCoordinator(services.Catalog, services.Oracle, services.Coordinator);
        access = new AccessControl(coordinator);
        throw new NotSupportedException();
    }
}
