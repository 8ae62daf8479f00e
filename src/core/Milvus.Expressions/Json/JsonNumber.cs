using System.Text.Json;

namespace Milvus.Expressions.Json;

/// <summary>A number of a JSON text or of an expression, compared by value: 64-bit integers lose nothing against doubles.</summary>
internal readonly struct JsonNumber : IComparable<JsonNumber>
{
    private readonly double _double;
    private readonly long _long;

    public JsonNumber(long value)
    {
        IsInteger = true;
        _long = value;
        _double = value;
    }

    /// <summary>Integral doubles within the range of Int64 become integers, so that equal values have one form.</summary>
    public JsonNumber(double value)
    {
        if (value is >= -9223372036854775808.0 and < 9223372036854775808.0 && Math.Truncate(value) == value)
        {
            IsInteger = true;
            _long = (long)value;
        }
        _double = value;
    }

    /// <summary>The value is integral and fits Int64, however it was spelled.</summary>
    public bool IsInteger { get; }

    public long Integer => _long;

    public double Double => _double;

    public static JsonNumber Read(ref Utf8JsonReader reader) =>
        reader.TryGetInt64(out var integer) ? new JsonNumber(integer) : new JsonNumber(reader.GetDouble());

    public int CompareTo(JsonNumber other)
    {
        if (IsInteger) return other.IsInteger ? _long.CompareTo(other._long) : Compare(_long, other._double);
        return other.IsInteger ? -Compare(other._long, _double) : _double.CompareTo(other._double);
    }

    /// <summary>Compares the exact values; <paramref name="real"/> is not NaN.</summary>
    public static int Compare(long integer, double real)
    {
        if (real >= 9223372036854775808.0) return -1;
        if (real < -9223372036854775808.0) return 1;
        var whole = (long)real;
        return integer != whole ? integer.CompareTo(whole) : 0.0.CompareTo(real - whole);
    }
}
