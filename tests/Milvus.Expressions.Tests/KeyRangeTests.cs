using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Expressions.Tests;

/// <summary>The range of primary keys that a filter implies.</summary>
public class KeyRangeTests
{
    private static readonly CollectionSchema Numbers = Schema(DataType.Int64);
    private static readonly CollectionSchema Texts = Schema(DataType.VarChar);

    [Theory]
    [InlineData("id > 5", 6L, null, true)]
    [InlineData("id >= 5 and id < 9", 5L, 8L, true)]
    [InlineData("5 < id and x == 1", 6L, null, false)]
    [InlineData("id > 5 and id > 7 and id <= 20", 8L, 20L, true)]
    [InlineData("id < 9223372036854775807", null, 9223372036854775806L, true)]
    [InlineData("(id > 5) and (x > 1 or x < 0)", 6L, null, false)]
    [InlineData("id > 5 and random_sample(0.5)", 6L, null, false)]
    public void Integers_are_bounded_by_conjunctions(string text, long? low, long? high, bool isExact)
    {
        var range = Filter.Compile(text, Numbers).KeyRange;
        Assert.NotNull(range);
        Assert.Equal(low, range.Low?.Int64s[0]);
        Assert.Equal(high, range.High?.Int64s[0]);
        Assert.Equal(isExact, range.IsExact);
    }

    [Theory]
    [InlineData("id > \"b\"", "b", false, null, false, true)]
    [InlineData("id >= \"b\" and id > \"b\" and id <= \"d\"", "b", false, "d", true, true)]
    [InlineData("id > \"b\" and x == 1", "b", false, null, false, false)]
    public void Texts_are_bounded_by_conjunctions(string text, string? low, bool lowInclusive, string? high, bool highInclusive, bool isExact)
    {
        var range = Filter.Compile(text, Texts).KeyRange;
        Assert.NotNull(range);
        Assert.Equal(low, range.Low?.Strings.GetString(0));
        Assert.Equal(lowInclusive && low is not null, range.LowInclusive && low is not null);
        Assert.Equal(high, range.High?.Strings.GetString(0));
        Assert.Equal(highInclusive, range.HighInclusive && high is not null);
        Assert.Equal(isExact, range.IsExact);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x > 5")]
    [InlineData("id > 5 or x == 1")]
    [InlineData("not (id > 5 and x == 1)")]
    public void Other_filters_do_not_bound_the_key(string text) => Assert.Null(Filter.Compile(text, Numbers).KeyRange);

    private static CollectionSchema Schema(DataType key) => new(
    [
        new FieldSchema { Id = 100, Name = "id", Type = key, IsPrimaryKey = true, TypeParams = key == DataType.VarChar ? [new Property("max_length", "20")] : ImmutableArray<Property>.Empty },
        new FieldSchema { Id = 101, Name = "x", Type = DataType.Int64 },
    ]);
}
