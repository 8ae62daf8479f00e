using Akka.Actor;
using Akka.Cluster.Sharding;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;

namespace Milvus.Actors.Data;

/// <summary>How the task region finds its entities: the entity's id is the task's.</summary>
public static class TaskRegion
{
    public static IMessageExtractor Extractor { get; } = new TaskExtractor();

    /// <summary>Properties of one entity.</summary>
    /// <param name="worker">The node's; entities of one node share it.</param>
    public static Props EntityProps(TaskWorker worker) => Props.Create(() => new TaskEntity(worker));

    private sealed class TaskExtractor : IMessageExtractor
    {
        public string? EntityId(object message) => message is ITaskMessage task ? task.TaskId : null;

        public object EntityMessage(object message) => message;

        public string? ShardId(object message) => message is ITaskMessage task ? ClusterNames.TaskShard(task.TaskId) : null;

        public string ShardId(string entityId, object? messageHint = null) => ClusterNames.TaskShard(entityId);
    }
}
