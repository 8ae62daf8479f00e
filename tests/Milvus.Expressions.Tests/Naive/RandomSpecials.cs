using System.Globalization;
using Milvus.Model;
using NetTopologySuite.Geometries;
using Row = System.Collections.Generic.IReadOnlyDictionary<string, object?>;

namespace Milvus.Expressions.Tests.Naive;

/// <summary>Filters on times, geometries, struct lists and misspelt words.</summary>
internal sealed class RandomSpecials(Random random)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly RandomRows _values = new(random);

    private string Pick(params string[] choices) => choices[random.Next(choices.Length)];

    /// <summary>ts, possibly shifted, against a moment. Months count from the first of the month, days on top.</summary>
    public NaiveFilter Time()
    {
        var moment = random.Next(2) == 0 ? random.NextInt64(-10, 10) : random.NextInt64(-3_000_000_000_000_000, 3_000_000_000_000_000);
        var text = DateTime.UnixEpoch.AddTicks(moment * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        var op = Pick(Comparisons);
        var (years, months, days, hours) = random.Next(3) switch { 0 => (0, 0, random.Next(40), random.Next(30)), 1 => (random.Next(5), random.Next(15), random.Next(40), 0), _ => (0, random.Next(1, 30), 0, 0) };
        var sign = random.Next(2) == 0 ? 1 : -1;
        var shifted = random.Next(3) > 0;
        var field = shifted ? $"ts {(sign > 0 ? "+" : "-")} interval 'P{years}Y{months}M{days}DT{hours}H'" : "ts";
        var mirrored = random.Next(2) == 0;
        return new(
            _ => mirrored ? $"iso '{text}' {NaiveValues.Mirror(op)} {field}" : $"{field} {op} iso '{text}'",
            r =>
            {
                if (r["ts"] is not long value) return null;
                if (shifted)
                {
                    var date = DateTime.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMicrosecond);
                    var first = new DateTime(date.Year, date.Month, 1).AddMonths(sign * (years * 12 + months));
                    date = first.AddDays(date.Day - 1) + date.TimeOfDay + sign * (TimeSpan.FromDays(days) + TimeSpan.FromHours(hours));
                    value = (date.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
                }
                return NaiveValues.Holds(op, value.CompareTo(moment));
            });
    }

    public NaiveFilter Relation()
    {
        var shape = Shapes.Random(random);
        var wkt = new Literal.Text(shape.AsText());
        var name = Pick("equals", "touches", "overlaps", "crosses", "contains", "intersects", "within");
        if (random.Next(8) == 0)
        {
            var point = new Point(random.Next(-4, 5), random.Next(-4, 5));
            var metres = random.Next(0, 500_000);
            return new(
                c => $"st_dwithin(geo, {c(new Literal.Text(point.AsText()))}, {metres})",
                r => r["geo"] is { } g ? Metres(Shapes.Read(g), point) <= metres : null);
        }
        return new(
            c => $"st_{name}(geo, {c(wkt)})",
            r => r["geo"] is not { } g ? null : name switch
            {
                "equals" => Shapes.Read(g).EqualsTopologically(shape),
                "touches" => Shapes.Read(g).Touches(shape),
                "overlaps" => Shapes.Read(g).Overlaps(shape),
                "crosses" => Shapes.Read(g).Crosses(shape),
                "contains" => Shapes.Read(g).Contains(shape),
                "intersects" => Shapes.Read(g).Intersects(shape),
                _ => Shapes.Read(g).Within(shape),
            });
    }

    /// <summary>match_* with one or two tests of an element.</summary>
    public NaiveFilter Match()
    {
        var number = new Literal.Int(_values.Integer());
        var word = new Literal.Text(_values.Word());
        var op = Pick(Comparisons);
        var both = random.Next(2) == 0;
        var threshold = random.Next(1, 3);
        var kind = Pick("any", "all", "least", "most", "exact");
        return new(
            c => $"match_{kind}(st, $[x] {op} {c(number)}{(both ? $" or $[s] == {c(word)}" : "")}{(kind is "any" or "all" ? "" : $", threshold={threshold}")})",
            r =>
            {
                var x = r["st[x]"] as long[] ?? [];
                var s = r["st[s]"] as string[] ?? [];
                var found = Enumerable.Range(0, x.Length).Count(i => NaiveValues.Holds(op, x[i].CompareTo(number.Value)) || (both && s[i] == word.Value));
                return kind switch { "any" => found > 0, "all" => found == x.Length, "least" => found >= threshold, "most" => found <= threshold, _ => found == threshold };
            });
    }

    public NaiveFilter Fuzzy()
    {
        var query = Pick("ab", "xyz", "ba", "aab", "x xzy");
        var distance = random.Next(3);
        return new(
            c => $"text_match_fuzzy(doc, {c(new Literal.Text(query))}, max_edit_distance={distance})",
            r => r["doc"] is string text ? Tokens(text).Any(t => Tokens(query).Any(q => Edits(q, t) <= distance)) : null);
    }

    private static IEnumerable<string> Tokens(string text) =>
        new string([.. text.Select(c => char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static int Edits(string a, string b)
    {
        if (a.Length == 0 || b.Length == 0) return a.Length + b.Length;
        var best = Math.Min(Edits(a[1..], b), Edits(a, b[1..])) + 1;
        best = Math.Min(best, Edits(a[1..], b[1..]) + (a[0] == b[0] ? 0 : 1));
        if (a.Length > 1 && b.Length > 1 && a[0] == b[1] && a[1] == b[0]) best = Math.Min(best, Edits(a[2..], b[2..]) + 1);
        return best;
    }

    private static double Metres(NetTopologySuite.Geometries.Geometry field, Point point)
    {
        if (field.IsEmpty) return double.PositiveInfinity;
        static double R(double degrees) => degrees * Math.PI / 180;
        if (field is not Point p) return field.Distance(point) * 111_320 * Math.Cos(R(point.Y));
        var a = Math.Pow(Math.Sin(R(p.Y - point.Y) / 2), 2) + Math.Cos(R(p.Y)) * Math.Cos(R(point.Y)) * Math.Pow(Math.Sin(R(p.X - point.X) / 2), 2);
        return 2 * 6_371_000 * Math.Asin(Math.Min(1, Math.Sqrt(a)));
    }
}
