using Milvus.Model;

namespace Milvus.Vectors.Tests.Sparse;

public sealed class SparseSearchTests
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public void ScanAndIndexEqualThePlainFormula(bool bm25, int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 40; round++)
        {
            byte[][] rows = SparseData.Rows(random, random.Next(1, 400), random.Next(1, 30), random.Next(2, 200), bm25);
            Bm25Scoring? scoring = bm25 ? SparseData.Scoring(rows, k1: random.NextSingle() * 3, b: random.NextSingle()) : null;
            var fixture = new Fixture(rows, scoring);
            for (int q = 0; q < 5; q++)
            {
                byte[] query = SparseData.Row(random, 12, 100, bm25);
                ulong[]? filter = q switch { 0 => null, 1 => [], _ => SparseData.Filter(random, rows.Length, q / 5.0) };
                fixture.CheckAgainstFormula(query, random.Next(1, 50), filter);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void IndexEqualsScanOverManyWindows(bool bm25)
    {
        var random = new Random(3);
        // Long stretches without the rare dimensions, so that windows are skipped, visited sparsely and visited densely.
        byte[][] rows = new byte[50_000][];
        for (int row = 0; row < rows.Length; row++)
        {
            List<SparseElement> elements = [];
            if (random.Next(3) == 0)
                elements.Add(new(1, random.Next(1, 4)));
            if (row is > 18_000 and < 36_000)
                elements.Add(new(2, random.Next(1, 4)));
            if (random.Next(5000) == 0)
                elements.Add(new(3, random.Next(1, 4)));
            rows[row] = SparseRow.Encode([.. elements]);
        }
        var fixture = new Fixture(rows, bm25 ? SparseData.Scoring(rows) : null);
        SparseElement[] terms = [new(1, 1f), new(2, 1f), new(3, 2f), new(4, 1f)];
        foreach (int mask in new[] { 1, 2, 4, 6, 8, 15 })
        {
            byte[] query = SparseRow.Encode([.. terms.Where((_, i) => (mask >> i & 1) != 0)]);
            foreach (int k in new[] { 1, 100, 100_000 })
            {
                fixture.CheckIndexEqualsScan(query, new SparseSearchParameters(k), null);
                fixture.CheckIndexEqualsScan(query, new SparseSearchParameters(k), SparseData.Filter(random, rows.Length, 0.0005));
            }
        }
        var onlyTail = new ulong[(rows.Length + 63) / 64];
        onlyTail[^1] = ulong.MaxValue;
        fixture.CheckIndexEqualsScan(SparseRow.Encode(terms), new SparseSearchParameters(100), onlyTail);
        fixture.CheckIndexEqualsScan(SparseRow.Encode(terms), new SparseSearchParameters(100), onlyTail[..^1]);
    }

    [Fact]
    public void RowsWithoutOverlapAreNoHits()
    {
        byte[][] rows = [SparseRow.Encode(new SparseElement(1, 1f)), [], SparseRow.Encode(new SparseElement(2, 1f)), SparseRow.Encode(new(1, 0f), new(5, 1f))];
        var fixture = new Fixture(rows, null);
        Assert.Equal([0], fixture.Hits(SparseRow.Encode(new(1, 2f), new(9, 1f)), new SparseSearchParameters(10)).Select(hit => hit.Row));
        Assert.Empty(fixture.Hits(SparseRow.Encode(new SparseElement(7, 1f)), new SparseSearchParameters(10)));
        Assert.Empty(fixture.Hits([], new SparseSearchParameters(10)));
        Assert.Empty(new Fixture(rows, SparseData.Scoring(rows)).Hits(SparseRow.Encode(new SparseElement(7, 1f)), new SparseSearchParameters(10)));
    }

    [Fact]
    public void TiesGoToTheSmallerRow()
    {
        byte[][] rows = [.. Enumerable.Repeat(SparseRow.Encode(new SparseElement(1, 1f)), 100)];
        Assert.Equal([0, 1, 2], new Fixture(rows, null).Hits(SparseRow.Encode(new SparseElement(1, 1f)), new SparseSearchParameters(3)).Select(hit => hit.Row));
    }

    [Fact]
    public void RangeKeepsScoresAboveRadiusUpToRangeFilter()
    {
        byte[][] rows = [.. Enumerable.Range(1, 10).Select(i => SparseRow.Encode(new SparseElement(1, i)))];
        var fixture = new Fixture(rows, null);
        byte[] query = SparseRow.Encode(new SparseElement(1, 1f));
        Assert.Equal([6, 5, 4], fixture.Hits(query, new SparseSearchParameters(10) { Radius = 4, RangeFilter = 7 }).Select(hit => hit.Row));
        Assert.Equal([9, 8], fixture.Hits(query, new SparseSearchParameters(2) { Radius = 4 }).Select(hit => hit.Row));
    }

    [Fact]
    public void DropRatioLeavesOutTheSmallestWeights()
    {
        byte[][] rows = [.. Enumerable.Range(0, 4).Select(i => SparseRow.Encode(new SparseElement((uint)i, 1f)))];
        var fixture = new Fixture(rows, null);
        byte[] query = SparseRow.Encode(new(0, 0.1f), new(1, 0.4f), new(2, 0.3f), new(3, 0.2f));
        Assert.Equal([1, 2, 3, 0], fixture.Hits(query, new SparseSearchParameters(10)).Select(hit => hit.Row));
        Assert.Equal([1, 2], fixture.Hits(query, new SparseSearchParameters(10) { DropRatio = 0.5f }).Select(hit => hit.Row));
        Assert.Equal([1], fixture.Hits(query, new SparseSearchParameters(10) { DropRatio = 0.99f }).Select(hit => hit.Row));
    }

    [Fact]
    public void Bm25ScoresDoNotDependOnTheSegmentation()
    {
        var random = new Random(5);
        byte[][] rows = SparseData.Rows(random, 600, 20, 80, true);
        Bm25Scoring scoring = SparseData.Scoring(rows);
        byte[] query = SparseData.Row(random, 10, 80, true);
        var whole = new Fixture(rows, scoring).Hits(query, new SparseSearchParameters(1000)).ToDictionary(hit => hit.Row, hit => hit.Score);
        for (int start = 0; start < rows.Length; start += 200)
        {
            foreach ((int row, float score) in new Fixture(rows[start..(start + 200)], scoring).Hits(query, new SparseSearchParameters(1000)))
                Assert.Equal(whole[start + row], score);
        }
    }

    [Fact]
    public void TheIndexKnowsTheStatisticsOfItsRows()
    {
        byte[][] rows = SparseData.Rows(new Random(9), 500, 20, 80, true);
        Bm25Scoring scoring = SparseData.Scoring(rows);
        SparseInvertedIndex index = SparseInvertedIndexBuilder.Build(SparseData.Store(rows), MetricType.BM25);
        Assert.Equal(scoring.DocumentCount, index.RowCount);
        Assert.Equal(scoring.AverageLength, index.TotalLength / index.RowCount, 9);
        foreach (uint term in rows.SelectMany(row => SparseRow.Elements(row).ToArray()).Select(element => element.Index).Append(12345u))
            Assert.Equal(scoring.DocumentFrequency(term), index.RowsWith(term));
    }

    [Fact]
    public void StaleStatisticsNeverMakeANegativeWeight()
    {
        var scoring = new Bm25Scoring(5, 3, _ => 100);
        Assert.InRange(scoring.InverseDocumentFrequency(1), 0.001f, 1f);
        Assert.InRange(new Bm25Scoring(0, 1, _ => 0).InverseDocumentFrequency(1), 0.1f, 1f);
    }

    [Fact]
    public void OtherMetricsAndMissingStatisticsAreRefused()
    {
        var store = new SparseRowStore();
        Assert.Throws<ArgumentException>(() => SparseInvertedIndexBuilder.Build(store, MetricType.L2));
        Assert.Throws<ArgumentException>(() => SparseScan.Search(store, MetricType.Cosine, [], new SparseSearchParameters(1), RowFilter.All, new TopK()));
        Assert.Throws<ArgumentException>(() => SparseScan.Search(store, MetricType.BM25, [], new SparseSearchParameters(1), RowFilter.All, new TopK()));
    }

    [Fact]
    public void BuilderRefusesPassesThatDiffer()
    {
        byte[] row = SparseRow.Encode(new SparseElement(1, 1f)), other = SparseRow.Encode(new SparseElement(2, 1f));
        var builder = new SparseInvertedIndexBuilder(MetricType.IP);
        builder.Count(row);
        Assert.Throws<InvalidOperationException>(() => builder.Add(other));
        builder = new SparseInvertedIndexBuilder(MetricType.IP);
        builder.Count(row);
        Assert.Throws<InvalidOperationException>(builder.Build);
        builder = new SparseInvertedIndexBuilder(MetricType.IP);
        Assert.Equal(0, builder.Build().RowCount);
    }

    [Fact]
    public void SearchingAllocatesNothingOnceWarm()
    {
        var random = new Random(6);
        SparseInvertedIndex index = SparseInvertedIndexBuilder.Build(SparseData.Store(SparseData.Rows(random, 5000, 30, 300, false)), MetricType.IP);
        byte[] query = SparseData.Row(random, 20, 300, false);
        var results = new TopK();
        var parameters = new SparseSearchParameters(50);
        index.Search(query, parameters, RowFilter.All, results);
        foreach (SparseAlgorithm algorithm in Enum.GetValues<SparseAlgorithm>())
        {
            SparseSearchParameters walk = parameters with { Algorithm = algorithm };
            index.Search(query, walk, RowFilter.All, results);
            // Tests beside this one take scratch from the same pool now and then.
            long least = long.MaxValue;
            for (int round = 0; round < 20 && least > 0; round++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                index.Search(query, walk, RowFilter.All, results);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            Assert.Equal(0, least);
        }
    }

    private sealed class Fixture(byte[][] rows, Bm25Scoring? scoring)
    {
        private readonly SparseRowStore _store = SparseData.Store(rows);
        private readonly SparseInvertedIndex _index = SparseInvertedIndexBuilder.Build(SparseData.Store(rows), SparseData.Metric(scoring));

        // Two columns, empty rows as nulls in both.
        private readonly BinaryColumn[] _columns = [Column(rows[..(rows.Length / 2)]), Column(rows[(rows.Length / 2)..])];

        private static BinaryColumn Column(byte[][] rows)
        {
            var builder = new BinaryColumnBuilder(DataType.SparseFloatVector);
            foreach (byte[] row in rows)
            {
                if (row.Length == 0)
                    builder.AppendNull();
                else
                    builder.Append(row);
            }
            return builder.Build();
        }

        public (int Row, float Score)[] Hits(byte[] query, SparseSearchParameters parameters, ulong[]? filter = null)
        {
            CheckIndexEqualsScan(query, parameters, filter);
            var results = new TopK();
            _index.Search(query, parameters with { Scoring = scoring }, Of(filter), results);
            return [.. results.Rows.ToArray().Zip(results.Scores.ToArray())];
        }

        public void CheckIndexEqualsScan(byte[] query, SparseSearchParameters parameters, ulong[]? filter)
        {
            parameters = parameters with { Scoring = scoring };
            TopK scanned = new(), indexed = new();
            SparseScan.Search(_store, SparseData.Metric(scoring), query, parameters, Of(filter), scanned);
            TopK columnar = new();
            SparseScan.Search(_columns, SparseData.Metric(scoring), query, parameters, Of(filter), columnar);
            Assert.Equal(scanned.Rows.ToArray(), columnar.Rows.ToArray());
            Assert.Equal(scanned.Scores.ToArray(), columnar.Scores.ToArray());
            foreach (SparseAlgorithm algorithm in Enum.GetValues<SparseAlgorithm>())
            {
                _index.Search(query, parameters with { Algorithm = algorithm }, Of(filter), indexed);
                Assert.Equal(scanned.Rows.ToArray(), indexed.Rows.ToArray());
                Assert.Equal(scanned.Scores.ToArray(), indexed.Scores.ToArray());
            }
        }

        public void CheckAgainstFormula(byte[] query, int k, ulong[]? filter)
        {
            (int Row, double Score)[] expected = Enumerable.Range(0, rows.Length)
                .Where(row => filter is null || row >> 6 < filter.Length && (filter[row >> 6] >> row & 1) != 0)
                .Select(row => (Row: row, Score: SparseData.Score(query, rows[row], scoring)))
                .Where(hit => hit.Score > 0).OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Row).Take(k).ToArray();
            (int Row, float Score)[] hits = Hits(query, new SparseSearchParameters(k), filter);
            Assert.Equal(expected.Length, hits.Length);
            for (int i = 0; i < hits.Length; i++)
            {
                // Rows that differ only in rounding may change places; each must have the score that belongs to its rank and to itself.
                Assert.Equal(expected[i].Score, hits[i].Score, 1e-4 * Math.Max(1, expected[i].Score));
                Assert.Equal(SparseData.Score(query, rows[hits[i].Row], scoring), hits[i].Score, 1e-4 * Math.Max(1, expected[i].Score));
            }
        }

        private static RowFilter Of(ulong[]? filter) => filter is null ? RowFilter.All : new RowFilter(filter);
    }
}
