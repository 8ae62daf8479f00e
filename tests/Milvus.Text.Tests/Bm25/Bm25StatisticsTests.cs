using Milvus.Text.Analyzers;
using Milvus.Text.Bm25;

namespace Milvus.Text.Tests.Bm25;

public sealed class Bm25StatisticsTests
{
    private static readonly Bm25Function s_function = new(Analyzer.Standard);

    private static byte[][] Rows(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => s_function.Embed(string.Join(' ', Matching.TextMatcherTests.Words(random, random.Next(0, 20), 60))))];

    private static Bm25Statistics Of(IEnumerable<byte[]> rows)
    {
        var builder = new Bm25StatisticsBuilder();
        foreach (byte[] row in rows)
            builder.Add(row);
        return builder.Build();
    }

    private static void AssertCounts(IReadOnlyCollection<byte[]> rows, Bm25Statistics statistics)
    {
        Dictionary<uint, float>[] decoded = [.. rows.Select(row => Bm25FunctionTests.Decode(row))];
        Assert.Equal(rows.Count, statistics.DocumentCount);
        Assert.Equal(decoded.Sum(row => (long)row.Values.Sum()), statistics.TokenCount);
        uint[] terms = [.. decoded.SelectMany(row => row.Keys).Distinct().Order()];
        Assert.Equal(terms, statistics.Terms.ToArray());
        foreach (uint term in terms)
            Assert.Equal(decoded.Count(row => row.ContainsKey(term)), statistics.DocumentFrequency(term));
        Assert.Equal(0, statistics.DocumentFrequency(12345));
    }

    [Fact]
    public void StatisticsFollowRowsAndPartsInAndOut()
    {
        var random = new Random(14);
        byte[][] first = Rows(random, 200), second = Rows(random, 100);
        AssertCounts(first, Of(first));
        AssertCounts([], Bm25Statistics.Empty);

        var sum = new Bm25StatisticsBuilder();
        sum.Add(Of(first));
        foreach (byte[] row in second)
            sum.Add(row);
        AssertCounts([.. first, .. second], sum.Build());
        foreach (byte[] row in second[..40])
            sum.Remove(row);
        AssertCounts([.. first, .. second[40..]], sum.Build());
        sum.Remove(Of(first));
        AssertCounts(second[40..], sum.Build());
        sum.Remove(Of(second[40..]));
        AssertCounts([], sum.Build());
    }

    [Fact]
    public void AQueryReadsTheSameNumbersHoweverRowsAreSpread()
    {
        var random = new Random(15);
        byte[][] rows = Rows(random, 300);
        byte[] query = s_function.Embed("w1 w2 w3 unknown w1");
        Bm25QueryStatistics whole = Bm25QueryStatistics.Collect(query, [Of(rows)]);
        var growing = new Bm25StatisticsBuilder();
        foreach (byte[] row in rows[250..])
            growing.Add(row);
        Bm25QueryStatistics merged = Bm25QueryStatistics.Merge(
            [Bm25QueryStatistics.Collect(query, [Of(rows[..100]), Of(rows[100..120])]), Bm25QueryStatistics.Collect(query, [Of(rows[120..250]), growing])]);

        Assert.Equal((whole.DocumentCount, whole.TokenCount), (merged.DocumentCount, merged.TokenCount));
        Assert.Equal(whole.Terms, merged.Terms);
        Assert.Equal(whole.DocumentFrequencies, merged.DocumentFrequencies);
        Assert.Equal(4, whole.Terms.Length);
        Assert.Equal(0, whole.DocumentFrequency(TermHash.Of("unknown"u8)));
        Assert.Equal(rows.Count(row => Bm25FunctionTests.Decode(row).ContainsKey(TermHash.Of("w1"u8))), whole.DocumentFrequency(TermHash.Of("w1"u8)));
        Assert.Equal((double)whole.TokenCount / 300, whole.AverageLength);
        Assert.Equal(1, Bm25QueryStatistics.Merge([]).AverageLength);
        Assert.Throws<ArgumentException>(() => Bm25QueryStatistics.Merge([whole, Bm25QueryStatistics.Collect(s_function.Embed("w9"), [])]));
    }
}
