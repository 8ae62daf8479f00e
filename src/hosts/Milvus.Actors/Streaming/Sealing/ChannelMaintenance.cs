using Akka.Actor;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Streaming.Channels;
using Milvus.Proxy;

namespace Milvus.Actors.Streaming.Sealing;

/// <summary>Looks every second, and when asked, at what a running channel should write out; ends with the run.</summary>
internal static class ChannelMaintenance
{
    public static void Start(StreamingRole role, LiveChannel live, IActorRef entity, IActorRef keeper) =>
        _ = RunAsync(role, live, entity, new ChannelSealer(role, live, () => entity.Tell(SaveCheckpoint.Instance, ActorRefs.NoSender), () => keeper.Tell(Replicas.ReadSegments.Instance, ActorRefs.NoSender)));

    private static async Task RunAsync(StreamingRole role, LiveChannel live, IActorRef entity, ChannelSealer sealer)
    {
        var logger = role.Services.Logging.CreateLogger<ChannelSealer>();
        var tick = TimeSpan.FromMilliseconds(role.Options.TickMs);
        await Task.Yield();
        while (true)
        {
            try
            {
                await live.WaitForMaintenanceAsync(tick).ConfigureAwait(false);
                if (live.HasTrims) entity.Tell(TrimJournal.Instance, ActorRefs.NoSender);
                await sealer.SealAsync(live.Stopped).ConfigureAwait(false);
                await sealer.RemoveStaleAsync(live.Stopped).ConfigureAwait(false);
            }
            catch (Exception e) when (live.Stopped.IsCancellationRequested || e is ShardMovedException)
            {
                return;
            }
            catch (Exception e)
            {
                // What was written and cannot be committed any more is removed.
                logger.LogError(e, "Channel {Channel}: sealing failed and will be tried again", live.Id);
            }
        }
    }
}
