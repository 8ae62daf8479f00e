using Milvus.Expressions.Tests.Naive;
using Milvus.Model;

namespace Milvus.Expressions.Tests;

/// <summary>Random filters over random rows, against an evaluator that is too plain to be wrong in the same way.</summary>
public class PropertyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Evaluates_like_the_naive_evaluator(int seed)
    {
        var random = new Random(seed);
        var filters = new RandomFilters(random);
        for (var round = 0; round < 8; round++)
        {
            var rows = new RandomRows(random).Make(random.Next(1, 200));
            var pruned = new Rows(Sample.Schema, rows);
            var plain = new Rows(Sample.Schema, rows, prune: false);
            for (var k = 0; k < 50; k++)
            {
                var filter = filters.Make(random.Next(4));
                var text = filter.Text(Spelling.Literal);
                var expected = Enumerable.Range(0, rows.Count).Where(r => filter.Evaluate(rows[r]) == true).ToList();
                var plan = Sample.Compile(text);
                Check(expected, plain.Select(plan), text, rows, seed);
                Check(expected, pruned.Select(plan), "(pruned) " + text, rows, seed);

                var variables = new Dictionary<string, Literal>();
                var templated = filter.Text(Spelling.Templates(variables));
                Check(expected, plain.Select(Sample.Compile(templated, variables)), templated, rows, seed);
            }
        }
    }

    /// <summary>Rows that come in order, so that blocks differ and statistics decide most of them.</summary>
    [Fact]
    public void Prunes_blocks_without_changing_answers()
    {
        var random = new Random(7);
        var few = new RandomRows(random).Make(500);
        var rows = new List<IReadOnlyDictionary<string, object?>>();
        for (var i = 0; i < 3 * ColumnLimits.BlockRows + 100; i++)
        {
            var row = new Dictionary<string, object?>(few[i % few.Count]) { ["id"] = (long)i, ["d"] = i / 1000.0 };
            if (i < 2 * ColumnLimits.BlockRows) row["i"] = (long)i;
            row["s"] = i < ColumnLimits.BlockRows ? null : $"s{i:D6}";
            rows.Add(row);
        }
        var pruned = new Rows(Sample.Schema, rows);
        var plain = new Rows(Sample.Schema, rows, prune: false);
        foreach (var text in new[]
        {
            "i < 100", "i >= 8192", "not (i < 9000)", "i in [5, 9000, 1000000]", "i not in [5]", "i is null", "s is null", "s is not null",
            "s > \"s016000\"", "s == \"s010000\"", "s like \"s02%\"", "s like \"t%\"", "s in [\"s010000\", \"x\"]", "not (s == \"x\")",
            "d < 8.0", "8.0 < d < 9.5", "d == 20.5 or i == 3", "d < 30 and i < 16384 and s > \"a\"", "d != 3.0", "i < 10 or s like \"s01%\"",
            "json[\"x\"] == 1 and d < 1.0", "exists a[\"x\"] and d > 24.0", "i * 2 < 100", "i > j", "i + 5 == 10000",
        })
        {
            var plan = Sample.Compile(text);
            Assert.Equal(plain.Select(plan), pruned.Select(plan));
        }
    }

    private static void Check(List<int> expected, List<int> actual, string text, List<IReadOnlyDictionary<string, object?>> rows, int seed)
    {
        if (expected.SequenceEqual(actual)) return;
        var row = expected.Except(actual).Concat(actual.Except(expected)).First();
        var values = string.Join("; ", rows[row].Select(p => $"{p.Key}={(p.Value is Array a ? "[" + string.Join(",", a.Cast<object>()) + "]" : p.Value ?? "null")}"));
        Assert.Fail($"seed {seed}: {text}\nrow {row} should {(expected.Contains(row) ? "pass" : "not pass")}: {values}");
    }
}
