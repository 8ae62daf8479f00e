using Akka.Actor;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Messages;
using Milvus.Coordinator.Service;

namespace Milvus.Actors.Data;

/// <summary>Child of the coordinator.</summary>
internal sealed class TaskPlanner : ReceiveActor
{
    public TaskPlanner()
    {
        Receive<Complete>(c => Sender.Tell(c.Status));
        ReceiveAny(_ => { });
    }

    public static Props Props(CoordinatorService service, CoordinatorSettings settings) => Akka.Actor.Props.Create(() => new TaskPlanner());

    /// <summary>Asks for a status with the tasks added.</summary>
    public sealed record Complete(ClusterStatus Status);
}
