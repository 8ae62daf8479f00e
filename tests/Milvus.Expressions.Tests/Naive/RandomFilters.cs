using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Milvus.Model;
using Row = System.Collections.Generic.IReadOnlyDictionary<string, object?>;

namespace Milvus.Expressions.Tests.Naive;

/// <summary>A filter as text, given how to spell constants, and as its meaning for one row.</summary>
internal sealed record NaiveFilter(Func<Func<Literal, string>, string> Text, Func<Row, bool?> Evaluate);

/// <summary>Filters over <see cref="Sample.Schema"/> of every kind the evaluator implements.</summary>
internal sealed class RandomFilters(Random random)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private static readonly string[] IntegerColumns = ["i8", "i16", "i32", "i", "j"];

    private readonly RandomRows _values = new(random);
    private readonly RandomSpecials _special = new(random);

    public NaiveFilter Make(int depth)
    {
        switch (depth > 0 ? random.Next(5) : 4)
        {
            case 0:
                var operand = Make(depth - 1);
                var not = Pick("not ", "!", "NOT ");
                return new(c => $"{not}({operand.Text(c)})", r => NaiveValues.Not(operand.Evaluate(r)));
            case 1 or 2 or 3:
                var parts = Enumerable.Range(0, random.Next(2, 5)).Select(_ => Make(depth - 1)).ToArray();
                var isAnd = random.Next(2) == 0;
                var word = isAnd ? Pick(" and ", " && ", " AND ") : Pick(" or ", " || ", " OR ");
                return new(
                    c => "(" + string.Join(word, parts.Select(p => p.Text(c))) + ")",
                    r => isAnd ? NaiveValues.And(parts.Select(p => p.Evaluate(r))) : NaiveValues.Or(parts.Select(p => p.Evaluate(r))));
            default:
                return Leaf();
        }
    }

    private string Pick(params string[] choices) => choices[random.Next(choices.Length)];

    private NaiveFilter Leaf() => random.Next(21) switch
    {
        0 => Comparison(),
        1 => Comparison(),
        2 => Range(),
        3 => Term(),
        4 => Like(),
        5 => Regex(),
        6 => NullTest(),
        7 => IntegerArithmetic(),
        8 => FloatArithmetic(),
        9 => Columns(),
        10 => ArrayElement(),
        11 => ArrayContains(),
        12 => ArrayWhole(),
        13 => JsonComparison(),
        14 => JsonTerm(),
        15 => JsonContainer(),
        16 => _special.Time(),
        17 => _special.Relation(),
        18 => _special.Match(),
        19 => _special.Fuzzy(),
        _ => JsonArithmetic(),
    };

    /// <summary>A scalar column with constants that suit it.</summary>
    private (string Name, Func<Literal> Constant) Scalar(bool ordered = false) => random.Next(ordered ? 5 : 6) switch
    {
        0 or 1 => (Pick(IntegerColumns), Integer),
        2 => ("f", Number),
        3 => ("d", Number),
        4 => (Pick("s", "t"), Text),
        _ => ("flag", Bool),
    };

    private Literal Integer() => new Literal.Int(_values.Integer());

    private Literal Number() => random.Next(2) == 0 ? new Literal.Float(_values.Real()) : new Literal.Int(random.Next(-4, 5));

    private Literal Text() => new Literal.Text(_values.Word());

    private Literal Bool() => new Literal.Bool(random.Next(2) == 0);

    private Literal Any(int depth = 1) => random.Next(depth > 0 ? 5 : 4) switch
    {
        0 => Integer(),
        1 => Number(),
        2 => Text(),
        3 => Bool(),
        _ => new Literal.List([.. Enumerable.Range(0, random.Next(3)).Select(_ => Any(depth - 1))]),
    };

    private ImmutableArray<Literal> Several(Func<Literal> one, int most = 5) => [.. Enumerable.Range(0, random.Next(most)).Select(_ => one())];

    private NaiveFilter Compare(string left, string op, Literal constant, Func<Row, string, bool?> evaluate)
    {
        var mirrored = random.Next(3) == 0;
        return new(c => mirrored ? $"{c(constant)} {NaiveValues.Mirror(op)} {left}" : $"{left} {op} {c(constant)}", r => evaluate(r, op));
    }

    private NaiveFilter Comparison()
    {
        var (name, make) = Scalar();
        var constant = make();
        return Compare(name, Pick(Comparisons), constant, (r, op) => NaiveValues.Compare(op, r[name], constant));
    }

    private NaiveFilter Range()
    {
        var (name, make) = Scalar(ordered: true);
        var (low, high) = (make(), make());
        var order = low is Literal.Text a ? NaiveValues.CompareText(a.Value, ((Literal.Text)high).Value) : NaiveValues.CompareNumbers(NaiveValues.Number(low), NaiveValues.Number(high));
        if (order > 0) (low, high) = (high, low);
        var (first, second) = order == 0 ? ("<=", "<=") : (Pick("<", "<="), Pick("<", "<="));
        var descending = random.Next(2) == 0;
        return new(
            c => descending ? $"{c(high)} {NaiveValues.Mirror(second)} {name} {NaiveValues.Mirror(first)} {c(low)}" : $"{c(low)} {first} {name} {second} {c(high)}",
            r => NaiveValues.And([NaiveValues.Compare(NaiveValues.Mirror(first), r[name], low), NaiveValues.Compare(second, r[name], high)]));
    }

    private NaiveFilter Term()
    {
        var (name, make) = Scalar();
        var list = new Literal.List(Several(make, random.Next(4) == 0 ? 40 : 5));
        return In(name, list, r => r[name] is null ? null : NaiveValues.Or(list.Items.Select(l => NaiveValues.Compare("==", r[name], l))));
    }

    private NaiveFilter In(string name, Literal.List list, Func<Row, bool?> evaluate)
    {
        var negated = random.Next(2) == 0;
        return new(c => $"{name} {(negated ? "not in" : "in")} {c(list)}", r => negated ? NaiveValues.Not(evaluate(r)) : evaluate(r));
    }

    private NaiveFilter Like()
    {
        var pattern = new StringBuilder();
        for (var i = random.Next(5); i >= 0; i--) pattern.Append(Pick("%", "_", "a", "b", "é", "😀", "\\%", "\\_", "x", "%", "\\\\", "ab", "\n"));
        var text = pattern.ToString();
        var constant = new Literal.Text(text);
        if (random.Next(3) == 0)
        {
            var (json, path, spelled) = JsonPlace();
            return new(c => $"{spelled} like {c(constant)}", r => NaiveValues.Find(r[json], path) is { ValueKind: JsonValueKind.String } e ? NaiveValues.Like(e.GetString()!, text) : null);
        }
        return random.Next(3) == 0
            ? new(c => $"arrs[1] like {c(constant)}", r => r["arrs"] is string[] { Length: > 1 } v ? NaiveValues.Like(v[1], text) : null)
            : new(c => $"s like {c(constant)}", r => r["s"] is string v ? NaiveValues.Like(v, text) : null);
    }

    private NaiveFilter Regex()
    {
        var pattern = Pick("a", "^a", "b$", "^ab$", "a.b", "a+b", "[ab]x*", "^[^a]", "(?i)AB", "a|x", "^.$", "^..$", "\\\\", "(a|b){2}", "\\s", "\\bx", "^(?:a|é)+$", "日.語", "^$");
        // Surrogate pairs count as two characters for the oracle's engine, so its dot is spelled out.
        var oracle = new Regex(pattern.Replace("[^a]", "(?:[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]|[^a\\uD800-\\uDFFF])").Replace(".", "(?:[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]|[^\\uD800-\\uDFFF])"), RegexOptions.Singleline | RegexOptions.CultureInvariant);
        var negated = random.Next(2) == 0;
        return new(
            _ => $"s {(negated ? "!~" : "=~")} r\"{pattern}\"",
            r => r["s"] is string v ? oracle.IsMatch(v) != negated : null);
    }

    private NaiveFilter NullTest()
    {
        var name = Pick("flag", "i8", "i", "f", "d", "s", "json", "arr", "arrs", "id", "ts");
        var isNull = random.Next(2) == 0;
        return new(_ => $"{name} {(isNull ? Pick("is null", "IS NULL") : Pick("is not null", "IS NOT NULL"))}", r => r[name] is null == isNull);
    }

    private NaiveFilter IntegerArithmetic()
    {
        var name = Pick([.. IntegerColumns, "arr[0]", "arr8[1]"]);
        var op = Pick("+", "-", "*", "/", "%", "&", "|", "^");
        var operand = random.Next(3) == 0 ? _values.Integer() : random.Next(-4, 5);
        if (operand == 0 && op is "/" or "%") operand = 3;
        var constant = Integer();
        var left = new Literal.Int(operand);
        var swapped = op is "+" or "*" && random.Next(2) == 0;
        var compare = Pick(Comparisons);
        return new(
            c => $"{(op is "&" or "|" or "^" ? "(" : "")}{(swapped ? $"{c(left)} {op} {name}" : $"{name} {op} {c(left)}")}{(op is "&" or "|" or "^" ? ")" : "")} {compare} {c(constant)}",
            r => Value(r, name) is { } v
                ? NaiveValues.Holds(compare, NaiveValues.CompareNumbers(NaiveValues.Arithmetic(op, new BigInteger(Convert.ToInt64(v, CultureInfo.InvariantCulture)), operand), NaiveValues.Number(constant)))
                : null);
    }

    private NaiveFilter FloatArithmetic()
    {
        var name = Pick("f", "d");
        var op = Pick("+", "-", "*", "/");
        var operand = Math.Round(random.NextDouble() * 4 + 0.1, 1);
        var constant = Number();
        var left = new Literal.Float(operand);
        var compare = Pick(Comparisons);
        return new(
            c => $"{name} {op} {c(left)} {compare} {c(constant)}",
            r => r[name] switch
            {
                null => null,
                float v => NaiveValues.Compare(compare, NaiveValues.Arithmetic(op, v, (float)operand), constant),
                var v => NaiveValues.Compare(compare, NaiveValues.Arithmetic(op, (double)v!, operand), constant),
            });
    }

    private NaiveFilter Columns()
    {
        var compare = Pick(Comparisons);
        if (random.Next(4) == 0)
            return new(_ => $"s {compare} t", r => r["s"] is string a && r["t"] is string b ? NaiveValues.Holds(compare, NaiveValues.CompareText(a, b)) : null);
        string[] numbers = [.. IntegerColumns, "f", "d"];
        var (left, right) = (Pick(numbers), Pick(numbers));
        return new(
            _ => $"{left} {compare} {right}",
            r => r[left] is { } a && r[right] is { } b ? NaiveValues.Holds(compare, NaiveValues.CompareNumbers(a, b)) : null);
    }

    private (string Name, Func<Literal> Constant) ArrayColumn() => random.Next(5) switch
    {
        0 => ("arr", Integer),
        1 => ("arr8", () => new Literal.Int(random.Next(10) == 0 ? 300 : random.Next(-3, 4))),
        2 => ("arrb", Bool),
        3 => ("arrd", Number),
        _ => ("arrs", Text),
    };

    private static object? Value(Row row, string name)
    {
        if (!name.EndsWith(']')) return row[name];
        var index = name[^2] - '0';
        return row[name[..^3]] is Array array && array.Length > index ? array.GetValue(index) : null;
    }

    private NaiveFilter ArrayElement()
    {
        var (array, make) = ArrayColumn();
        var name = $"{array}[{random.Next(5)}]";
        var constant = make();
        if (random.Next(3) > 0) return Compare(name, Pick(Comparisons), constant, (r, op) => NaiveValues.Compare(op, Value(r, name), constant));
        var list = new Literal.List(Several(make, 12).Add(constant));
        return In(name, list, r => Value(r, name) is { } v ? NaiveValues.Or(list.Items.Select(l => NaiveValues.Compare("==", v, l))) : null);
    }

    private NaiveFilter ArrayContains()
    {
        var (name, make) = ArrayColumn();
        bool Has(Array array, Literal literal) => array.Cast<object>().Any(e => NaiveValues.Compare("==", e, literal) == true);
        if (random.Next(3) == 0)
        {
            var one = make();
            return new(c => $"{Pick("array_contains", "json_contains", "ARRAY_CONTAINS")}({name}, {c(one)})", r => r[name] is Array v ? Has(v, one) : null);
        }
        var list = new Literal.List(Several(make));
        var all = random.Next(2) == 0;
        return new(
            c => $"array_contains_{(all ? "all" : "any")}({name}, {c(list)})",
            r => r[name] is Array v ? all ? list.Items.All(l => Has(v, l)) : list.Items.Any(l => Has(v, l)) : null);
    }

    private NaiveFilter ArrayWhole()
    {
        var (name, make) = ArrayColumn();
        if (random.Next(2) == 0)
        {
            var length = new Literal.Int(random.Next(-1, 6));
            return Compare($"array_length({name})", Pick(Comparisons), length, (r, op) => r[name] is Array v ? NaiveValues.Holds(op, ((long)v.Length).CompareTo(length.Value)) : null);
        }
        var list = new Literal.List(Several(make, 2).Add(make()));
        var equal = random.Next(2) == 0;
        return new(
            c => $"{name} {(equal ? "==" : "!=")} {c(list)}",
            r => r[name] is Array v
                ? (v.Length == list.Items.Length && v.Cast<object>().Zip(list.Items).All(p => NaiveValues.Compare("==", p.First, p.Second) == true)) == equal
                : null);
    }

    /// <summary>A JSON column, a path into it and the way both are written.</summary>
    private (string Column, string[] Path, string Text) JsonPlace()
    {
        var keys = Enumerable.Range(0, random.Next(1, 3)).Select(_ => Pick("x", "y", "0", "1", "A")).ToArray();
        string Brackets(IEnumerable<string> path) => string.Concat(path.Select(k => char.IsAsciiDigit(k[0]) && random.Next(2) == 0 ? $"[{k}]" : random.Next(2) == 0 ? $"[\"{k}\"]" : $"['{k}']"));
        switch (random.Next(5))
        {
            case 0: return ("json", [], "json");
            case 1:
                var name = Pick("A", "B");
                var rest = keys[1..];
                return ("$meta", [name, .. rest], name + Brackets(rest));
            case 2: return ("$meta", keys, "$meta" + Brackets(keys));
            default:
                var column = Pick("json", "a", "b");
                return (column, keys, column + Brackets(keys));
        }
    }

    private NaiveFilter JsonComparison()
    {
        var (column, path, text) = JsonPlace();
        if (random.Next(4) == 0)
        {
            var (low, high) = random.Next(2) == 0 ? ((Literal)new Literal.Int(random.Next(-5, 2)), (Literal)new Literal.Float(2.5)) : (new Literal.Text("a"), new Literal.Text("b"));
            return new(
                c => $"{c(low)} < {text} <= {c(high)}",
                r => NaiveValues.And([NaiveValues.CompareJson(">", NaiveValues.Find(r[column], path), low), NaiveValues.CompareJson("<=", NaiveValues.Find(r[column], path), high)]));
        }
        var constant = Any(2);
        var op = constant is Literal.List ? Pick("==", "!=") : Pick(Comparisons);
        return Compare(text, op, constant, (r, o) => NaiveValues.CompareJson(o, NaiveValues.Find(r[column], path), constant));
    }

    private NaiveFilter JsonTerm()
    {
        var (column, path, text) = JsonPlace();
        var list = new Literal.List(Several(() => Any()));
        return In(text, list, r => NaiveValues.JsonIn(r[column], NaiveValues.Find(r[column], path), list.Items));
    }

    private NaiveFilter JsonContainer()
    {
        var (column, path, text) = JsonPlace();
        JsonElement? Found(Row r) => NaiveValues.Find(r[column], path);
        bool Has(JsonElement array, Literal literal) => array.EnumerateArray().Any(e => NaiveValues.JsonEquals(e, literal));
        switch (random.Next(6))
        {
            case 0 when path.Length > 0:
                return new(_ => $"exists {text}", r => NaiveValues.Exists(Found(r)));
            case 1 when path.Length > 0:
                return new(_ => $"{text} is null", r => !NaiveValues.Exists(Found(r)));
            case 2 when path.Length > 0:
                return new(_ => $"{text} is not null", r => NaiveValues.Exists(Found(r)));
            case 3:
                var length = new Literal.Int(random.Next(0, 4));
                return Compare($"array_length({text})", Pick(Comparisons), length, (r, op) => r[column] is null ? null : NaiveValues.Holds(op, (Found(r) is { ValueKind: JsonValueKind.Array } e ? (long)e.GetArrayLength() : 0).CompareTo(length.Value)));
            case 4:
                var one = Any();
                return new(c => $"json_contains({text}, {c(one)})", r => Found(r) is { ValueKind: JsonValueKind.Array } e ? Has(e, one) : null);
            default:
                var list = new Literal.List(Several(() => Any(), 3));
                var all = random.Next(2) == 0;
                return new(
                    c => $"{Pick("json", "array")}_contains_{(all ? "all" : "any")}({text}, {c(list)})",
                    r => Found(r) is { ValueKind: JsonValueKind.Array } e ? all ? list.Items.All(l => Has(e, l)) : list.Items.Any(l => Has(e, l)) : null);
        }
    }

    private NaiveFilter JsonArithmetic()
    {
        var (column, path, text) = JsonPlace();
        var op = Pick("+", "-", "*", "/", "%", "&");
        var integral = op is "%" or "&";
        Literal operand = integral || random.Next(2) == 0 ? new Literal.Int(random.Next(1, 5)) : new Literal.Float(random.Next(1, 20) / 4.0);
        var constant = random.Next(2) == 0 ? new Literal.Int(random.Next(-3, 6)) : Number();
        var compare = Pick(Comparisons);
        return new(
            c => $"({text} {op} {c(operand)}) {compare} {c(constant)}",
            r =>
            {
                if (NaiveValues.Find(r[column], path) is not { ValueKind: JsonValueKind.Number } e) return null;
                var value = NaiveValues.JsonNumber(e);
                if (integral)
                {
                    if (value is double d)
                    {
                        if (Math.Floor(d) != d || d is >= 9223372036854775808.0 or < -9223372036854775808.0) return null;
                        value = (long)d;
                    }
                    return NaiveValues.Holds(compare, NaiveValues.CompareNumbers(NaiveValues.Arithmetic(op, new BigInteger((long)value), ((Literal.Int)operand).Value), NaiveValues.Number(constant)));
                }
                if (value is long l && operand is Literal.Int k && constant is Literal.Int)
                    return NaiveValues.Holds(compare, NaiveValues.CompareNumbers(NaiveValues.Arithmetic(op, new BigInteger(l), k.Value), NaiveValues.Number(constant)));
                var real = NaiveValues.Arithmetic(op, Convert.ToDouble(value, CultureInfo.InvariantCulture), Convert.ToDouble(NaiveValues.Number(operand), CultureInfo.InvariantCulture));
                return NaiveValues.Holds(compare, real.CompareTo(Convert.ToDouble(NaiveValues.Number(constant), CultureInfo.InvariantCulture)));
            });
    }
}
