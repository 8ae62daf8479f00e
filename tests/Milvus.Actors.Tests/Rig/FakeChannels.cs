using System.Collections.Concurrent;
using Akka.Actor;
using Milvus.Actors.Messages;

namespace Milvus.Actors.Tests.Rig;

/// <summary>Stands for the channel region: answers control messages as the test says.</summary>
internal sealed class FakeChannels : IAsyncDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("channels", "akka { loglevel = OFF, stdout-loglevel = OFF, coordinated-shutdown.run-by-clr-shutdown-hook = off }");

    public FakeChannels() => Region = _system.ActorOf(Props.Create(() => new Answering(this)));

    public IActorRef Region { get; }

    public ConcurrentQueue<IChannelMessage> Asked { get; } = new();

    /// <summary>Null leaves the asker waiting.</summary>
    public Func<IChannelMessage, IControlMessage?> Answer { get; set; } = _ => null;

    public async ValueTask DisposeAsync() => await _system.Terminate();

    private sealed class Answering : ReceiveActor
    {
        public Answering(FakeChannels channels) => Receive<IChannelMessage>(m =>
        {
            channels.Asked.Enqueue(m);
            if (channels.Answer(m) is { } answer) Sender.Tell(answer);
        });
    }
}
