using Milvus.Model;

namespace Milvus.Vectors.Tests.Sparse;

/// <summary>Every algorithm against the scan, on data made to hit the bounds: skewed frequencies, long lists, many equal scores.</summary>
public sealed class SparseAlgorithmTests
{
    [Theory]
    [InlineData(MetricType.IP, 11)]
    [InlineData(MetricType.BM25, 12)]
    public void AllAlgorithmsEqualTheScanOnSkewedLists(MetricType metric, int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 6; round++)
        {
            byte[][] rows = Skewed(random, random.Next(1, 6000), random.Next(5, 400), metric == MetricType.BM25);
            var data = new Data(rows, metric);
            for (int q = 0; q < 12; q++)
            {
                byte[] query = Skewed(random, 1, 400, true, random.Next(1, 40))[0];
                ulong[]? filter = (q % 4) switch
                {
                    0 => null,
                    1 => SparseData.Filter(random, rows.Length, 0.002),
                    2 => SparseData.Filter(random, rows.Length, 0.1),
                    _ => SparseData.Filter(random, rows.Length, 0.9),
                };
                data.Check(query, new SparseSearchParameters(random.Next(1, 30)), filter);
                data.Check(query, new SparseSearchParameters(10_000), filter);
                float[] all = data.Scan(query, new SparseSearchParameters(10_000), filter).Scores;
                if (all.Length == 0)
                    continue;
                float radius = all[random.Next(all.Length)], inner = all[random.Next(all.Length)];
                data.Check(query, new SparseSearchParameters(20) { Radius = Math.Min(radius, inner), RangeFilter = Math.Max(radius, inner) }, filter);
                data.Check(query, new SparseSearchParameters(20) { Radius = radius }, filter);
                data.Check(query, new SparseSearchParameters(7) { DropRatio = 0.4f }, filter);
            }
        }
    }

    [Theory]
    [InlineData(MetricType.IP)]
    [InlineData(MetricType.BM25)]
    public void EqualScoresGoToTheSmallerRowsInAllAlgorithms(MetricType metric)
    {
        byte[][] rows = [.. Enumerable.Range(0, 2000).Select(row => SparseRow.Encode(new((uint)(row % 3), 1f), new(7, 2f)))];
        var data = new Data(rows, metric);
        foreach (int k in new[] { 1, 10, 700, 5000 })
            data.Check(SparseRow.Encode(new(0, 1f), new(1, 1f), new(2, 1f), new(7, 1f)), new SparseSearchParameters(k), null);
    }

    [Fact]
    public void ARatioBelowOneLeavesRowsOutAndNeverInventsThem()
    {
        var random = new Random(13);
        byte[][] rows = Skewed(random, 5000, 300, true);
        var data = new Data(rows, MetricType.BM25);
        for (int q = 0; q < 10; q++)
        {
            byte[] query = Skewed(random, 1, 300, true, 12)[0];
            Dictionary<int, float> all = data.Scan(query, new SparseSearchParameters(10_000), null).AsMap();
            foreach (SparseAlgorithm algorithm in Enum.GetValues<SparseAlgorithm>())
            {
                foreach ((int row, float score) in data.Find(query, new SparseSearchParameters(10) { Algorithm = algorithm, MaxScoreRatio = 0.5f }, null).AsMap())
                    Assert.Equal(all[row], score);
            }
        }
    }

    [Fact]
    public void TermFrequenciesTakeThreeBytesOrLessPerPosting()
    {
        byte[][] rows = Skewed(new Random(14), 20_000, 500, true);
        SparseInvertedIndex index = SparseInvertedIndexBuilder.Build(SparseData.Store(rows), MetricType.BM25);
        Assert.InRange(index.MemoryBytes - (4 * rows.Length), 0, (long)(3.5 * index.PostingCount));
    }

    [Theory]
    [InlineData(MetricType.IP)]
    [InlineData(MetricType.BM25)]
    public void AGrowingStoreIsSearchedByChunksLikeTheScan(MetricType metric)
    {
        var random = new Random(15);
        byte[][] rows = Skewed(random, (2 * ChunkedSparseIndex.ChunkRows) + 700, 300, true, 6);
        Bm25Scoring? scoring = metric == MetricType.BM25 ? SparseData.Scoring(rows) : null;
        var store = new SparseRowStore();
        var growing = new ChunkedSparseIndex(store);
        TopK expected = new(), found = new();
        foreach (int count in new[] { 0, 100, ChunkedSparseIndex.ChunkRows - 1, ChunkedSparseIndex.ChunkRows, ChunkedSparseIndex.ChunkRows + 65, rows.Length })
        {
            while (store.Count < count)
                store.Append(rows[store.Count]);
            foreach (double passing in new[] { 1, 0.3, 0.001 })
            {
                RowFilter filter = passing == 1 ? RowFilter.All : new RowFilter(SparseData.Filter(random, Math.Max(0, count - 70), passing));
                byte[] query = Skewed(random, 1, 300, true, 12)[0];
                foreach (SparseAlgorithm algorithm in Enum.GetValues<SparseAlgorithm>())
                {
                    var parameters = new SparseSearchParameters(25) { Scoring = scoring, Algorithm = algorithm };
                    SparseScan.Search(store, metric, query, parameters, filter, expected, count);
                    growing.Search(metric, query, parameters, filter, found, count);
                    Assert.Equal(expected.Rows.ToArray(), found.Rows.ToArray());
                    Assert.Equal(expected.Scores.ToArray(), found.Scores.ToArray());
                }
            }
        }
        Assert.InRange(growing.MemoryBytes, 1, store.MemoryBytes);
    }

    [Fact]
    public void NamesAreThoseOfMilvus()
    {
        Assert.Equal(["TAAT_NAIVE", "DAAT_WAND", "DAAT_MAXSCORE", "BLOCK_MAX_MAXSCORE", "BLOCK_MAX_WAND", "SINDI"], SparseAlgorithms.Names.ToArray());
        foreach (string name in SparseAlgorithms.Names)
            Assert.True(SparseAlgorithms.TryParse(name.ToLowerInvariant(), out SparseAlgorithm algorithm) && algorithm != SparseAlgorithm.Default);
        Assert.True(SparseAlgorithms.TryParse(null, out SparseAlgorithm usual) && usual == SparseAlgorithm.Default);
        Assert.False(SparseAlgorithms.TryParse("FASTEST", out _));
    }

    /// <summary>Dimensions by a Zipf-like law, so that some lists span many blocks.</summary>
    private static byte[][] Skewed(Random random, int count, int dimensions, bool wholeNumbers, int elements = 25)
    {
        var rows = new byte[count][];
        for (int row = 0; row < count; row++)
        {
            var values = new SortedDictionary<uint, float>();
            int length = random.Next(elements + 1);
            for (int i = 0; i < length; i++)
                values[(uint)Math.Min(dimensions, Math.Exp(random.NextDouble() * Math.Log(dimensions)))] = wholeNumbers ? 1 + random.Next(4) * random.Next(4) : random.NextSingle();
            rows[row] = SparseRow.Encode([.. values.Select(pair => new SparseElement(pair.Key, pair.Value))]);
        }
        return rows;
    }

    private sealed record Hits(int[] Rows, float[] Scores)
    {
        public Dictionary<int, float> AsMap() => Rows.Zip(Scores).ToDictionary(hit => hit.First, hit => hit.Second);
    }

    private sealed class Data(byte[][] rows, MetricType metric)
    {
        private readonly SparseRowStore _store = SparseData.Store(rows);
        private readonly SparseInvertedIndex _index = SparseInvertedIndexBuilder.Build(SparseData.Store(rows), metric);
        private readonly Bm25Scoring? _scoring = metric == MetricType.BM25 ? SparseData.Scoring(rows) : null;

        public Hits Scan(byte[] query, SparseSearchParameters parameters, ulong[]? filter)
        {
            var found = new TopK();
            SparseScan.Search(_store, metric, query, parameters with { Scoring = _scoring }, Of(filter), found);
            return new Hits(found.Rows.ToArray(), found.Scores.ToArray());
        }

        public Hits Find(byte[] query, SparseSearchParameters parameters, ulong[]? filter)
        {
            var found = new TopK();
            _index.Search(query, parameters with { Scoring = _scoring }, Of(filter), found);
            return new Hits(found.Rows.ToArray(), found.Scores.ToArray());
        }

        public void Check(byte[] query, SparseSearchParameters parameters, ulong[]? filter)
        {
            Hits expected = Scan(query, parameters, filter);
            foreach (SparseAlgorithm algorithm in Enum.GetValues<SparseAlgorithm>())
            {
                Hits found = Find(query, parameters with { Algorithm = algorithm }, filter);
                Assert.Equal(expected.Rows, found.Rows);
                Assert.Equal(expected.Scores, found.Scores);
            }
        }

        private static RowFilter Of(ulong[]? filter) => filter is null ? RowFilter.All : new RowFilter(filter);
    }
}
