using Milvus.Model;
using Milvus.StreamingNode;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>Something that waits for a channel's writer.</summary>
internal abstract class ChannelWork
{
    public abstract void Fail(Exception reason);
}

/// <summary>A write, and everybody who waits for it: a request that is sent twice waits twice for one write.</summary>
internal sealed class PendingWrite(Guid requestId, ShardWrite write) : ChannelWork
{
    public Guid RequestId { get; } = requestId;

    public ShardWrite Write { get; } = write;

    public long Bytes { get; } = write.ByteSize;

    public TaskCompletionSource<Timestamp> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Guarded by the handle.</summary>
    public int Waiters { get; set; }

    /// <summary>True once the writer has it: from then on it may become durable. Guarded by the handle.</summary>
    public bool IsStarted { get; set; }

    public override void Fail(Exception reason)
    {
        if (Completion.TrySetException(reason)) _ = Completion.Task.Exception;
    }
}

/// <summary>Something to do between two batches, as the channel's writer.</summary>
internal abstract class ChannelAction : ChannelWork
{
    public abstract void Run(ShardChannel channel);
}

internal sealed class ChannelAction<T>(Func<ShardChannel, T> action) : ChannelAction
{
    public TaskCompletionSource<T> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override void Run(ShardChannel channel)
    {
        try
        {
            Completion.SetResult(action(channel));
        }
        catch (Exception e)
        {
            Completion.SetException(e);
        }
    }

    public override void Fail(Exception reason)
    {
        if (Completion.TrySetException(reason)) _ = Completion.Task.Exception;
    }
}
