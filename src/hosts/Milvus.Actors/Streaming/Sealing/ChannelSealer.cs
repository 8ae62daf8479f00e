using Milvus.Actors.Streaming.Channels;

namespace Milvus.Actors.Streaming.Sealing;

internal sealed class ChannelSealer(StreamingRole role, LiveChannel live, Action saveCheckpoint, Action readSegments)
{
    public Task SealAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task RemoveStaleAsync(CancellationToken cancellation) => Task.CompletedTask;
}
