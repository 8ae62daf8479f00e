using System.Collections.Concurrent;
using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Model;

namespace Milvus.Actors.Gateways;

/// <summary>Remembers which node runs each shard channel and asks the channel region where it does not know. Thread-safe.</summary>
/// <param name="channels">The channel region or a proxy of it.</param>
public sealed class ChannelLocations(Func<IActorRef> channels)
{
    private const int MaxKnown = 1 << 16;

    private readonly ConcurrentDictionary<ShardId, Task<Address>> _known = new();

    /// <summary>Where the channel runs; starts it if it does not run. One question at a time per channel, however many wait.</summary>
    /// <exception cref="AskTimeoutException">No answer within <paramref name="patience"/>.</exception>
    public async Task<Address> LocateAsync(ShardId shard, TimeSpan patience, CancellationToken cancellation)
    {
        var known = _known.GetValueOrDefault(shard);
        if (known is null or { IsCompleted: true, IsCompletedSuccessfully: false })
        {
            var answer = new TaskCompletionSource<Address>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (known is null ? _known.TryAdd(shard, answer.Task) : _known.TryUpdate(shard, answer.Task, known)) _ = AskAsync(shard, patience, answer);
            known = _known.GetValueOrDefault(shard) ?? answer.Task;
        }
        return await known.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>The channel is not there any more; what was learnt since stays.</summary>
    public void Forget(ShardId shard, Address node)
    {
        if (_known.TryGetValue(shard, out var known) && known.IsCompletedSuccessfully && known.Result == node) _known.TryRemove(KeyValuePair.Create(shard, known));
    }

    private async Task AskAsync(ShardId shard, TimeSpan patience, TaskCompletionSource<Address> answer)
    {
        try
        {
            var location = await channels().Ask<IControlMessage>(new LocateChannel(shard.CollectionId, shard.Shard), patience).ConfigureAwait(false);
            switch (location)
            {
                case ChannelLocation found:
                    // Of dropped collections nobody says so; all are quickly asked for again.
                    if (_known.Count > MaxKnown) _known.Clear();
                    answer.SetResult(Address.Parse(found.Node));
                    break;
                case ControlFailed failed:
                    answer.SetException(new MilvusException((ErrorCode)failed.Code, failed.Message) { IsInputError = failed.IsInputError });
                    break;
                default:
                    answer.SetException(new InvalidOperationException($"{location} is no answer to where channel {shard} is"));
                    break;
            }
        }
        catch (Exception e)
        {
            answer.SetException(e);
            // Those who wait see it; where nobody waits any more it is no news.
            _ = answer.Task.Exception;
        }
        if (!answer.Task.IsCompletedSuccessfully) _known.TryRemove(KeyValuePair.Create(shard, answer.Task));
    }
}
