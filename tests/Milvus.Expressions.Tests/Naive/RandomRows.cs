using System.Globalization;
using System.Text;

namespace Milvus.Expressions.Tests.Naive;

/// <summary>Rows for <see cref="Sample.Schema"/> whose values collide often enough for filters to have something to find.</summary>
internal sealed class RandomRows(Random random)
{
    private static readonly string[] Words = ["", "a", "b", "ab", "aab", "ba", "a%b", "a_b", "é", "aé", "😀", "a😀b", "日本語", "a\nb", "x", "xyz", "Ab", "a\\b"];

    private static readonly long[] Integers = [0, 1, 2, 3, -1, -2, 5, 7, 100, 127, -128, 32767, int.MaxValue, long.MaxValue, long.MinValue, (1L << 53) + 1];

    public List<IReadOnlyDictionary<string, object?>> Make(int count)
    {
        var rows = new List<IReadOnlyDictionary<string, object?>>(count);
        for (var i = 0; i < count; i++) rows.Add(Row(i));
        return rows;
    }

    public string Word() => Words[random.Next(Words.Length)];

    public long Integer() => random.Next(4) == 0 ? Integers[random.Next(Integers.Length)] : random.Next(-6, 10);

    public double Real() => random.Next(6) switch
    {
        0 => random.Next(-3, 4),
        1 => random.Next(-30, 30) / 10.0,
        2 => 9007199254740992.0,
        3 => -9.3e18,
        4 => 1e300,
        _ => random.NextDouble() * 4 - 2,
    };

    private Dictionary<string, object?> Row(int number)
    {
        var row = new Dictionary<string, object?> { ["id"] = (long)number, ["key"] = "k" + random.Next(3) };
        void Set(string name, Func<object> value) => row[name] = random.Next(5) == 0 ? null : value();
        Set("flag", () => random.Next(2) == 0);
        Set("i8", () => (sbyte)random.Next(-128, 128));
        Set("i16", () => (short)(random.Next(2) == 0 ? random.Next(-4, 9) : random.Next(short.MinValue, short.MaxValue + 1)));
        Set("i32", () => random.Next(2) == 0 ? random.Next(-4, 9) : random.Next(int.MinValue, int.MaxValue));
        Set("i", () => Integer());
        Set("j", () => Integer());
        Set("f", () => (float)(random.Next(2) == 0 ? random.Next(-30, 30) / 10.0 : Math.Clamp(Real(), -1e30, 1e30)));
        Set("d", () => Real());
        Set("s", () => Word());
        Set("t", () => Word());
        Set("ts", () => random.Next(2) == 0 ? random.NextInt64(-10, 10) : random.NextInt64(-3_000_000_000_000_000, 3_000_000_000_000_000));
        Set("geo", () => Shapes.Random(random).AsBinary());
        var elements = random.Next(5) == 0 ? -1 : random.Next(4);
        row["st[x]"] = elements < 0 ? null : Enumerable.Range(0, elements).Select(_ => Integer()).ToArray();
        row["st[s]"] = elements < 0 ? null : Enumerable.Range(0, elements).Select(_ => Word()).ToArray();
        row["st[f]"] = elements < 0 ? null : Enumerable.Range(0, elements).Select(_ => (float)random.Next(-3, 4)).ToArray();
        Set("json", () => Json(3));
        Set("a", () => Object(3));
        Set("b", () => Json(2));
        Set("arr", () => List(Integer));
        Set("arr8", () => List(() => (sbyte)random.Next(-3, 4)));
        Set("arrb", () => List(() => random.Next(2) == 0));
        Set("arrd", () => List(Real));
        Set("arrs", () => List(Word));
        Set("doc", () => Word() + " " + Word());
        Set("$meta", () => Object(2));
        return row;
    }

    private T[] List<T>(Func<T> item) => [.. Enumerable.Range(0, random.Next(5)).Select(_ => item())];

    /// <summary>A JSON text with escapes and blanks in it.</summary>
    private string Json(int depth) => random.Next(depth > 0 ? 12 : 8) switch
    {
        0 => "null",
        1 => random.Next(2) == 0 ? "true" : "false",
        2 or 3 => Integer().ToString(CultureInfo.InvariantCulture),
        4 => Real().ToString("R", CultureInfo.InvariantCulture),
        5 => random.Next(3) switch { 0 => "1.0", 1 => "2e0", _ => "18446744073709551615" },
        6 or 7 => Quote(Word()),
        8 or 9 => Object(depth),
        _ => "[" + string.Join(" ,", Enumerable.Range(0, random.Next(4)).Select(_ => Json(depth - 1))) + "]",
    };

    private string Object(int depth)
    {
        var keys = new[] { "x", "y", "0", "A", "B", "é" }.Where(_ => random.Next(2) == 0);
        return "{" + string.Join(", ", keys.Select(k => Quote(k) + ": " + Json(depth - 1))) + "}";
    }

    private string Quote(string text)
    {
        // Both halves of a surrogate pair are escaped or neither.
        var escapePairs = random.Next(2) == 0;
        var result = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '\\' or '"') result.Append('\\').Append(c);
            else if (c < ' ' || (char.IsSurrogate(c) ? escapePairs : random.Next(5) == 0)) result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else result.Append(c);
        }
        return result.Append('"').ToString();
    }
}
