using System.Text.Json;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Kernels;
using Milvus.Expressions.Matching;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Json;

internal enum Truth
{
    False,
    True,
    Unknown,
}

/// <summary>A three-valued test of the JSON value whose first token the reader stands on. Immutable and thread-safe.</summary>
internal abstract class JsonTest
{
    public abstract Truth Test(ref Utf8JsonReader reader, FilterScratch scratch);

    /// <summary>The outcome where the path leads nowhere.</summary>
    public virtual Truth Missing => Truth.Unknown;

    /// <summary>What the test asks of an index whose values were cast; null when it needs other values than those.</summary>
    public virtual IndexQuery? Ask(JsonCast cast) => null;

    protected static Truth Of(bool value) => value ? Truth.True : Truth.False;
}

/// <summary>Strings as UTF-8 without escapes.</summary>
internal static class JsonText
{
    public static ReadOnlySpan<byte> Unescape(ref Utf8JsonReader reader, FilterScratch scratch)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        var buffer = scratch.Text(reader.ValueSpan.Length);
        return buffer[..reader.CopyString(buffer)];
    }
}

/// <summary>value op number, by exact numeric value.</summary>
internal sealed class JsonNumberTest(JsonNumber? low, bool lowInclusive, JsonNumber? high, bool highInclusive) : JsonTest
{
    public override Truth Test(ref Utf8JsonReader reader, FilterScratch scratch)
    {
        if (reader.TokenType != JsonTokenType.Number) return Truth.Unknown;
        var value = JsonNumber.Read(ref reader);
        return Of(Contains(value, low, lowInclusive, high, highInclusive));
    }

    public override IndexQuery? Ask(JsonCast cast) => cast == JsonCast.Double ? new(new JsonNumberRange(low, lowInclusive, high, highInclusive)) : null;

    public static bool Contains(JsonNumber value, JsonNumber? low, bool lowInclusive, JsonNumber? high, bool highInclusive)
    {
        if (low is { } l && value.CompareTo(l) is var a && (a < 0 || (a == 0 && !lowInclusive))) return false;
        return high is not { } h || value.CompareTo(h) is var b && (b < 0 || (b == 0 && highInclusive));
    }
}

/// <summary>Strings within bounds in byte order.</summary>
internal sealed class JsonTextTest(TextInterval interval) : JsonTest
{
    public override Truth Test(ref Utf8JsonReader reader, FilterScratch scratch) =>
        reader.TokenType == JsonTokenType.String ? Of(interval.Contains(JsonText.Unescape(ref reader, scratch))) : Truth.Unknown;

    public override IndexQuery? Ask(JsonCast cast) => cast == JsonCast.Text ? new(new TextRange(interval)) : null;
}

/// <summary>value op boolean, false before true.</summary>
internal sealed class JsonBoolTest(CompareOp op, bool literal) : JsonTest
{
    public override Truth Test(ref Utf8JsonReader reader, FilterScratch scratch) =>
        reader.TokenType is JsonTokenType.True or JsonTokenType.False ? Of(op.Holds(reader.GetBoolean().CompareTo(literal))) : Truth.Unknown;

    public override IndexQuery? Ask(JsonCast cast) =>
        cast == JsonCast.Bool ? new(new NumberSet([.. new[] { 0L, 1L }.Where(v => op.Holds(v.CompareTo(literal ? 1 : 0)))])) : null;
}

/// <summary>Whole arrays; numbers in them compare by value, objects equal nothing.</summary>
internal sealed class JsonArrayTest(Literal.List literal) : JsonTest
{
    private readonly JsonEquality _equality = new(literal);

    public override Truth Test(ref Utf8JsonReader reader, FilterScratch scratch) =>
        reader.TokenType == JsonTokenType.StartArray ? Of(_equality.Matches(ref reader)) : Truth.Unknown;
}

/// <summary>like, =~ and functions on strings.</summary>
internal sealed class JsonTextMatchTest(TextTest test) : JsonTest
{
    public override Truth Test(ref Utf8JsonReader reader, FilterScratch scratch) =>
        reader.TokenType == JsonTokenType.String ? Of(test.IsMatch(JsonText.Unescape(ref reader, scratch), scratch)) : Truth.Unknown;

    public TextTest Text => test;

    public override IndexQuery? Ask(JsonCast cast) => cast == JsonCast.Text ? new(new TextPattern(test)) : null;
}

/// <summary>Low ≤ number of elements ≤ High. What is no array counts as an empty one, and so does what is not there.</summary>
internal sealed class JsonLengthTest(long low, long high) : JsonTest
{
    public override Truth Missing => Of(low <= 0 && high >= 0);

    public override Truth Test(ref Utf8JsonReader reader, FilterScratch scratch)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return Missing;
        long n = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            n++;
            reader.Skip();
        }
        return Of(n >= low && n <= high);
    }
}

