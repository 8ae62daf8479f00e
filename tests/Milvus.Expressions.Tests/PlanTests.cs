using Milvus.Model;

namespace Milvus.Expressions.Tests;

/// <summary>What a plan tells the layers above: fields, keys, templates, sampling.</summary>
public class PlanTests
{
    [Theory]
    [InlineData("id == 5", "5", true, 1)]
    [InlineData("5 == id", "5", true, 1)]
    [InlineData("id in [3, 1, 3]", "1,3", true, 3)]
    [InlineData("id == 2 or id == 1", "1,2", true, 2)]
    [InlineData("id in []", "", true, 0)]
    [InlineData("id in [1, 2] and s == \"x\"", "1,2", false, 2)]
    [InlineData("s == \"x\" and (id == 1 or id in [7])", "1,7", false, 2)]
    [InlineData("id in [1, 2, 3] and id in [2]", "2", false, 1)]
    [InlineData("(id == 1 and i > 2) or (id == 3 and i < 2)", "1,3", false, 2)]
    [InlineData("not (id != 4)", "4", true, 1)]
    [InlineData("id in [1] and random_sample(0.5)", "1", false, 1)]
    public void Finds_primary_keys(string filter, string keys, bool exactly, int given)
    {
        var lookup = Sample.Compile(filter).PrimaryKeys;
        Assert.NotNull(lookup);
        Assert.Equal(keys, string.Join(",", lookup.Keys.Int64s.ToArray()));
        Assert.Equal(exactly, lookup.ExactlyKeys);
        Assert.Equal(given, lookup.GivenCount);
    }

    [Theory]
    [InlineData("id != 5")]
    [InlineData("id > 5")]
    [InlineData("id == 1 or s == \"x\"")]
    [InlineData("id not in [1]")]
    [InlineData("not (id == 1)")]
    [InlineData("1 <= id <= 1")]
    [InlineData("true")]
    [InlineData("id + 1 == 2")]
    public void Finds_no_keys_where_other_rows_may_pass(string filter) => Assert.Null(Sample.Compile(filter).PrimaryKeys);

    [Fact]
    public void Sorts_text_keys_by_bytes()
    {
        var schema = new CollectionSchema([new FieldSchema { Id = 100, Name = "pk", Type = DataType.VarChar, IsPrimaryKey = true }]);
        var lookup = Filter.Compile("pk in [\"b\", \"é\", \"a\", \"b\", \"Z\"]", schema).PrimaryKeys!;
        Assert.Equal(["Z", "a", "b", "é"], Enumerable.Range(0, lookup.Keys.Count).Select(lookup.Keys.Strings.GetString));
    }

    [Theory]
    [InlineData("key == \"a\"", "a")]
    [InlineData("key in [\"a\", \"b\", \"a\"] and i > 1", "a,b")]
    [InlineData("(key == \"a\" and i > 1) or (key == \"b\")", "a,b")]
    [InlineData("false", "")]
    public void Narrows_the_partition_key(string filter, string values) =>
        Assert.Equal(values, string.Join(",", Sample.Compile(filter).PartitionKeyValues!.Select(v => v.ToString()).Order()));

    [Theory]
    [InlineData("i > 1")]
    [InlineData("key != \"a\"")]
    [InlineData("key == \"a\" or i > 1")]
    [InlineData("")]
    public void Leaves_the_partition_key_open(string filter) => Assert.Null(Sample.Compile(filter).PartitionKeyValues);

    [Theory]
    [InlineData("key == \"a\"", null)]
    [InlineData("i > 1 and key == \"a\" and s == \"x\"", null)]
    [InlineData("i > 1", "partition key not found in expr")]
    [InlineData("", "partition key not found in expr")]
    [InlineData("key in [\"a\"]", "partition key isolation does not support IN")]
    [InlineData("key == \"a\" or key == \"b\"", "partition key isolation does not support OR")]
    [InlineData("key == \"a\" and (key == \"b\" or i > 1)", "partition key isolation does not support OR")]
    [InlineData("not (key == \"a\")", "partition key isolation does not support")]
    [InlineData("key > \"a\"", "partition key isolation does not support")]
    public void Checks_partition_key_isolation(string filter, string? problem)
    {
        var plan = Sample.Compile(filter);
        if (problem is null) plan.EnsurePartitionKeyIsolation();
        else Assert.Contains(problem, Assert.Throws<MilvusException>(plan.EnsurePartitionKeyIsolation).Message);
    }

