using Akka.Actor;
using Akka.Cluster.Sharding;

namespace Milvus.Actors.Tests.Streaming;

/// <summary>A shard region without a cluster: makes an entity for each name it meets, and lets entities leave.</summary>
internal sealed class TestRegion(IMessageExtractor extractor, Func<string, Props> props, object stopMessage) : UntypedActor
{
    private readonly Dictionary<string, List<(object Message, IActorRef Sender)>> _leaving = [];

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Passivate:
                Leave(Sender);
                Sender.Tell(stopMessage);
                break;
            case Terminated terminated:
                if (!_leaving.Remove(terminated.ActorRef.Path.Name, out var waiting)) break;
                foreach (var (kept, from) in waiting) Self.Tell(kept, from);
                break;
            case Stop stop:
                var child = Context.Child(stop.EntityId);
                if (child.IsNobody())
                {
                    Sender.Tell(Stopped.Instance);
                    break;
                }
                var asker = Sender;
                Leave(child);
                child.GracefulStop(TimeSpan.FromSeconds(10), stop.Gracefully ? stopMessage : PoisonPill.Instance).ContinueWith(_ => Stopped.Instance as object).PipeTo(asker);
                break;
            default:
                if (extractor.EntityId(message) is not { } id)
                {
                    Unhandled(message);
                    break;
                }
                if (_leaving.TryGetValue(id, out var queue))
                {
                    queue.Add((message, Sender));
                    break;
                }
                var entity = Context.Child(id);
                if (entity.IsNobody()) entity = Context.ActorOf(props(id), id);
                entity.Forward(message);
                break;
        }
    }

    // As a shard does: what comes for an entity that is stopping waits for the next one.
    private void Leave(IActorRef entity)
    {
        if (_leaving.TryAdd(entity.Path.Name, [])) Context.Watch(entity);
    }

    public sealed record Stop(string EntityId, bool Gracefully);

    public sealed class Stopped
    {
        public static readonly Stopped Instance = new();
    }
}
