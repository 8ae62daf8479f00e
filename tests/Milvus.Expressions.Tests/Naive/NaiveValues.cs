using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Expressions.Tests.Naive;

/// <summary>
/// The semantics of the language on single values, written from the reference alone and as plainly as possible. Values are boxed: long,
/// double, float, bool, string, arrays, or <see cref="JsonElement"/>. Null stands for unknown.
/// </summary>
internal static class NaiveValues
{
    private static readonly ConcurrentDictionary<string, JsonElement> Documents = new();

    public static bool? And(IEnumerable<bool?> parts)
    {
        bool? result = true;
        foreach (var p in parts)
        {
            if (p == false) return false;
            if (p is null) result = null;
        }
        return result;
    }

    public static bool? Or(IEnumerable<bool?> parts)
    {
        bool? result = false;
        foreach (var p in parts)
        {
            if (p == true) return true;
            if (p is null) result = null;
        }
        return result;
    }

    public static bool? Not(bool? value) => value is null ? null : !value;

    public static bool Holds(string op, int order) => op switch
    {
        "==" => order == 0,
        "!=" => order != 0,
        "<" => order < 0,
        "<=" => order <= 0,
        ">" => order > 0,
        ">=" => order >= 0,
        _ => throw new ArgumentException(op),
    };

    public static string Mirror(string op) => op switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", _ => op };

    /// <summary>Exact comparison of numbers.</summary>
    public static int CompareNumbers(object a, object b)
    {
        var (x, xFraction) = Split(a);
        var (y, yFraction) = Split(b);
        return x != y ? x.CompareTo(y) : xFraction.CompareTo(yFraction);
    }

    public static int CompareText(string a, string b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));

    /// <summary>Comparison of a typed value with a literal; float columns give the literal their precision.</summary>
    public static bool? Compare(string op, object? value, Literal literal)
    {
        switch (value, literal)
        {
            case (null, _): return null;
            case (string s, Literal.Text t): return Holds(op, CompareText(s, t.Value));
            case (bool b, Literal.Bool l): return Holds(op, b.CompareTo(l.Value));
            case (float f, _): return Holds(op, f.CompareTo((float)Convert.ToDouble(Number(literal), CultureInfo.InvariantCulture)));
            case (double d, _): return Holds(op, d.CompareTo(Convert.ToDouble(Number(literal), CultureInfo.InvariantCulture)));
            default: return Holds(op, CompareNumbers(value, Number(literal)));
        }
    }

    public static object Number(Literal literal) => literal switch
    {
        Literal.Int i => (object)i.Value,
        Literal.Float f => f.Value,
        _ => throw new ArgumentException(literal.ToString()),
    };

    /// <summary>The value at a path, or null when the row or the path has none.</summary>
    public static JsonElement? Find(object? text, string[] path)
    {
        if (text is null) return null;
        var at = Documents.GetOrAdd((string)text, static t => JsonDocument.Parse(t).RootElement);
        foreach (var key in path)
        {
            if (at.ValueKind == JsonValueKind.Object)
            {
                if (!at.TryGetProperty(key, out at)) return null;
            }
            else if (at.ValueKind == JsonValueKind.Array && int.TryParse(key, out var index) && index < at.GetArrayLength()) at = at[index];
            else return null;
        }
        return at;
    }

    public static object JsonNumber(JsonElement e)
    {
        var raw = e.GetRawText();
        return raw.AsSpan().IndexOfAny(".eE") < 0 && long.TryParse(raw, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var l) ? (object)l : e.GetDouble();
    }

    public static bool? CompareJson(string op, JsonElement? found, Literal literal)
    {
        if (found is not { } value) return null;
        return (value.ValueKind, literal) switch
        {
            (JsonValueKind.Number, Literal.Int or Literal.Float) => Holds(op, CompareNumbers(JsonNumber(value), Number(literal))),
            (JsonValueKind.String, Literal.Text t) => Holds(op, CompareText(value.GetString()!, t.Value)),
            (JsonValueKind.True or JsonValueKind.False, Literal.Bool b) => Holds(op, value.GetBoolean().CompareTo(b.Value)),
            (JsonValueKind.Array, Literal.List) => JsonEquals(value, literal) == (op == "=="),
            _ => null,
        };
    }

    public static bool JsonEquals(JsonElement value, Literal literal)
    {
        switch (literal)
        {
            case Literal.List list:
                if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() != list.Items.Length) return false;
                return value.EnumerateArray().Zip(list.Items).All(p => JsonEquals(p.First, p.Second));
            case Literal.Text t: return value.ValueKind == JsonValueKind.String && value.GetString() == t.Value;
            case Literal.Bool b: return value.ValueKind == (b.Value ? JsonValueKind.True : JsonValueKind.False);
            default: return value.ValueKind == JsonValueKind.Number && CompareNumbers(JsonNumber(value), Number(literal)) == 0;
        }
    }

    /// <summary>Unknown unless some literal is of the value's kind.</summary>
    public static bool? JsonIn(object? row, JsonElement? found, IReadOnlyList<Literal> list)
    {
        if (row is null) return null;
        if (list.Count == 0) return false;
        return found is { } value ? Or(list.Select(l => CompareJson("==", value, l)).Where(c => c is not null).DefaultIfEmpty(null)) : null;
    }

    public static bool Exists(JsonElement? found)
    {
        if (found is not { } value) return false;
        return value.ValueKind switch
        {
            JsonValueKind.Null => false,
            JsonValueKind.Object => value.EnumerateObject().Any(p => Exists(p.Value)),
            JsonValueKind.Array => value.EnumerateArray().Any(e => Exists(e)),
            _ => true,
        };
    }

    /// <summary>like by trying every way, over characters (not UTF-16 units).</summary>
    public static bool Like(string text, string pattern)
    {
        var t = text.EnumerateRunes().ToArray();
        var p = pattern.EnumerateRunes().ToArray();
        bool Match(int i, int k)
        {
            if (k == p.Length) return i == t.Length;
            if (p[k].Value == '%') return Enumerable.Range(i, t.Length - i + 1).Any(n => Match(n, k + 1));
            if (i == t.Length) return false;
            if (p[k].Value == '_') return Match(i + 1, k + 1);
            if (p[k].Value == '\\') k++;
            return t[i] == p[k] && Match(i + 1, k + 1);
        }
        return Match(0, 0);
    }

    /// <summary>column op operand on integers without width.</summary>
    public static BigInteger Arithmetic(string op, BigInteger a, BigInteger b) => op switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => BigInteger.Divide(a, b),
        "%" => BigInteger.Remainder(a, b),
        "&" => a & b,
        "|" => a | b,
        "^" => a ^ b,
        _ => throw new ArgumentException(op),
    };

    public static double Arithmetic(string op, double a, double b) => op switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        _ => throw new ArgumentException(op),
    };

    public static float Arithmetic(string op, float a, float b) => op switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        _ => throw new ArgumentException(op),
    };

    private static (BigInteger Whole, double Fraction) Split(object number) => number switch
    {
        BigInteger b => (b, 0),
        double d => (new BigInteger(Math.Floor(d)), d - Math.Floor(d)),
        float f => Split((double)f),
        bool b => (b ? 1 : 0, 0),
        _ => (new BigInteger(Convert.ToInt64(number, CultureInfo.InvariantCulture)), 0),
    };
}
