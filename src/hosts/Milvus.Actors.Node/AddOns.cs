using Milvus.Actors.Hosting;
using Milvus.Hosting.Settings;

namespace Milvus.Actors.Node;

/// <summary>The add-ons that were built in: <c>-p:WithPetabridgeCmd=true</c> adds Petabridge.Cmd.</summary>
internal static class AddOns
{
    private static readonly IActorSystemAddOn[] s_all =
    [
#if PETABRIDGE_CMD
        new Cmd.PetabridgeCmdAddOn(),
#endif
    ];

    /// <exception cref="SettingsException">A setting is for an add-on that this build has not.</exception>
    public static void Check(NodeSettings settings)
    {
        if (settings.PbmPort is not null && s_all.Length == 0)
            throw new SettingsException("--pbm-port needs a build with Petabridge.Cmd (-p:WithPetabridgeCmd=true); /v1/cluster/… on the metrics port tells the same");
    }

    public static void Start(ClusterNode node, NodeSettings settings)
    {
        foreach (var addOn in s_all) addOn.Start(node.Services, settings);
    }
}
