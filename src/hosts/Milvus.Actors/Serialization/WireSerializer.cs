using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;
using Milvus.Actors.Protocol;

namespace Milvus.Actors.Serialization;

/// <summary>
/// Serializes what travels often and what is kept: calls between nodes, journal events, snapshots — protobuf under manifests that never change
/// their meaning. New message, new manifest; a message that changes keeps its manifest as long as protobuf's rules allow.
/// </summary>
public sealed class WireSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Frozen: journals name it.</summary>
    public const int Id = 1917;

    private const string PartManifest = "rp";
    private const string AckManifest = "ra";
    private const string ReplyManifest = "rr";
    private const string CancelManifest = "rc";
    private const string EventManifest = "ce";
    private const string SnapshotManifest = "cs";

    public override int Identifier => Id;

    public override string Manifest(object o) => o switch
    {
        RpcPart => PartManifest,
        RpcPartAck => AckManifest,
        RpcReplyPart => ReplyManifest,
        RpcCancel => CancelManifest,
        ChannelEvent => EventManifest,
        ChannelSnapshot => SnapshotManifest,
        _ => throw new ArgumentException($"{o.GetType()} is not for this serializer", nameof(o)),
    };

    public override byte[] ToBinary(object obj) => ((IMessage)obj).ToByteArray();

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        PartManifest => RpcPart.Parser.ParseFrom(bytes),
        AckManifest => RpcPartAck.Parser.ParseFrom(bytes),
        ReplyManifest => RpcReplyPart.Parser.ParseFrom(bytes),
        CancelManifest => RpcCancel.Parser.ParseFrom(bytes),
        EventManifest => ChannelEvent.Parser.ParseFrom(bytes),
        SnapshotManifest => ChannelSnapshot.Parser.ParseFrom(bytes),
        _ => throw new System.Runtime.Serialization.SerializationException($"manifest '{manifest}' is not known to this version"),
    };
}
