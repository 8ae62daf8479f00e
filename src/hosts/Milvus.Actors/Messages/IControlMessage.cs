namespace Milvus.Actors.Messages;

/// <summary>
/// A small message between our own nodes. Only implementations of this, and what they are made of, are ever instantiated by the control serializer.
/// </summary>
public interface IControlMessage;

/// <summary>A control message for one channel, routed by the channel region.</summary>
public interface IChannelMessage : IControlMessage
{
    long CollectionId { get; }

    int Shard { get; }
}

/// <summary>A control message for one replica of a sealed segment, routed by the segment region.</summary>
public interface ISegmentMessage : IControlMessage
{
    long CollectionId { get; }

    long SegmentId { get; }

    int Replica { get; }
}

/// <summary>A control message for one task of a data node, routed by the task region.</summary>
public interface ITaskMessage : IControlMessage
{
    string TaskId { get; }
}

/// <summary>The answer when something failed; rethrown as a Milvus error by who asked.</summary>
public sealed record ControlFailed(int Code, string Message, bool IsInputError) : IControlMessage;

public sealed record ControlDone : IControlMessage
{
    public static readonly ControlDone Instance = new();
}
