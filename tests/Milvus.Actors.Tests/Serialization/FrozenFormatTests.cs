using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;
using Milvus.Actors.Messages;
using Milvus.Actors.Protocol;
using Milvus.Actors.Serialization;

namespace Milvus.Actors.Tests.Serialization;

/// <summary>Numbers and names that journals hold and nodes of other versions use. A failure here means that data becomes unreadable, not that the test is old.</summary>
public sealed class FrozenFormatTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("frozen", SerializationConfig.Load());

    public void Dispose() => _system.Terminate().GetAwaiter().GetResult();

    [Fact]
    public void Identifiers_are_frozen()
    {
        Assert.Equal(1917, WireSerializer.Id);
        Assert.Equal(1918, ControlSerializer.Id);
        Assert.Equal(1917, _system.Serialization.FindSerializerFor(new ChannelEvent()).Identifier);
        Assert.Equal(1918, _system.Serialization.FindSerializerFor(new WakeChannel(1, 0)).Identifier);
    }

    [Fact]
    public void Manifests_are_frozen()
    {
        (string Manifest, IMessage Message)[] frozen =
        [
            ("rp", new RpcPart()), ("ra", new RpcPartAck()), ("rr", new RpcReplyPart()), ("rc", new RpcCancel()), ("ce", new ChannelEvent()), ("cs", new ChannelSnapshot()),
        ];
        foreach (var (manifest, message) in frozen)
        {
            var serializer = Assert.IsType<WireSerializer>(_system.Serialization.FindSerializerFor(message));
            Assert.Equal(manifest, serializer.Manifest(message));
            Assert.Equal(message, serializer.FromBinary(serializer.ToBinary(message), manifest));
        }
        Assert.Equal("h1", Assert.IsType<ControlSerializer>(_system.Serialization.FindSerializerFor(new WakeChannel(1, 0))).Manifest(new WakeChannel(1, 0)));
    }
}
