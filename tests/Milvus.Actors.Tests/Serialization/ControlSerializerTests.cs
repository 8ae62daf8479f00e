using System.Runtime.Serialization;
using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Actors.Serialization;
using Milvus.Coordinator.Commands;

namespace Milvus.Actors.Tests.Serialization;

public sealed class ControlSerializerTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("serialization", SerializationConfig.Load());

    public static TheoryData<Type> Messages => [.. Concrete(typeof(IControlMessage), typeof(IControlMessage))];

    public static TheoryData<Type> Commands => [.. Concrete(typeof(CoordinatorCommand), typeof(CoordinatorCommand))];

    public void Dispose() => _system.Terminate().GetAwaiter().GetResult();

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_message_survives_the_way(Type type)
    {
        foreach (var isFull in (bool[])[true, false])
        {
            var sent = Samples.Make(type, isFull);
            var received = Roundtrip(sent);
            Assert.IsType(type, received);
            Assert.Equal(Samples.Describe(sent), Samples.Describe(received));
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_survives_the_way(Type type)
    {
        foreach (var isFull in (bool[])[true, false])
        {
            var sent = (CoordinatorCommand)Samples.Make(type, isFull);
            var received = Assert.IsType<ExecuteCommand>(Roundtrip(new ExecuteCommand(sent)));
            Assert.IsType(type, received.Command);
            Assert.Equal(Samples.Describe(sent), Samples.Describe(received.Command));
        }
    }

    [Fact]
    public void A_schema_on_the_other_side_finds_its_fields()
    {
        var sent = (CreateCollection)Samples.Make(typeof(CreateCollection), isFull: true);
        var received = (CreateCollection)((ExecuteCommand)Roundtrip(new ExecuteCommand(sent))).Command;
        Assert.Equal(sent.Schema.Fields[0], received.Schema.Find(sent.Schema.Fields[0].Name));
        Assert.Equal(sent.Schema.PrimaryKey, received.Schema.PrimaryKey);
    }

    [Fact]
    public void Only_control_messages_are_read()
    {
        // A serializer without a filter writes what an intruder would.
        var unfiltered = new Hyperion.Serializer(new Hyperion.SerializerOptions(false, false, null, null, null, true, null, false, null));
        object[] foreign =
        [
            new FileInfo("file"), new Uri("http://localhost"), new List<string> { "a" }, new Dictionary<string, object>(), new Exception("e"), typeof(string), "text", 5L,
            new Foreign(), new object[] { new FileInfo("file") }, new Milvus.Model.IntegrityException("a", "b"),
        ];
        foreach (var value in foreign)
        {
            using var stream = new MemoryStream();
            unfiltered.Serialize(value, stream);
            Assert.Throws<SerializationException>(() => Serializer().FromBinary(stream.ToArray(), "h1"));
        }
    }

    [Fact]
    public void A_foreign_type_inside_a_message_is_refused()
    {
        Assert.False(ControlTypeFilter.Instance.IsAllowed(typeof(FileInfo).AssemblyQualifiedName!));
        Assert.False(ControlTypeFilter.Instance.IsAllowed(typeof(Foreign).AssemblyQualifiedName!));
        Assert.True(ControlTypeFilter.Instance.IsAllowed(typeof(LocateChannel).AssemblyQualifiedName!));
        Assert.All(ControlTypeFilter.Instance.Types, t => Assert.True(
            t.IsPrimitive || t.IsEnum || t == typeof(string) || t.IsArray || Nullable.GetUnderlyingType(t) is not null
            || t.Namespace == "System.Collections.Immutable" || t.Namespace!.StartsWith("Milvus.", StringComparison.Ordinal), $"{t} may be instantiated"));
        Assert.Throws<SerializationException>(() => Serializer().FromBinary([255, 1, 2, 3], "h1"));
        Assert.Throws<SerializationException>(() => Serializer().FromBinary([], "h1"));
    }

    [Fact]
    public void Another_manifest_is_refused() =>
        Assert.Throws<SerializationException>(() => Serializer().FromBinary(Serializer().ToBinary(new WakeChannel(1, 2)), "h2"));

    [Fact]
    public void A_message_with_more_in_it_than_is_known_is_refused() =>
        Assert.Throws<SerializationException>(() => Serializer().FromBinary([.. Serializer().ToBinary(new WakeChannel(1, 2)), 0], "h1"));

    [Fact]
    public void Many_threads_may_begin_at_once()
    {
        // The first use of a type compiles its reader and writer.
        Parallel.ForEach(Concrete(typeof(CoordinatorCommand), typeof(CoordinatorCommand)).Concat(Concrete(typeof(CoordinatorCommand), typeof(CoordinatorCommand))), type =>
            Assert.IsType<ExecuteCommand>(Roundtrip(new ExecuteCommand((CoordinatorCommand)Samples.Make(type, isFull: true)))));
    }

    private static IEnumerable<Type> Concrete(Type of, Type assembly) =>
        assembly.Assembly.GetTypes().Where(t => t is { IsAbstract: false, IsInterface: false } && of.IsAssignableFrom(t)).OrderBy(t => t.Name, StringComparer.Ordinal);

    private ControlSerializer Serializer() => (ControlSerializer)_system.Serialization.FindSerializerForType(typeof(WakeChannel));

    private object Roundtrip(object message)
    {
        var serializer = Assert.IsType<ControlSerializer>(_system.Serialization.FindSerializerFor(message));
        return serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message));
    }

    public sealed record Foreign : IControlMessage;
}
