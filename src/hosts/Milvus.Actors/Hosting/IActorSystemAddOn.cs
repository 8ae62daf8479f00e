using Milvus.Actors.Node;

namespace Milvus.Actors.Hosting;

/// <summary>Something that runs beside a node and that not every build has, such as Petabridge.Cmd.</summary>
public interface IActorSystemAddOn
{
    /// <summary>Called once, when the node is a member that is up. What it starts ends with the actor system.</summary>
    void Start(NodeServices services, NodeSettings settings);
}
