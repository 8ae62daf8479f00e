using Akka.Actor;
using Akka.Serialization;
using Hyperion;
using Milvus.Actors.Messages;

namespace Milvus.Actors.Serialization;

/// <summary>
/// Serializes <see cref="IControlMessage"/> by Hyperion. Only those messages and what they are made of are ever instantiated: a name of any other type in the bytes
/// is refused before the type is looked for.
/// </summary>
/// <remarks>
/// Hyperion writes fields in order of their names and does not tolerate others: while nodes of two versions run side by side, a message that changes gets a
/// new name (docs/decisions/0020-control-messages-are-frozen.md). Nothing that is kept is written by this serializer.
/// </remarks>
public sealed class ControlSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Frozen: nodes of neighbouring versions share it.</summary>
    public const int Id = 1918;

    private const string ControlManifest = "h1";

    // Thread-safe and costly to make: it compiles a reader and a writer for every type.
    private static readonly Lazy<Hyperion.Serializer> s_hyperion = new(() => new Hyperion.Serializer(new SerializerOptions(
        versionTolerance: false,
        preserveObjectReferences: false,
        surrogates: ControlSurrogates.All,
        serializerFactories: null,
        knownTypes: null,
        ignoreISerializable: true,
        packageNameOverrides: null,
        disallowUnsafeTypes: true,
        typeFilter: ControlTypeFilter.Instance)));

    public override int Identifier => Id;

    public override string Manifest(object o) => o is IControlMessage
        ? ControlManifest
        : throw new ArgumentException($"{o.GetType()} is not for this serializer", nameof(o));

    public override byte[] ToBinary(object obj) => Encode(obj);

    /// <exception cref="System.Runtime.Serialization.SerializationException">The bytes name a type that is not allowed, or are no control message.</exception>
    public override object FromBinary(byte[] bytes, string manifest) =>
        manifest == ControlManifest ? Decode(bytes) : throw new System.Runtime.Serialization.SerializationException($"manifest '{manifest}' is not known to this version");

    internal static byte[] Encode(object obj)
    {
        using var stream = new MemoryStream(256);
        s_hyperion.Value.Serialize(obj, stream);
        return stream.ToArray();
    }

    /// <exception cref="System.Runtime.Serialization.SerializationException">The bytes name a type that is not allowed, or are no control message.</exception>
    internal static IControlMessage Decode(byte[] bytes)
    {
        try
        {
            using var stream = new MemoryStream(bytes, writable: false);
            var message = s_hyperion.Value.Deserialize(stream) as IControlMessage
                ?? throw new System.Runtime.Serialization.SerializationException("not a control message");
            // A field more than this version knows has moved the values of those behind it.
            return stream.Position == stream.Length ? message : throw new System.Runtime.Serialization.SerializationException($"a {message.GetType().Name} of another version");
        }
        catch (Exception e) when (e is not System.Runtime.Serialization.SerializationException)
        {
            throw new System.Runtime.Serialization.SerializationException($"a control message cannot be read: {e.Message}", e);
        }
    }
}