/// <summary>
/// value op operand cmp constant. With three integers the arithmetic is exact on integers (division truncates), otherwise it is done in
/// doubles. Remainder and bits need an integral value.
/// </summary>
internal sealed class JsonArithmeticTest(ArithmeticOp op, JsonOperand operand, CompareOp compare, JsonOperand constant) : JsonTest
{
    public override Truth Test(ref Utf8JsonReader reader, FilterScratch scratch)
    {
        if (reader.TokenType != JsonTokenType.Number) return Truth.Unknown;
        var isInteger = reader.TryGetInt64(out var integer);
        if (op.IsIntegral())
        {
            if (!isInteger)
            {
                var number = new JsonNumber(reader.GetDouble());
                if (!number.IsInteger) return Truth.Unknown;
                integer = number.Integer;
            }
            return Of(compare.Holds(new JsonNumber(Integral(integer)).CompareTo(constant.Number)));
        }
        if (isInteger && operand.IsInteger && constant.IsInteger)
            return Of(compare.Holds(Exact(integer).CompareTo((Int128)constant.Number.Integer)));
        var value = isInteger ? integer : reader.GetDouble();
        var (a, b) = (Real(value), constant.Number.Double);
        return Of(double.IsNaN(a) ? compare == CompareOp.NotEqual : compare.Holds(a.CompareTo(b)));
    }

    private long Integral(long value)
    {
        var right = operand.Number.Integer;
        return op switch
        {
            ArithmeticOp.BitAnd => value & right,
            ArithmeticOp.BitOr => value | right,
            ArithmeticOp.BitXor => value ^ right,
            _ => right == -1 ? 0 : value % right,
        };
    }

    private Int128 Exact(Int128 value)
    {
        Int128 right = operand.Number.Integer;
        return op switch
        {
            ArithmeticOp.Add => value + right,
            ArithmeticOp.Subtract => value - right,
            ArithmeticOp.Multiply => value * right,
            _ => value / right,
        };
    }

    private double Real(double value)
    {
        var right = operand.Number.Double;
        return op switch
        {
            ArithmeticOp.Add => value + right,
            ArithmeticOp.Subtract => value - right,
            ArithmeticOp.Multiply => value * right,
            _ => value / right,
        };
    }
}

/// <param name="IsInteger">Written as an integer, which decides between integer and real arithmetic.</param>
internal readonly record struct JsonOperand(JsonNumber Number, bool IsInteger);

/// <summary>
/// in [...] over literals of any types. False only for a value that at least one literal is comparable with, else unknown.
/// </summary>
internal sealed class JsonTermTest(IReadOnlyList<Literal> literals) : JsonTest
{
    private readonly JsonValueSet _set = new(literals);

    public override IndexQuery? Ask(JsonCast cast) => JsonKeys.Of(literals, cast) is { } keys ? new(keys) : null;

    public override Truth Test(ref Utf8JsonReader reader, FilterScratch scratch)
    {
        if (!_set.Accepts(reader.TokenType)) return Truth.Unknown;
        return Of(_set.Contains(ref reader, scratch));
    }
}

/// <summary>json_contains, _any and _all: searches the elements of an array; unknown for what is no array.</summary>
internal sealed class JsonContainsTest(ContainsKind kind, IReadOnlyList<Literal> literals) : JsonTest
{
    private readonly JsonValueSet _set = new(literals);
    private readonly JsonEquality[] _each = kind == ContainsKind.All ? [.. literals.Distinct().Select(l => new JsonEquality(l))] : [];

    public override Truth Test(ref Utf8JsonReader reader, FilterScratch scratch)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return Truth.Unknown;
        if (kind == ContainsKind.All)
        {
            foreach (var literal in _each)
            {
                var elements = reader;
                if (!HasElement(ref elements, literal)) return Truth.False;
            }
            return Truth.True;
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var element = reader;
            if (_set.Contains(ref element, scratch)) return Truth.True;
            reader.Skip();
        }
        return Truth.False;
    }

    public override IndexQuery? Ask(JsonCast cast)
    {
        var element = cast switch
        {
            JsonCast.BoolArray => JsonCast.Bool,
            JsonCast.DoubleArray => JsonCast.Double,
            JsonCast.TextArray => JsonCast.Text,
            _ => JsonCast.None,
        };
        // Rounded numbers make an index inexact as a whole, so no key may be missing from the list.
        if (element == JsonCast.None || JsonKeys.Of(literals, element) is null) return null;
        return IndexQuery.Elements(literals, kind, values => JsonKeys.Of(values, element)!);
    }

    private static bool HasElement(ref Utf8JsonReader reader, JsonEquality literal)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var element = reader;
            if (literal.Matches(ref element)) return true;
            reader.Skip();
        }
        return false;
    }
}
