using Milvus.Expressions;
using Milvus.Model;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Segments.Tests.Reading;

/// <summary>Exact searches over growing and sealed segments equal a scan in double precision.</summary>
public class SearchTests
{
    private readonly SegmentScratch _scratch = new();

    public static TheoryData<DataType, int, MetricType> Cases()
    {
        var cases = new TheoryData<DataType, int, MetricType>();
        foreach (var type in (DataType[])[DataType.FloatVector, DataType.Float16Vector, DataType.BFloat16Vector, DataType.Int8Vector])
            foreach (var metric in (MetricType[])[MetricType.L2, MetricType.IP, MetricType.Cosine]) cases.Add(type, 19, metric);
        foreach (var metric in (MetricType[])[MetricType.Hamming, MetricType.Jaccard, MetricType.Substructure, MetricType.Superstructure])
            cases.Add(DataType.BinaryVector, 16, metric);
        cases.Add(DataType.SparseFloatVector, 0, MetricType.IP);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Growing_and_sealed_segments_find_the_exact_best_rows_at_any_moment(DataType type, int dimension, MetricType metric)
    {
        var fixture = new VectorFixture(type, dimension, seed: 3).Fill(900);
        var segment = await fixture.SealAsync();
        for (var round = 0; round < 4; round++)
        {
            byte[][] queries = [fixture.RandomVector(), fixture.RandomVector(), fixture.RandomVector()];
            var at = round < 2 ? fixture.Now : new Timestamp(100 + (ulong)fixture.Random.NextInt64((long)fixture.Now.Value - 100));
            var request = fixture.Request(metric, k: 1 + fixture.Random.Next(60), queries) with { At = new ReadPoint(at) };
            foreach (var source in (Segment[])[fixture.Growing, segment])
            {
                var hits = SegmentSearcher.Search(source, request, _scratch);
                for (var q = 0; q < queries.Length; q++) AssertBest(fixture.Exact(queries[q], metric, at), hits[q], request.K);
            }
        }
    }

    [Fact]
    public async Task Terms_are_dropped_by_the_index_only()
    {
        var fixture = new VectorFixture(DataType.SparseFloatVector, 0, seed: 6).Fill(1200);
        var segment = await fixture.SealAsync();
        var query = SparseRow.Encode([.. Enumerable.Range(0, 20).Select(t => new SparseElement((uint)t, 1 + t))]);
        var request = fixture.Request(MetricType.IP, 2000, query) with { DropRatio = 0.9f, MaxScoreRatio = 0.5f };
        var exact = fixture.Exact(query, MetricType.IP, fixture.Now);
        foreach (var source in (Segment[])[fixture.Growing, segment]) AssertBest(exact, SegmentSearcher.Search(source, request, _scratch)[0], request.K);

        var indexed = await IndexWriter.BuildAsync(segment, new SegmentIndexPlan(VectorFixture.Vector, 9, SegmentIndexPlan.SparseInverted, MetricType.IP), fixture.Store);
        Assert.True(SegmentSearcher.Search(indexed, request, _scratch)[0].Count < exact.Count);
    }

    [Theory]
    [InlineData(DataType.FloatVector, MetricType.Cosine, SegmentIndexPlan.Flat)]
    [InlineData(DataType.SparseFloatVector, MetricType.IP, SegmentIndexPlan.SparseInverted)]
    public async Task A_built_and_reloaded_index_searches_like_the_scan(DataType type, MetricType metric, string kind)
    {
        var fixture = new VectorFixture(type, 19, seed: 4).Fill(1200);
        var segment = await fixture.SealAsync();
        var indexed = await IndexWriter.BuildAsync(segment, new SegmentIndexPlan(VectorFixture.Vector, 9, kind, metric), fixture.Store);
        Assert.Same(segment.Tombstones, indexed.Tombstones);
        Assert.Equal(9, Assert.Single(indexed.Manifest.Indexes).IndexId);

        var reloaded = await SealedSegment.LoadAsync(indexed.Manifest, fixture.Schema, fixture.Store);
        reloaded.Delete(fixture.Growing.DeletesSince(Timestamp.Zero));
        Assert.Single(reloaded.Indexes);
        Assert.Empty(reloaded.WithoutIndex(VectorFixture.Vector).Indexes);
        foreach (var at in (Timestamp[])[fixture.Now, new(50 + (fixture.Now.Value / 2)), new(fixture.Now.Value + 9)])
        {
            var query = fixture.RandomVector();
            var request = fixture.Request(metric, 25, query) with { At = new ReadPoint(at) };
            foreach (var source in (Segment[])[indexed, reloaded])
                AssertBest(fixture.Exact(query, metric, at), SegmentSearcher.Search(source, request, _scratch)[0], 25);
        }
    }

    [Fact]
    public async Task A_field_of_nulls_gets_an_index_that_finds_nothing()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 11);
        fixture.Growing.Append(
            new ColumnBatch(3, [new(VectorFixture.Key, PrimaryKeys.Of(1, 2, 3).Column), new(VectorFixture.Group, PrimaryKeys.Of(1, 1, 1).Column)]), new Timestamp(5));
        var built = await IndexWriter.BuildAsync(
            await fixture.SealAsync(), new SegmentIndexPlan(VectorFixture.Vector, 9, SegmentIndexPlan.Hnsw, MetricType.L2), fixture.Store);
        var indexed = await SealedSegment.LoadAsync(built.Manifest, fixture.Schema, fixture.Store);
        Assert.Single(indexed.Indexes);
        Assert.True(indexed.Fetch(VectorFixture.Vector, [2]).IsNull(0));
        foreach (var source in (Segment[])[fixture.Growing, built, indexed])
            Assert.Equal(0, SegmentSearcher.Search(source, fixture.Request(MetricType.L2, 5, fixture.RandomVector()), _scratch)[0].Count);
    }

    [Theory]
    [InlineData(DataType.FloatVector, MetricType.L2, SegmentIndexPlan.Flat)]
    [InlineData(DataType.FloatVector, MetricType.L2, SegmentIndexPlan.Hnsw)]
    [InlineData(DataType.SparseFloatVector, MetricType.IP, SegmentIndexPlan.SparseInverted)]
    public async Task An_index_over_rows_later_than_the_reader_never_shows_them(DataType type, MetricType metric, string kind)
    {
        foreach (var deletedShare in (double[])[0, 0.2])
        {
            var fixture = new VectorFixture(type, 8, seed: 10).Fill(700, deletedShare, nulls: type == DataType.FloatVector);
            var plan = new SegmentIndexPlan(VectorFixture.Vector, 9, kind, metric) { HnswParameters = new HnswParameters { M = 8, EfConstruction = 40 } };
            var indexed = await IndexWriter.BuildAsync(await fixture.SealAsync(), plan, fixture.Store);
            var query = fixture.RandomVector();
            for (var at = 100UL; at <= fixture.Now.Value; at++)
            {
                var exact = fixture.Exact(query, metric, new Timestamp(at));
                var request = fixture.Request(metric, 1000, query) with { At = new ReadPoint(new Timestamp(at)) };
                Assert.Equal(exact.Select(e => e.Row).Order(), SegmentSearcher.Search(indexed, request, _scratch)[0].Rows.Order());
            }
        }
    }

    [Theory]
    [InlineData(DataType.FloatVector, MetricType.L2)]
    [InlineData(DataType.BinaryVector, MetricType.Hamming)]
    public async Task A_graph_finds_nearly_all_best_rows_and_as_many_as_there_are(DataType type, MetricType metric)
    {
        var fixture = new VectorFixture(type, 32, seed: 9).Fill(2000);
        var plan = new SegmentIndexPlan(VectorFixture.Vector, 9, SegmentIndexPlan.Hnsw, metric) { HnswParameters = new HnswParameters { M = 16, EfConstruction = 100 } };
        var built = await IndexWriter.BuildAsync(await fixture.SealAsync(), plan, fixture.Store);
        var indexed = await SealedSegment.LoadAsync(built.Manifest, fixture.Schema, fixture.Store);
        indexed.Delete(fixture.Growing.DeletesSince(Timestamp.Zero));
        Assert.Equal(VectorIndexKind.Hnsw, indexed.FindIndex(VectorFixture.Vector)!.Dense!.Kind);
        Assert.InRange(SealedSegment.EstimateMemory(built.Manifest, fixture.Schema), built.MemoryBytes * 9 / 10, built.MemoryBytes * 11 / 10);

        double found = 0, wanted = 0;
        for (var round = 0; round < 15; round++)
        {
            var query = fixture.RandomVector();
            var limit = round % 2 == 0 ? 40 : 2;
            var filter = Filter.Compile($"group < {limit}", fixture.Schema);
            var k = round % 3 == 0 ? 3000 : 10;
            var at = round % 5 == 0 ? new Timestamp(100 + (fixture.Now.Value / 2)) : fixture.Now;
            var exact = fixture.Exact(query, metric, at, r => r.Group < limit);
            Assert.NotEmpty(exact);
            var hits = SegmentSearcher.Search(indexed, fixture.Request(metric, k, query) with { Ef = 30, At = new ReadPoint(at), Filter = filter }, _scratch)[0];
            Assert.Equal(Math.Min(k, exact.Count), hits.Count);
            Assert.Subset(exact.Select(e => e.Row).ToHashSet(), hits.Rows.ToHashSet());
            // Equal scores are interchangeable.
            var worst = exact[hits.Count - 1].Score;
            found += hits.Scores.Count(s => s <= worst + 1e-4);
            wanted += hits.Count;
        }
        Assert.InRange(found / wanted, 0.97, 1);
    }

    [Fact]
    public async Task Range_search_keeps_the_inner_and_leaves_the_outer_bound()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 5).Fill(800);
        var segment = await fixture.SealAsync();
        var query = fixture.RandomVector();
        var exact = fixture.Exact(query, MetricType.L2, fixture.Now);
        var request = fixture.Request(MetricType.L2, 1000, query) with { Radius = (float)exact[200].Score + 1e-4f, RangeFilter = (float)exact[20].Score - 1e-4f };
        foreach (var source in (Segment[])[fixture.Growing, segment])
        {
            var hits = SegmentSearcher.Search(source, request, _scratch)[0];
            Assert.Equal(exact[20..201].Select(e => e.Row), hits.Rows);
        }
    }

    [Fact]
    public async Task Bm25_scores_follow_the_collections_statistics_in_every_form()
    {
        var fixture = new VectorFixture(DataType.SparseFloatVector, 0, seed: 6, isBm25: true).Fill(600, nulls: false);
        var segment = await fixture.SealAsync();
        var indexed = await IndexWriter.BuildAsync(segment, new SegmentIndexPlan(VectorFixture.Vector, 9, SegmentIndexPlan.SparseInverted, MetricType.BM25), fixture.Store);
        var query = SparseRow.Encode(new SparseElement(3, 1), new SparseElement(17, 2), new SparseElement(59, 1));
        foreach (var source in (Segment[])[fixture.Growing, segment, indexed])
        {
            var statistics = Bm25QueryStatistics.Collect(query, [source.Bm25StatisticsOf(VectorFixture.Vector)!]);
            Assert.Equal(600, statistics.DocumentCount);
            Assert.Equal(fixture.Rows.Count(r => SparseRow.Elements(r.Vector).ToArray().Any(e => e.Index == 17)), statistics.DocumentFrequency(17));
            var scoring = new Bm25Scoring(statistics.DocumentCount, statistics.AverageLength, statistics.DocumentFrequency);
            var hits = SegmentSearcher.Search(source, fixture.Request(MetricType.BM25, 20, query) with { Bm25 = scoring }, _scratch)[0];
            AssertBest(fixture.Exact(query, MetricType.BM25, fixture.Now, bm25: scoring), hits, 20);
        }
    }

    [Fact]
    public void Rows_of_a_growing_segment_are_found_as_soon_as_they_are_appended()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 7);
        Assert.Equal(0, SegmentSearcher.Search(fixture.Growing, fixture.Request(MetricType.L2, 5, fixture.RandomVector()), _scratch)[0].Count);
        fixture.Fill(10, deletedShare: 0, nulls: false);
        var request = fixture.Request(MetricType.L2, 20, fixture.Rows[7].Vector!);
        var hits = SegmentSearcher.Search(fixture.Growing, request, _scratch)[0];
        Assert.Equal(10, hits.Count);
        Assert.Equal(7, hits.Rows[0]);
        Assert.Equal(0, hits.Scores[0]);
    }

    [Fact]
    public void Queries_that_do_not_fit_are_refused()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 8).Fill(5, nulls: false);
        Assert.Throws<ArgumentException>(() => SegmentSearcher.Search(fixture.Growing, fixture.Request(MetricType.L2, 5, new byte[31]), _scratch));
        Assert.Throws<ArgumentException>(() => SegmentSearcher.Search(fixture.Growing, fixture.Request(MetricType.Hamming, 5, fixture.RandomVector()), _scratch));
        var request = fixture.Request(MetricType.L2, 5, fixture.RandomVector()) with { FieldId = 999 };
        Assert.Equal(ErrorCode.FieldNotFound, Assert.Throws<MilvusException>(() => SegmentSearcher.Search(fixture.Growing, request, _scratch)).Code);
    }

    /// <summary>The hits are the first ones of the exact order, up to rounding of equal scores.</summary>
    internal static void AssertBest(List<(int Row, double Score)> exact, SegmentHits hits, int k)
    {
        Assert.Equal(Math.Min(k, exact.Count), hits.Count);
        Assert.Equal(hits.Rows.Length, hits.Rows.Distinct().Count());
        var byRow = exact.ToDictionary(e => e.Row, e => e.Score);
        for (var i = 0; i < hits.Count; i++)
        {
            Assert.True(byRow.ContainsKey(hits.Rows[i]), $"row {hits.Rows[i]} must not match");
            var tolerance = 1e-4 * Math.Max(1, Math.Abs(exact[i].Score));
            Assert.InRange(hits.Scores[i], exact[i].Score - tolerance, exact[i].Score + tolerance);
            Assert.InRange(hits.Scores[i], byRow[hits.Rows[i]] - tolerance, byRow[hits.Rows[i]] + tolerance);
        }
    }
}
