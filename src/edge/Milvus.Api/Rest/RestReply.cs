using System.Text.Json;

namespace Milvus.Api.Rest;

/// <summary>A successful answer: writes the value of <c>data</c>, and members that stand beside it.</summary>
internal sealed record RestReply(Action<Utf8JsonWriter> Data)
{
    /// <summary>Nothing to say beyond success.</summary>
    public static readonly RestReply Empty = new(static w =>
    {
        w.WriteStartObject();
        w.WriteEndObject();
    });

    /// <summary>Members beside <c>code</c> and <c>data</c>, such as <c>cost</c>.</summary>
    public Action<Utf8JsonWriter>? Beside { get; init; }

    /// <summary>True for the one endpoint whose answer has no envelope.</summary>
    public bool IsBare { get; init; }

    public static RestReply Names(IEnumerable<string> names) => new(w =>
    {
        w.WriteStartArray();
        foreach (var n in names) w.WriteStringValue(n);
        w.WriteEndArray();
    });

    public static RestReply Object(Action<Utf8JsonWriter> members) => new(w =>
    {
        w.WriteStartObject();
        members(w);
        w.WriteEndObject();
    });

    public static RestReply WithCost(Action<Utf8JsonWriter> data) => new(data) { Beside = static w => w.WriteNumber("cost", 0) };
}
