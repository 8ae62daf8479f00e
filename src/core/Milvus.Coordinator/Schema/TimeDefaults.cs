using Milvus.Model;

namespace Milvus.Coordinator.Schema;

/// <summary>Default values of Timestamptz fields come as text and are kept as microseconds.</summary>
internal static class TimeDefaults
{
    /// <param name="zone">IANA name; of texts without an offset.</param>
    /// <exception cref="MilvusException">1100: a default is no time.</exception>
    public static CollectionSchema Resolve(CollectionSchema draft, string? zone)
    {
        if (!draft.Fields.Any(IsText)) return draft;
        return draft.With(fields: [.. draft.Fields.Select(f => Resolve(f, zone))]);
    }

    /// <exception cref="MilvusException">1100: the default is no time.</exception>
    public static FieldSchema Resolve(FieldSchema field, string? zone)
    {
        if (!IsText(field)) return field;
        var text = ((Literal.Text)field.Default!).Value;
        return TimestampText.TryParse(text, TimestampText.Zone(zone), out var microseconds)
            ? field with { Default = new Literal.Int(microseconds) }
            : throw MilvusException.InvalidParameter($"invalid timestamp string: '{text}'. Does not match any known format");
    }

    private static bool IsText(FieldSchema field) => field is { Type: DataType.Timestamptz, Default: Literal.Text };
}
