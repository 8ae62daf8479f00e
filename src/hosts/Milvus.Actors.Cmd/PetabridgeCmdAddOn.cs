using System.Globalization;
using Akka.Configuration;
using Milvus.Actors.Hosting;
using Milvus.Actors.Inspection;
using Milvus.Actors.Node;
using Petabridge.Cmd.Cluster;
using Petabridge.Cmd.Cluster.Sharding;
using Petabridge.Cmd.Host;
using Petabridge.Cmd.Remote;

namespace Milvus.Actors.Cmd;

/// <summary>Lets <c>pbm</c> connect to a node that has <c>--pbm-port</c>, with the palettes of the cluster, of sharding, of remoting, and ours.</summary>
public sealed class PetabridgeCmdAddOn : IActorSystemAddOn
{
    public void Start(NodeServices services, NodeSettings settings)
    {
        if (settings.PbmPort is not { } port) return;
        // Behind what the operator's own configuration says about petabridge.cmd. Nobody is asked for a password, so only this machine may connect.
        services.System.Settings.InjectTopLevelFallback(ConfigurationFactory.ParseString(
            string.Create(CultureInfo.InvariantCulture, $$"""petabridge.cmd { host = "127.0.0.1", port = {{port}} }""")));
        var host = PetabridgeCmd.Get(services.System);
        host.RegisterCommandPalette(ClusterCommands.Instance);
        host.RegisterCommandPalette(ClusterShardingCommands.Instance);
        host.RegisterCommandPalette(new RemoteCommands());
        host.RegisterCommandPalette(new MilvusCommands(new ClusterInspector(services)));
        host.Start();
    }
}
