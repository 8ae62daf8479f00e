using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Json;

namespace Milvus.Expressions.Indexes.Queries;

/// <summary>Bounds of JSON numbers as bounds of doubles in <see cref="OrderedDouble"/>'s form.</summary>
internal static class JsonBounds
{
    /// <param name="rounded">The keys are values rounded to doubles, so that a bound has to admit what rounds to it.</param>
    public static (long Low, long High) Of(JsonNumberRange range, bool rounded)
    {
        var low = range.Low is { } l ? Low(l, range.LowInclusive || rounded, rounded) : double.NegativeInfinity;
        var high = range.High is { } h ? High(h, range.HighInclusive || rounded, rounded) : double.PositiveInfinity;
        return (OrderedDouble.Of(low), OrderedDouble.Of(high));
    }

    private static double Low(JsonNumber bound, bool inclusive, bool rounded)
    {
        var value = bound.Double;
        if (rounded) return value;
        var order = new JsonNumber(value).CompareTo(bound);
        return order < 0 || (order == 0 && !inclusive) ? Math.BitIncrement(value) : value;
    }

    private static double High(JsonNumber bound, bool inclusive, bool rounded)
    {
        var value = bound.Double;
        if (rounded) return value;
        var order = new JsonNumber(value).CompareTo(bound);
        return order > 0 || (order == 0 && !inclusive) ? Math.BitDecrement(value) : value;
    }
}
