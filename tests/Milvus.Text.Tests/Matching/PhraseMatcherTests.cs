using System.Text;
using Milvus.Text.Analyzers;
using Milvus.Text.Matching;

namespace Milvus.Text.Tests.Matching;

public sealed class PhraseMatcherTests
{
    private static long? Slop(string query, string document, string? analyzer = null) =>
        new PhraseMatcher(Analyzer.Parse(analyzer), query).MinimalSlop(Encoding.UTF8.GetBytes(document));

    [Theory]
    [InlineData("vector database", "a Vector DATABASE here", 0)]
    [InlineData("vector database", "a vector and relational database", 2)]
    [InlineData("vector database", "database vector", 2)] // neighbours swapped
    [InlineData("a b c", "a x b y c", 2)]
    [InlineData("a b c", "a b x a b c", 0)]
    [InlineData("a b c", "c b a", 4)]
    [InlineData("fox", "a fox", 0)]
    [InlineData("fox", "a dog", null)]
    [InlineData("a b", "a c", null)]
    [InlineData("", "a", null)]
    [InlineData("a a", "a x a", 1)]
    public void SlopIsTheTotalDisplacement(string query, string document, int? expected)
    {
        Assert.Equal(expected, (int?)Slop(query, document));
        byte[] text = Encoding.UTF8.GetBytes(document);
        Assert.Equal(expected is 0, new PhraseMatcher(Analyzer.Standard, query).IsMatch(text));
        if (expected is not { } slop)
            return;
        Assert.True(new PhraseMatcher(Analyzer.Standard, query, (uint)slop).IsMatch(text));
        if (slop > 0)
            Assert.False(new PhraseMatcher(Analyzer.Standard, query, (uint)slop - 1).IsMatch(text));
    }

    [Fact]
    public void DroppedStopWordsKeepTheirPlace()
    {
        const string Stopping = """{"type": "standard", "stop_words": ["of", "the"]}""";
        Assert.Equal(0, Slop("king of the hill", "The king of the hill", Stopping));
        Assert.Equal(2, Slop("king hill", "king of the hill", Stopping));
    }

    [Fact]
    public void EqualsTryingAllPositions()
    {
        var random = new Random(12);
        for (int round = 0; round < 500; round++)
        {
            string[] query = TextMatcherTests.Words(random, random.Next(1, 5), 4), document = TextMatcherTests.Words(random, random.Next(0, 12), 5);
            Assert.Equal(Cheapest(query, document, 1, -1), Slop(string.Join(' ', query), string.Join(' ', document)));
        }
    }

    // Cost of placing query[i - 1 ..] when its first token stands at the given place; tries every place.
    private static long? Cheapest(string[] query, string[] document, int i, int place)
    {
        if (place >= 0 && i == query.Length)
            return 0;
        long? best = null;
        for (int next = 0; next < document.Length; next++)
        {
            string wanted = place < 0 ? query[0] : query[i];
            if (document[next] != wanted)
                continue;
            long? rest = place < 0 ? Cheapest(query, document, 1, next) : Cheapest(query, document, i + 1, next) + Math.Abs(next - place - 1);
            best = best is null ? rest : rest is null ? best : Math.Min(best.Value, rest.Value);
        }
        return best;
    }
}
