using System.Collections.Immutable;
using System.Globalization;
using Milvus.Model;

namespace Milvus.Coordinator.Indexes;

internal enum ParamKind
{
    Int,
    Float,
    Bool,

    /// <summary>A number as FAISS takes it: the text of one will do as well.</summary>
    Number,

    /// <summary>One of <see cref="ParamSpec.Choices"/>, in any casing.</summary>
    Choice,

    Text,
}

/// <summary>One parameter of an index type: its kind and range.</summary>
internal sealed record ParamSpec(string Name, ParamKind Kind)
{
    /// <summary>Smallest and largest value, inclusive.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>The upper bound itself is outside.</summary>
    public bool MaxExclusive { get; init; }

    public bool Required { get; init; }

    public ImmutableArray<string> Choices { get; init; } = [];

    /// <summary>The message for a value that is none of the choices.</summary>
    public Func<string, string>? ChoiceError { get; init; }

    public static ParamSpec Int(string name, long min, long max = int.MaxValue, bool required = false) =>
        new(name, ParamKind.Int) { Min = min, Max = max, Required = required };

    public static ParamSpec Float(string name, double min, double max = float.MaxValue, bool maxExclusive = false) =>
        new(name, ParamKind.Float) { Min = min, Max = max, MaxExclusive = maxExclusive };

    public static ParamSpec Bool(string name) => new(name, ParamKind.Bool);

    public static ParamSpec Text(string name, bool required = false) => new(name, ParamKind.Text) { Required = required };

    /// <summary>Checks a value given as text, which is how index parameters arrive.</summary>
    /// <exception cref="MilvusException">1100 with the engine's texts.</exception>
    public void Check(string value)
    {
        switch (Kind)
        {
            case ParamKind.Int:
                CheckRange(ParseInt(value), value.Trim());
                break;
            case ParamKind.Float:
                CheckReal(ParseFloat(value));
                break;
            case ParamKind.Number:
                if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number)) throw NoNumber(value);
                CheckReal(number);
                break;
            case ParamKind.Bool:
                if (!value.Equals("true", StringComparison.OrdinalIgnoreCase) && !value.Equals("false", StringComparison.OrdinalIgnoreCase))
                    throw MilvusException.InvalidParameter($"Type conflict in json: param '{Name}' (\"{value}\") should be a boolean");
                break;
            case ParamKind.Choice:
                if (!Choices.Contains(value, StringComparer.OrdinalIgnoreCase))
                    throw MilvusException.InvalidParameter(ChoiceError?.Invoke(value) ?? $"invalid value '{value}' of param '{Name}', supported: [{string.Join(" ", Choices)}]");
                break;
        }
    }

    /// <summary>Checks a value given as a JSON number, which is how search parameters arrive.</summary>
    public void CheckNumber(string rawNumber)
    {
        switch (Kind)
        {
            case ParamKind.Int:
                if (!long.TryParse(rawNumber, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n))
                    throw MilvusException.InvalidParameter($"Type conflict in json: param '{Name}' ({rawNumber}) should be integer");
                CheckRange(n, rawNumber);
                break;
            case ParamKind.Float or ParamKind.Number:
                CheckReal(double.Parse(rawNumber, CultureInfo.InvariantCulture));
                break;
            case ParamKind.Bool:
                throw MilvusException.InvalidParameter($"Type conflict in json: param '{Name}' ({rawNumber}) should be a boolean");
            default:
                Check(rawNumber);
                break;
        }
    }

    // The engine shows a real number as one, however it was written.
    private void CheckReal(double value) =>
        CheckRange(value, value == Math.Truncate(value) && Math.Abs(value) < 1e15 ? value.ToString("0.0", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture));

    private void CheckRange(double value, string shown)
    {
        if (value >= Min && (MaxExclusive ? value < Max : value <= Max)) return;
        throw MilvusException.InvalidParameter($"Out of range in json: param '{Name}' ({shown}) should be in range [{Show(Min)}, {Show(Max)}{(MaxExclusive ? ')' : ']')}");
    }

    /// <summary>The refusal of a value that is no number where FAISS wants one.</summary>
    public MilvusException NoNumber(string value) => MilvusException.InvalidParameter($"param '{Name}' expects a number, but got {value}");

    private string Show(double bound) => Kind == ParamKind.Int
        ? ((long)bound).ToString(CultureInfo.InvariantCulture)
        : bound.ToString("F6", CultureInfo.InvariantCulture);

    // The engine reads as many digits as there are: none is "invalid integer", some left over is "wrong data type".
    private long ParseInt(string value)
    {
        var text = value.AsSpan().TrimStart();
        var digits = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        var start = digits;
        while (digits < text.Length && char.IsAsciiDigit(text[digits])) digits++;
        if (digits == start) throw MilvusException.InvalidParameter($"invalid integer value, key: '{Name}', value: '{value}'");
        if (digits < text.Length) throw MilvusException.InvalidParameter($"wrong data type in json, key: '{Name}', value: '{value}'");
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n)
            ? n
            : throw MilvusException.InvalidParameter($"integer value out of range, key: '{Name}', value: '{value}'");
    }

    private double ParseFloat(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && !double.IsNaN(d)
            ? d
            : throw MilvusException.InvalidParameter($"invalid float value, key: '{Name}', value: '{value}'");
}