    [Fact]
    public void Names_the_fields_it_reads()
    {
        long Id(string name) => Sample.Schema.Find(name)!.Id;
        Assert.Equal(
            new[] { Id("i"), Id("s"), Id("j"), Id("$meta") }.Order(),
            Sample.Compile("i > 1 and s == \"x\" or i < j and dyn[\"k\"] == 1").FieldIds.Order());
    }

    [Fact]
    public void Binds_templates_with_the_rules_of_literals()
    {
        var values = new Dictionary<string, Literal>
        {
            ["n"] = new Literal.Int(5),
            ["x"] = new Literal.Float(1.5),
            ["s"] = new Literal.Text("a%"),
            ["l"] = new Literal.List([new Literal.Int(1), new Literal.Int(2)]),
            ["none"] = new Literal.List([]),
        };
        string Plan(string filter) => Sample.Compile(filter, values).Explain();
        Assert.Equal("i == 5", Plan("i == {n}"));
        Assert.Equal("i in [1, 2]", Plan("i in { l }"));
        Assert.Equal("i known false", Plan("i in {none}"));
        Assert.Equal("s prefix \"a\"", Plan("s like {s}"));
        Assert.Equal(Plan("i + 5 > 5"), Plan("i + {n} > {n}"));
        Assert.Equal(Plan("1 < i < 5"), Plan("1 < i < {n}"));
        string Error(string filter) => Sample.Refused(filter, templates: values).Message;
        Assert.Contains("the value of expression template variable name {nope} is not found", Error("i == {nope}"));
        Assert.Contains("the value of term expression template variable {n} is not array", Error("i in {n}"));
        Assert.Contains("cannot cast value to Int64, value: float_val:1.5", Error("i == {x}"));
        Assert.Contains("comparisons between Int64 and VarChar are not supported", Error("i == {s}"));
        Assert.Contains("placeholder was not supported between two constants with operator", Error("i == {n} + 1"));
        Assert.Contains("placeholder was not supported between two constants with operator", Error("{n} == 5"));
        Assert.Contains("template", Error("random_sample({x})"));
        Assert.Contains("slop", Error("phrase_match(doc, 'x', {n})"));
    }

    [Fact]
    public void Samples_rows_that_pass()
    {
        var rows = new Rows(Sample.Schema, [.. Enumerable.Range(0, 20_000).Select(i => new Dictionary<string, object?> { ["id"] = (long)i, ["key"] = "k", ["i"] = (long)(i % 2) })]);
        var plan = Sample.Compile("i == 1 and random_sample(0.1)", options: new FilterOptions { SampleSeed = 3 });
        Assert.Equal(0.1, plan.SampleRate);
        Assert.False(plan.IsAlwaysTrue);
        var chosen = rows.Select(plan);
        Assert.All(chosen, r => Assert.Equal(1, r % 2));
        Assert.InRange(chosen.Count, 900, 1100);
        Assert.Equal(chosen, rows.Select(Sample.Compile("i == 1 and random_sample(0.1)", options: new FilterOptions { SampleSeed = 3 })));
        Assert.NotEqual(chosen, rows.Select(Sample.Compile("i == 1 and random_sample(0.1)", options: new FilterOptions { SampleSeed = 4 })));
        Assert.False(Sample.Compile("random_sample(0.5)").IsAlwaysTrue);
    }

    [Theory]
    [InlineData("2025-01-03T00:00:00+08:00", "UTC", 1735833600000000)]
    [InlineData("2025-01-02 16:00:00Z", "UTC", 1735833600000000)]
    [InlineData("2025-01-02T16:00:00.000001-00", "UTC", 1735833600000001)]
    [InlineData("2025-01-03T00:00:00", "Asia/Shanghai", 1735833600000000)]
    [InlineData("2025-01-02T16:00:00.1234567", "UTC", 1735833600123456)]
    public void Reads_times(string time, string zone, long microseconds)
    {
        var plan = Sample.Compile($"ts == iso '{time}'", options: new FilterOptions { TimeZone = zone });
        Assert.Equal($"ts == {microseconds}", plan.Explain());
    }
}
