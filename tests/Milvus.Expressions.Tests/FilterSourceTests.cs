using System.Collections.Immutable;
using System.Reflection;
using Milvus.Expressions.Tests.Naive;
using Milvus.Model;

namespace Milvus.Expressions.Tests;

/// <summary>A plan's source goes over the wire and becomes the same plan.</summary>
public class FilterSourceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_recompiled_filter_is_the_same_filter(int seed)
    {
        var random = new Random(seed);
        var filters = new RandomFilters(random);
        var rows = new Rows(Sample.Schema, new RandomRows(random).Make(150));
        for (var k = 0; k < 150; k++)
        {
            var filter = filters.Make(random.Next(4));
            Same(Sample.Compile(filter.Text(Spelling.Literal)), rows);
            var variables = new Dictionary<string, Literal>();
            var templated = filter.Text(Spelling.Templates(variables));
            Same(Sample.Compile(templated, variables), rows);
        }
    }

    [Fact]
    public void Every_accepted_example_survives()
    {
        var rows = new Rows(Sample.Schema, new RandomRows(new Random(5)).Make(100));
        var count = 0;
        foreach (var method in typeof(AcceptanceTests).GetMethods())
        {
            foreach (var data in method.GetCustomAttributes<InlineDataAttribute>().SelectMany(a => a.GetData(method)))
            {
                FilterPlan plan;
                try
                {
                    plan = Sample.Compile((string)data[0]);
                }
                catch (MilvusException)
                {
                    continue;
                }
                Same(plan, rows);
                count++;
            }
        }
        Assert.True(count > 40);
    }

    [Theory]
    [InlineData("i > 0")]
    [InlineData("i > 0 and s like \"a%\"")]
    [InlineData("i == 3")]
    public void A_sample_has_the_asked_share_of_what_passes(string filter)
    {
        var rows = new Rows(Sample.Schema, new RandomRows(new Random(6)).Make(3000));
        var all = rows.Select(Sample.Compile(filter));
        foreach (var rate in new[] { 0.01, 0.5, 0.7 })
        {
            for (var seed = 0; seed < 4; seed++)
            {
                var some = rows.Select(Sample.Compile(FormattableString.Invariant($"{filter} and random_sample({rate})"), options: new FilterOptions { SampleSeed = seed }));
                Assert.Equal(all.Count == 0 ? 0 : Math.Max(1, (int)(all.Count * rate)), some.Count);
                Assert.Subset(all.ToHashSet(), some.ToHashSet());
            }
        }
    }

    [Fact]
    public void The_seed_and_the_time_zone_travel_along()
    {
        var rows = new Rows(Sample.Schema, new RandomRows(new Random(6)).Make(3000));
        Same(Sample.Compile("i > 0 and random_sample(0.3)", options: new FilterOptions { SampleSeed = 41 }), rows);
        Same(Sample.Compile("ts > iso '2025-03-30 02:30:00'", options: new FilterOptions { TimeZone = "Asia/Tokyo" }), rows);
        var plan = Sample.Compile("ts == iso '2025-03-30 02:30:00'", options: new FilterOptions { TimeZone = "Asia/Tokyo", SampleSeed = 3 });
        Assert.Equal("Asia/Tokyo", plan.Source.TimeZone);
        Assert.Equal(3, Sample.Compile("random_sample(0.3)", options: new FilterOptions { SampleSeed = 3 }).Source.SampleSeed);
        // Requests differ in their seeds, filters without sampling do not.
        Assert.Equal(Sample.Compile("i == 1", options: new FilterOptions { SampleSeed = 3 }).Source, Sample.Compile("i == 1", options: new FilterOptions { SampleSeed = 4 }).Source);
    }

    [Fact]
    public void Everything_and_blank_texts_are_one_source()
    {
        Assert.Equal(FilterSource.Everything, FilterPlan.Everything(Sample.Schema).Source);
        Assert.Equal(FilterSource.Everything, Sample.Compile("  ").Source);
        Assert.True(Filter.Compile(RoundTrip(FilterSource.Everything), Sample.Schema).IsAlwaysTrue);
    }

    [Fact]
    public void The_use_decides_the_error_elsewhere_too()
    {
        var source = RoundTrip(new FilterSource { Expression = "gone == 1", Use = FilterUse.Delete });
        var e = Assert.Throws<MilvusException>(() => Filter.Compile(source, Sample.StaticSchema));
        Assert.StartsWith("failed to create delete plan", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Strange_texts_and_values_come_back_as_they_were()
    {
        Literal nested = new Literal.List([new Literal.List([new Literal.Bool(true), new Literal.Bool(false)]), new Literal.Float(double.NaN), new Literal.Float(-0.0)]);
        var source = new FilterSource
        {
            Expression = "s == \"\ud800 é 日本 😀\"",
            Templates = ImmutableDictionary<string, Literal>.Empty.Add("é", nested).Add("", new Literal.Text("\udc00")).Add("n", new Literal.Int(long.MinValue)),
            SampleSeed = long.MinValue,
            TimeZone = "",
        };
        Assert.Equal(source, RoundTrip(source));
        Assert.NotEqual(source, source with { Templates = source.Templates.SetItem("n", new Literal.Int(1)) });
    }

    [Fact]
    public void Damaged_bytes_are_recognised_or_are_another_filter()
    {
        var random = new Random(9);
        var filters = new RandomFilters(random);
        for (var n = 0; n < 300; n++)
        {
            var variables = new Dictionary<string, Literal>();
            var text = filters.Make(3).Text(Spelling.Templates(variables));
            var bytes = FilterSourceCodec.Encode(Sample.Compile(text, variables).Source).ToArray();
            Assert.Throws<IntegrityException>(() => FilterSourceCodec.Decode(bytes.AsMemory(0, random.Next(bytes.Length))));
            Assert.Throws<IntegrityException>(() => FilterSourceCodec.Decode(new byte[] { 99 }.Concat(bytes.Skip(1)).ToArray()));
            for (var k = 0; k < 50; k++)
            {
                var damaged = bytes.ToArray();
                for (var j = random.Next(1, 4); j > 0; j--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                try
                {
                    FilterSourceCodec.Decode(damaged);
                }
                catch (IntegrityException)
                {
                }
            }
        }
        // A list in a list in a list …
        var deep = FilterSourceCodec.Encode(new FilterSource { Expression = "", Templates = ImmutableDictionary<string, Literal>.Empty.Add("x", new Literal.List([])) }).ToArray()[..^5];
        var bomb = deep.Concat(Enumerable.Repeat(new byte[] { 5, 1, 0, 0, 0 }, 200_000).SelectMany(b => b)).ToArray();
        Assert.Throws<IntegrityException>(() => FilterSourceCodec.Decode(bomb));
    }

    private static FilterSource RoundTrip(FilterSource source)
    {
        var decoded = FilterSourceCodec.Decode(FilterSourceCodec.Encode(source).ToArray());
        Assert.Equal(source, decoded);
        Assert.Equal(source.GetHashCode(), decoded.GetHashCode());
        Assert.True(FilterSourceCodec.Encode(source).Span.SequenceEqual(FilterSourceCodec.Encode(decoded).Span));
        return decoded;
    }

    private static void Same(FilterPlan plan, Rows rows)
    {
        var again = Filter.Compile(RoundTrip(plan.Source), Sample.Schema);
        Assert.Equal(plan.Explain(), again.Explain());
        Assert.Equal(plan.IsAlwaysTrue, again.IsAlwaysTrue);
        Assert.Equal(plan.FieldIds, again.FieldIds);
        Assert.Equal(plan.PrimaryKeys?.Keys.Count, again.PrimaryKeys?.Keys.Count);
        Assert.Equal(Outcome(() => rows.Select(plan)), Outcome(() => rows.Select(again)));
    }

    // Some examples cannot be evaluated over the sample's columns; then both plans say so.
    private static List<int>? Outcome(Func<List<int>> select)
    {
        try
        {
            return select();
        }
        catch (Exception e) when (e is KeyNotFoundException or MilvusException)
        {
            return null;
        }
    }
}
