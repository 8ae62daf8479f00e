using System.Net;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Management;
using Akka.Management.Cluster.Bootstrap;
using Milvus.Actors.Node;

namespace Milvus.Actors.Hosting;

/// <summary>
/// How a node finds its cluster through the management endpoints of others instead of seeds. Any contact point that is in a cluster is enough to join it; a new cluster is formed only
/// when every contact point answers and none of them is in one. So a node that reaches nobody waits, where the first of several seeds would form a second cluster.
/// </summary>
internal static class NodeBootstrap
{
    public static void Configure(AkkaConfigurationBuilder akka, NodeSettings settings)
    {
        if (settings.AkkaManagementPort is not { } port) return;
        // On every address only behind a name: one node of a machine would otherwise answer for the others' addresses, and take itself for all contact points.
        akka.WithAkkaManagement(hostName: settings.Host, port: port, bindHostname: IPAddress.TryParse(settings.Host, out _) ? settings.Host : "0.0.0.0", bindPort: port, autoStart: true);
        if (settings.ContactPoints.Length == 0) return;
        akka.AddHocon(Discovery(settings), HoconAddMode.Prepend);
        akka.WithClusterBootstrap(o => o.ContactPointDiscovery.ServiceName = ClusterNames.System, autoStart: true);
    }

    private static Config Discovery(NodeSettings settings) => ConfigurationFactory.ParseString($$"""
        akka.discovery.method = config
        akka.discovery.config.services.{{ClusterNames.System}}.endpoints = [{{string.Join(", ", settings.ContactPoints.Select(c => $"\"{c}\""))}}]
        akka.management.cluster.bootstrap {
          contact-point-discovery {
            required-contact-point-nr = {{settings.ContactPoints.Length}}
            contact-with-all-contact-points = on
          }
          # Contact points name their ports.
          contact-point.filter-on-fallback-port = off
        }
        # Whom it was told to join may have gone since, and addresses of pods do not come back: then the process ends and is started again.
        akka.cluster.shutdown-after-unsuccessful-join-seed-nodes = 60s
        """);
}
