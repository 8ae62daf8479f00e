using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Milvus.Actors.Node;
using Milvus.Actors.Rpc;
using Milvus.Actors.Serialization;
using Milvus.Actors.Time;

namespace Milvus.Actors.Tests.Rig;

/// <summary>An actor system of its own on loopback: the only member of its cluster, or of none. Journals are in memory.</summary>
internal sealed class ClusterSystem : IAsyncDisposable
{
    private static readonly Config s_config = ConfigurationFactory.ParseString("""
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          log-dead-letters = off
          actor.provider = cluster
          actor.serialize-messages = off
          remote.dot-netty.tcp {
            hostname = "127.0.0.1"
            port = 0
            maximum-frame-size = 1 MiB
            send-buffer-size = 4 MiB
            receive-buffer-size = 4 MiB
          }
          remote.retry-gate-closed-for = 500ms
          cluster {
            log-info = off
            gossip-interval = 100ms
            leader-actions-interval = 100ms
            periodic-tasks-initial-delay = 100ms
            sharding {
              state-store-mode = persistence
              retry-interval = 200ms
              rebalance-interval = 300ms
            }
            singleton.hand-over-retry-interval = 200ms
          }
          coordinated-shutdown {
            terminate-actor-system = off
            exit-clr = off
            run-by-clr-shutdown-hook = off
            run-by-actor-system-terminate = off
          }
        }
        milvus.rpc-dispatcher {
          type = ForkJoinDispatcher
          throughput = 200
          dedicated-thread-pool { thread-count = 2, threadtype = background }
        }
        """);

    private ClusterSystem(ActorSystem system)
    {
        System = system;
        Oracle = new ClusterOracle(TimeProvider.System, (_, _) => Task.FromResult(1L << 40));
        Rpc = new NodeRpc(system, Oracle);
    }

    public ActorSystem System { get; }

    public ClusterOracle Oracle { get; }

    public NodeRpc Rpc { get; }

    public Address Address => Rpc.Self;

    /// <summary>An actor system that other ones can call without being in a cluster with it.</summary>
    public static ClusterSystem Start(params string[] roles)
    {
        var config = ConfigurationFactory.ParseString($"akka.cluster.roles = [{string.Join(", ", roles.Select(r => $"\"{r}\""))}]")
            .WithFallback(s_config).WithFallback(SerializationConfig.Load());
        return new ClusterSystem(ActorSystem.Create(ClusterNames.System, config));
    }

    /// <summary>The same, up as the first member of its own cluster.</summary>
    public static async Task<ClusterSystem> StartAloneAsync(params string[] roles)
    {
        var system = Start(roles);
        await Cluster.Get(system.System).JoinAsync(system.Address);
        return system;
    }

    /// <summary>The same, up as a member of another one's cluster.</summary>
    public static async Task<ClusterSystem> StartInAsync(ClusterSystem first, params string[] roles)
    {
        var system = Start(roles);
        await Cluster.Get(system.System).JoinAsync(first.Address);
        return system;
    }

    public async ValueTask DisposeAsync() => await System.Terminate();
}
