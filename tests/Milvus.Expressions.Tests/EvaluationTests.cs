using System.Numerics;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Tests;

/// <summary>The evaluator's contract: candidates, bounds, pruning, allocation; and its kernels against their scalar references.</summary>
public class EvaluationTests
{
    private static Rows Numbers(int count, bool prune = true) =>
        new(Sample.Schema, [.. Enumerable.Range(0, count).Select(i => new Dictionary<string, object?> { ["id"] = (long)i, ["key"] = "k", ["i"] = (long)i, ["s"] = $"s{i % 10}", ["json"] = $"{{\"x\": {i}}}" })], prune);

    [Fact]
    public void Narrows_candidates_and_clears_the_tail()
    {
        var rows = Numbers(100);
        ulong[] bits = [0xFFFF_0000_0000_0000, ulong.MaxValue, ulong.MaxValue];
        FilterEvaluator.Evaluate(Sample.Compile("i >= 50"), rows, 100, bits);
        Assert.Equal([0xFFFC_0000_0000_0000, (1UL << 36) - 1, ulong.MaxValue], bits);
        bits = [1, 0];
        FilterEvaluator.Evaluate(Sample.Compile("not (i >= 50)"), rows, 100, bits);
        Assert.Equal([1UL, 0UL], bits);
        bits = [ulong.MaxValue, ulong.MaxValue];
        FilterEvaluator.Evaluate(Sample.Compile(""), rows, 70, bits);
        Assert.Equal([ulong.MaxValue, 63UL], bits);
    }

    [Fact]
    public void Looks_only_at_the_rows_asked_for()
    {
        var rows = Numbers(9000);
        Assert.Equal(8500 - 8190, rows.Select(Sample.Compile("i >= 8190"), 8500).Count);
        Assert.Empty(rows.Select(Sample.Compile("i >= 0"), 0));
    }

    [Fact]
    public void Reads_no_column_that_statistics_or_candidates_rule_out()
    {
        var rows = Numbers(3000);
        Assert.Empty(rows.Select(Sample.Compile("i > 5000 and s == \"s1\" and json[\"x\"] == 3")));
        Assert.Equal(3000, rows.Select(Sample.Compile("i >= 0 or json[\"x\"] == 3")).Count);
        Assert.Empty(rows.Read);

        rows = Numbers(3000, prune: false);
        Assert.Empty(rows.Select(Sample.Compile("json[\"x\"] == 3 and i > 5000")));
        Assert.Equal([Sample.Schema.Find("i")!.Id], rows.Read);

        FilterEvaluator.Evaluate(Sample.Compile("json[\"x\"] == 3"), rows, 3000, new ulong[47]);
        Assert.Single(rows.Read);
    }

    [Fact]
    public void Stops_when_cancelled()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => FilterEvaluator.Evaluate(Sample.Compile("i > 3"), Numbers(10), 10, [1], null, source.Token));
    }

    [Fact]
    public void Allocates_nothing_per_row()
    {
        var random = new Random(1);
        var data = new Naive.RandomRows(random).Make(ColumnLimits.BlockRows);
        var rows = new Rows(Sample.Schema, data, prune: false);
        var plan = Sample.Compile(
            "(i % 3 == 1 or s like \"%a_b%\" or a[\"x\"] in [1, \"a\"] or json_contains(json, 2) or arrs[0] == \"a\" or f + 1.5 > 2 or s =~ \"a.b\") and i != 77 and d < i and array_contains_any(arr, [1,2])");
        var scratch = new FilterScratch();
        var bits = new ulong[ColumnLimits.BlockRows / 64];
        void Run()
        {
            Array.Fill(bits, ulong.MaxValue);
            FilterEvaluator.Evaluate(plan, rows, ColumnLimits.BlockRows, bits, scratch);
        }
        for (var i = 0; i < 3; i++) Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        // A slice object per column that is read, from the test's own segment; not a byte for each of 8192 rows.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * 8192);
    }

    [Fact]
    public void Compares_intervals_like_the_scalar_reference()
    {
        Check<byte>((byte)0, (byte)1);
        Check<sbyte>((sbyte)-5, (sbyte)90);
        Check<short>((short)-5, short.MaxValue);
        Check<int>(int.MinValue, 3);
        Check<long>(-1L << 40, 1L << 62);
        Check(-0.5f, 1.5f);
        Check(0.0, double.PositiveInfinity);
    }

    private static void Check<T>(T low, T high)
        where T : unmanaged, INumber<T>
    {
        var random = new Random(2);
        var all = new T[400];
        for (var i = 0; i < all.Length; i++)
            all[i] = random.Next(4) switch { 0 => low, 1 => high, 2 => T.CreateTruncating(random.NextInt64()), _ => T.CreateTruncating(random.NextDouble() * 4 - 2) };
        for (var length = 0; length <= 200; length++)
        {
            var values = all.AsSpan(random.Next(100), length);
            var result = new ulong[Validity.WordCount(length)];
            IntervalKernel.Test<T>(values, low, high, result);
            for (var w = 0; w < result.Length; w++)
                Assert.Equal(IntervalKernel.TestWord<T>(values.Slice(w * 64, Math.Min(64, length - w * 64)), low, high), result[w]);
        }
    }

    [Fact]
    public void Sets_hold_what_was_put_in()
    {
        var random = new Random(3);
        for (var round = 0; round < 60; round++)
        {
            var wide = random.Next(2) == 0;
            long Next() => wide ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(-50, 50);
            var values = Enumerable.Range(0, random.Next(200)).Select(_ => Next()).Concat(random.Next(3) == 0 ? [long.MinValue, long.MaxValue] : []).ToList();
            var set = new LongSet(values);
            var expected = values.ToHashSet();
            foreach (var v in values.Concat(Enumerable.Range(0, 200).Select(_ => Next())).Concat([0, long.MinValue, long.MaxValue])) Assert.Equal(expected.Contains(v), set.Contains(v));
            var texts = values.Select(v => System.Text.Encoding.UTF8.GetBytes(v.ToString())).ToList();
            var textSet = new TextSet(texts);
            Assert.All(texts, t => Assert.True(textSet.Contains(t)));
            Assert.False(textSet.Contains("nothing"u8));
            Assert.Equal(expected.Count, textSet.Sorted.Length);
        }
    }

    [Fact]
    public void Null_logic_drops_unknown_rows()
    {
        var rows = new Rows(Sample.Schema, [.. new object?[] { 1L, null, 2L }.Select((v, i) => new Dictionary<string, object?> { ["id"] = (long)i, ["key"] = "k", ["i"] = v, ["json"] = v is null ? "{}" : $"{{\"x\": {v}}}" })]);
        List<int> Select(string filter) => rows.Select(Sample.Compile(filter));
        Assert.Equal([2], Select("i != 1"));
        Assert.Equal([2], Select("not (i == 1)"));
        Assert.Equal([2], Select("i not in [1]"));
        Assert.Equal([1, 2], Select("i != 1 or i is null"));
        Assert.Equal([0, 2], Select("i not in []"));
        Assert.Equal([2], Select("json[\"x\"] != 1"));
        Assert.Equal([0, 1, 2], Select("json[\"x\"] not in []"));
        Assert.Equal([], Select("json[\"x\"] != \"a\""));
        Assert.Equal([1], Select("json[\"x\"] is null"));
        Assert.Equal([0, 1, 2], Select("id is not null"));
        Assert.Equal([0, 2], Select("json[\"x\"] is not null"));
        Assert.Equal([0, 2], Select("i == i"));
    }
}
