using Milvus.Model;

namespace Milvus.Expressions.Tests.Indexes;

/// <summary>Words of analysed fields by an index: the same rows as by reading every text, on any mixture with other tests.</summary>
public class TextIndexTests
{
    private static readonly string[] Words = ["red", "green", "blue", "apple", "pear", "tree", "car", "sky"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Text_indexes_never_change_an_answer(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 8; round++)
        {
            var documents = Enumerable.Range(0, random.Next(1, 400)).Select(_ => random.Next(8) == 0 ? null : Text(random, 8)).ToArray();
            var rows = Of(documents);
            var indexed = new IndexedRows(rows) { HasTexts = true };
            for (var k = 0; k < 60; k++)
            {
                var filter = Filter(random, 2);
                var plan = Sample.Compile(filter);
                var expected = rows.Select(plan);
                Assert.True(expected.SequenceEqual(indexed.Select(plan)), filter);
                Assert.True(expected.SequenceEqual(indexed.Select(plan, IndexUse.ByCost)), filter);
            }
        }
    }

    [Theory]
    [InlineData("text_match(doc, 'rare')", 20)]
    [InlineData("text_match(doc, 'rare number7', minimum_should_match=2)", 1)]
    [InlineData("text_match(doc, 'rare rare', minimum_should_match=2)", 20)]
    [InlineData("text_match(doc, 'absent')", 0)]
    [InlineData("phrase_match(doc, 'rare word')", 20)]
    [InlineData("phrase_match(doc, 'word rare')", 0)]
    [InlineData("phrase_match(doc, 'word rare', 2)", 20)]
    [InlineData("text_match(doc, 'rare') and i < 1000", 1)]
    [InlineData("not text_match(doc, 'rare') and i < 1000", 999)]
    public void Words_are_looked_up_where_that_is_cheaper(string filter, int expected)
    {
        var rows = Of([.. Enumerable.Range(0, 20_000).Select(i => i % 1000 == 7 ? $"a rare word number{i / 1000}" : $"some common words of text {i % 17}")]);
        var indexed = new IndexedRows(rows) { HasTexts = true };
        var trace = new FilterTrace();
        var found = indexed.Select(Sample.Compile(filter), IndexUse.ByCost, trace);
        Assert.Equal(expected, found.Count);
        Assert.Equal(rows.Select(Sample.Compile(filter)), found);
        Assert.Contains(trace.Leaves, leaf => leaf.Index is not null);
        // Untraced too, where a source without scalar indexes is not looked at any further.
        Assert.Equal(found, indexed.Select(Sample.Compile(filter), IndexUse.ByCost));
        Assert.True(indexed.TextIndexOf(Sample.Schema.Find("doc")!.Id)!.MemoryBytes > 0);
    }

    private static Rows Of(string?[] documents) => new(
        Sample.Schema,
        [.. documents.Select((text, i) => new Dictionary<string, object?> { ["id"] = (long)i, ["key"] = "k", ["i"] = (long)i, ["doc"] = text })],
        prune: false);

    private static string Filter(Random random, int depth) => depth == 0 || random.Next(3) == 0
        ? random.Next(5) switch
        {
            0 => $"text_match(doc, '{Text(random, 4)}', minimum_should_match={random.Next(1, 4)})",
            1 => $"phrase_match(doc, '{Text(random, 3)}', {random.Next(3)})",
            2 => $"i % {random.Next(2, 5)} == 1",
            3 => "doc is not null",
            _ => $"text_match(doc, '{Text(random, 3)}')",
        }
        : random.Next(3) switch
        {
            0 => $"not ({Filter(random, depth - 1)})",
            1 => $"({Filter(random, depth - 1)}) and ({Filter(random, depth - 1)})",
            _ => $"({Filter(random, depth - 1)}) or ({Filter(random, depth - 1)})",
        };

    private static string Text(Random random, int most) => string.Join(' ', Enumerable.Range(0, random.Next(most + 1)).Select(_ => Words[(int)(Words.Length * Math.Pow(random.NextDouble(), 2))]));
}
