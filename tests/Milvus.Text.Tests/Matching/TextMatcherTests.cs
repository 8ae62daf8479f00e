using System.Text;
using Milvus.Text.Analyzers;
using Milvus.Text.Matching;

namespace Milvus.Text.Tests.Matching;

public sealed class TextMatcherTests
{
    private static bool Matches(string query, string document, int minimum = 1, string? analyzer = null) =>
        new TextMatcher(Analyzer.Parse(analyzer), query, minimum).IsMatch(Encoding.UTF8.GetBytes(document));

    [Theory]
    [InlineData("database fox", "Milvus is a vector DATABASE", 1, true)]
    [InlineData("database fox", "the quick brown fox", 1, true)]
    [InlineData("database fox", "vector search over a vector space", 1, false)]
    [InlineData("database fox", "databases foxes", 1, false)]
    [InlineData("a b c", "c x a", 2, true)]
    [InlineData("a b c", "c x a", 3, false)]
    [InlineData("a b c", "a a a", 2, false)]
    [InlineData("a a b", "a", 2, true)] // each query token is a clause
    [InlineData("a a b", "b", 2, false)]
    [InlineData("a", "a", 2, false)]
    [InlineData("", "a", 1, false)]
    [InlineData("...", "a ...", 1, false)]
    [InlineData("a", "", 1, false)]
    public void EnoughQueryTokensMustOccur(string query, string document, int minimum, bool expected) =>
        Assert.Equal(expected, Matches(query, document, minimum));

    [Fact]
    public void QueryAndDocumentGoThroughTheSameAnalyzer()
    {
        Assert.True(Matches("searching", "He searches", analyzer: """{"type": "english"}"""));
        Assert.False(Matches("the", "the end", analyzer: """{"type": "english"}"""));
    }

    [Fact]
    public void EqualsCountingOverRandomDocuments()
    {
        var random = new Random(11);
        for (int round = 0; round < 400; round++)
        {
            string[] query = Words(random, random.Next(0, 90), 100), document = Words(random, random.Next(0, 40), 100);
            int minimum = random.Next(1, 12);
            Assert.Equal(query.Count(document.Contains) >= minimum, Matches(string.Join(' ', query), string.Join(' ', document), minimum));
        }
    }

    [Fact]
    public void MatchingAllocatesNothingOnceWarm()
    {
        var matcher = new TextMatcher(Analyzer.Standard, "fox database", 2);
        byte[] document = "The quick brown Fox"u8.ToArray();
        matcher.IsMatch(document);
        long before = GC.GetAllocatedBytesForCurrentThread();
        matcher.IsMatch(document);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static string[] Words(Random random, int count, int vocabulary) =>
        [.. Enumerable.Range(0, count).Select(_ => "w" + random.Next(vocabulary))];
}
