using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Model;

namespace Milvus.Actors.Gateways;

/// <summary>Asks channels through their region, wherever they run; again when there is no answer, so what is asked must be safe to repeat. Thread-safe.</summary>
/// <param name="channels">The channel region or a proxy of it.</param>
internal sealed class ChannelCalls(Func<IActorRef> channels, TimeProvider time, GatewayOptions options)
{
    private const int PauseMs = 100;

    /// <exception cref="MilvusException">What the channel answered, or 2: none came.</exception>
    public async Task<T> AskAsync<T>(IChannelMessage message, CancellationToken cancellation)
        where T : IControlMessage
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await channels().Ask<IControlMessage>(message, options.ControlAttempt, cancellation).ConfigureAwait(false) switch
                {
                    T answer => answer,
                    ControlFailed failed => throw new MilvusException((ErrorCode)failed.Code, failed.Message) { IsInputError = failed.IsInputError },
                    var other => throw new MilvusException(ErrorCode.Internal, $"channel {Name(message)} answered {message.GetType().Name} with {other?.GetType().Name}: service internal error"),
                };
            }
            catch (AskTimeoutException e) when (time.GetElapsedTime(started) >= options.ControlPatience)
            {
                throw new MilvusException(ErrorCode.ServiceUnavailable, $"channel {Name(message)} does not answer: service unavailable", e);
            }
            catch (AskTimeoutException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(PauseMs), time, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Asks every channel of a collection at once.</summary>
    public async Task<T[]> AskAllAsync<T>(CollectionInfo collection, Func<int, IChannelMessage> message, CancellationToken cancellation)
        where T : IControlMessage =>
        await Task.WhenAll(Enumerable.Range(0, collection.ShardCount).Select(shard => AskAsync<T>(message(shard), cancellation))).ConfigureAwait(false);

    public Task<ChannelStatus[]> StatusAsync(CollectionInfo collection, CancellationToken cancellation) =>
        AskAllAsync<ChannelStatus>(collection, shard => new GetChannelStatus(collection.Id, shard), cancellation);

    private static ShardId Name(IChannelMessage message) => new(message.CollectionId, message.Shard);
}
