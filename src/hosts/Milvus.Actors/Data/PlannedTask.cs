using Milvus.Actors.Messages;

namespace Milvus.Actors.Data;

internal enum TaskState
{
    /// <summary>Sent, nothing heard yet.</summary>
    Sent,

    Running,

    /// <summary>Waits for its next attempt.</summary>
    Failed,
}

/// <summary>One task as the planner keeps it. For one thread.</summary>
internal sealed class PlannedTask(ITaskMessage message, long collectionId, long[] segmentIds)
{
    public ITaskMessage Message { get; } = message;

    public long CollectionId { get; } = collectionId;

    /// <summary>Segments that no other compaction may touch meanwhile.</summary>
    public long[] SegmentIds { get; } = segmentIds;

    public TaskState State { get; set; }

    public string Node { get; set; } = "";

    /// <summary>Of the latest attempt that failed.</summary>
    public string Failure { get; set; } = "";

    /// <summary>When it was last heard of, sent, or failed.</summary>
    public long At { get; set; }

    public TaskStatusLine Describe() => new(
        Message.TaskId, Message switch { BuildIndexTask => "index", ImportTask => "import", _ => "compaction" }, State switch { TaskState.Sent => "sent", TaskState.Running => "running", _ => "failed" }, Node, Failure);
}

/// <summary>A compaction that a client asked for. For one thread.</summary>
internal sealed class RequestedCompaction
{
    /// <summary>Null until it is planned.</summary>
    public Dictionary<string, CompactTask>? Open { get; set; }

    public List<CompactTask> Done { get; } = [];

    public int Failed { get; set; }

    public CompactionState Describe() => new(
        Open is { Count: 0 }, Open?.Count ?? 0, Done.Count, Failed, [.. Done.Select(t => t.SourceIds)], [.. Done.Select(t => t.TargetId)]);
}
