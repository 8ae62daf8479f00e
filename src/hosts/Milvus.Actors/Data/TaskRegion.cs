using Akka.Actor;
using Akka.Cluster.Sharding;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;

namespace Milvus.Actors.Data;

/// <summary>The task region, on nodes with the data role: how messages find their entity, whose id is the task's, and how it is started.</summary>
public static class TaskRegion
{
    public static IMessageExtractor Extractor { get; } = new TaskExtractor();

    /// <summary>Properties of one entity.</summary>
    /// <param name="worker">The node's; entities of one node share it.</param>
    public static Props EntityProps(TaskWorker worker) => Props.Create(() => new TaskEntity(worker));

    /// <summary>Starts the region on a data node.</summary>
    public static Task<IActorRef> StartAsync(ActorSystem system, TaskWorker worker) =>
        ClusterSharding.Get(system).StartAsync(ClusterNames.TaskRegion, EntityProps(worker), Settings(system).WithRole(NodeRoles.Data), Extractor);

    /// <summary>Starts a proxy of the region on another node: where the coordinator may run it is needed.</summary>
    public static Task<IActorRef> StartProxyAsync(ActorSystem system) => ClusterSharding.Get(system).StartProxyAsync(ClusterNames.TaskRegion, NodeRoles.Data, Extractor);

    private static ClusterShardingSettings Settings(ActorSystem system) =>
        ClusterShardingSettings.Create(system).WithRememberEntities(false).WithStateStoreMode(StateStoreMode.Persistence);

    private sealed class TaskExtractor : IMessageExtractor
    {
        public string? EntityId(object message) => message is ITaskMessage task ? task.TaskId : null;

        public object EntityMessage(object message) => message;

        public string? ShardId(object message) => message is ITaskMessage task ? ClusterNames.TaskShard(task.TaskId) : null;

        public string ShardId(string entityId, object? messageHint = null) => ClusterNames.TaskShard(entityId);
    }
}
