using System.Text;

namespace Milvus.Actors.Tests.Serialization;

/// <summary>
/// While a cluster is updated, nodes of two versions talk. Hyperion reads a message only in exactly the shape in which it was written, so shapes are frozen: see docs/decisions/0020-control-messages-are-frozen.md.
/// </summary>
public sealed class ControlShapesTests
{
    [Fact]
    public void The_shapes_of_control_messages_are_those_agreed_on()
    {
        var (frozen, current) = (ControlShapes.Frozen(), ControlShapes.Current);
        var problems = frozen.Except(current).Select(l => "- " + l).Concat(current.Except(frozen).Select(l => "+ " + l)).ToList();
        Assert.True(problems.Count == 0, $"""
            Control messages changed. A new type (+ only) gets its line in control-shapes.txt. A line that changes or goes breaks the update of a running cluster:
            once its version has been released, leave the type as it is and add another one. Until then, change the line.
            {string.Join('\n', problems)}
            """);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hyperion_tells_fields_apart_by_their_order_only_whatever_its_version_tolerance_is_said_to_be(bool tolerance)
    {
        var hyperion = new Hyperion.Serializer(new Hyperion.SerializerOptions(tolerance, false, null, null, null, true, null, true, null));
        // The bytes of one version under the name of the other.
        var older = Rename(Write(hyperion, new Older.Sample("a", "c")), "Older", "Newer");
        var newer = Rename(Write(hyperion, new Newer.Sample("a", "b", "c")), "Newer", "Older");
        Assert.ThrowsAny<Exception>(() => hyperion.Deserialize(new MemoryStream(older)));
        // Not an error, and worse: C has the value of B. Only what is left over tells.
        using var stream = new MemoryStream(newer);
        Assert.Equal(new Older.Sample("a", "b"), hyperion.Deserialize(stream));
        Assert.True(stream.Position < stream.Length);
    }

    private static byte[] Write(Hyperion.Serializer hyperion, object value)
    {
        using var stream = new MemoryStream();
        hyperion.Serialize(value, stream);
        return stream.ToArray();
    }

    private static byte[] Rename(byte[] bytes, string from, string to) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(bytes).Replace(from, to, StringComparison.Ordinal));

    public static class Older
    {
        public sealed record Sample(string A, string C);
    }

    public static class Newer
    {
        public sealed record Sample(string A, string B, string C);
    }
}
