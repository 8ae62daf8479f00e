using Milvus.Model;

namespace Milvus.Vectors.Tests.Disk;

public sealed class DiskGraphTests : IDisposable
{
    private readonly DiskFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(DataType.FloatVector, MetricType.L2, 64, false)]
    [InlineData(DataType.FloatVector, MetricType.Cosine, 768, false)]
    [InlineData(DataType.FloatVector, MetricType.IP, 64, false)]
    [InlineData(DataType.Float16Vector, MetricType.L2, 100, false)]
    [InlineData(DataType.BFloat16Vector, MetricType.Cosine, 40, true)]
    [InlineData(DataType.Int8Vector, MetricType.L2, 64, false)]
    [InlineData(DataType.FloatVector, MetricType.L2, 64, true)]
    [InlineData(DataType.FloatVector, MetricType.Cosine, 1100, true)]
    public void Finds_nearly_all_of_the_best_rows_with_their_own_scores(DataType type, MetricType metric, int dimension, bool allOnDisk)
    {
        VectorStore store = DiskFixture.Rows(type, dimension, 2000);
        DiskGraphIndex index = _fixture.Build(store, metric, allOnDisk ? DiskGraphParameters.AllOnDisk : new DiskGraphParameters());
        Assert.Equal((VectorIndexKind.DiskGraph, 2000, allOnDisk), (index.Kind, index.Count, index.IsAllOnDisk));
        int list = allOnDisk ? 200 : 80;
        Assert.InRange(DiskFixture.Recall(index, store, metric, new VectorSearchParameters(10) { Ef = list }), 0.95, 1);

        var traversing = Traversing(index);
        Assert.InRange(DiskFixture.Recall(traversing, store, metric, new VectorSearchParameters(10) { Ef = list, BeamWidth = 3 }), 0.95, 1);
        Assert.InRange(DiskFixture.Recall(traversing, store, metric, new VectorSearchParameters(1900) { BeamWidth = 128 }, queries: 3), 0.97, 1);
        AssertScoresAreExact(traversing, store, metric);
    }

    [Fact]
    public void What_is_in_memory_keeps_to_its_budgets()
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 256, 1500);
        long vectors = 1500L * store.RowBytes;
        DiskGraphIndex four = _fixture.Build(store, MetricType.L2);
        DiskGraphIndex two = _fixture.Build(store, MetricType.L2, new DiskGraphParameters { CodeRatio = 0.07, CacheRatio = 0 });
        DiskGraphIndex one = _fixture.Build(store, MetricType.L2, new DiskGraphParameters { CodeBytes = 1, CacheBytes = 1L << 40 });
        DiskGraphIndex none = _fixture.Build(store, MetricType.L2, DiskGraphParameters.AllOnDisk);
        Assert.Equal((4, 2, 1, 1), (four.CodeBits, two.CodeBits, one.CodeBits, none.CodeBits));
        Assert.Equal((0, 1500, 0), (two.CachedNodes, one.CachedNodes, none.CachedNodes));
        Assert.InRange(four.CachedNodes, 100, 150);
        Assert.InRange(four.MemoryBytes, vectors * 0.20, vectors * 0.28);
        Assert.InRange(two.MemoryBytes, vectors * 0.06, vectors * 0.08);
        Assert.InRange(none.MemoryBytes, 0, vectors * 0.01);
        foreach (DiskGraphIndex index in (DiskGraphIndex[])[four, two, one, none])
            Assert.InRange(DiskFixture.Recall(index, store, MetricType.L2, new VectorSearchParameters(10) { Ef = 100 }), 0.95, 1);
    }

    [Fact]
    public void Pages_of_one_search_come_from_the_same_rows()
    {
        VectorStore store = DiskFixture.Rows(DataType.BFloat16Vector, 100, 3000);
        DiskGraphIndex index = _fixture.Build(store, MetricType.L2, new DiskGraphParameters { CodeBytes = 1 });
        var (page, whole) = (new TopK(), new TopK());
        for (int query = 0; query < 5; query++)
        {
            byte[] vector = store.Row(query * 500).ToArray();
            index.Search(vector, store.Type, new VectorSearchParameters(500) { Ef = 600 }, RowFilter.All, whole);
            for (int k = 100; k < 500; k += 100)
            {
                index.Search(vector, store.Type, new VectorSearchParameters(k) { Ef = 600 }, RowFilter.All, page);
                Assert.InRange(page.Rows[(k - 100)..].ToArray().Intersect(whole.Rows[(k - 100)..k].ToArray()).Count(), 95, 100);
            }
        }
    }

    [Fact]
    public void One_thread_and_one_seed_make_one_file()
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 32, 1200);
        byte[] first = DiskFixture.Save(DiskGraphBuilder.Build(store, MetricType.L2, new DiskGraphParameters { MaxDegree = 20 }));
        Assert.Equal(first, DiskFixture.Save(DiskGraphBuilder.Build(store, MetricType.L2, new DiskGraphParameters { MaxDegree = 20 })));
        Assert.NotEqual(first, DiskFixture.Save(DiskGraphBuilder.Build(store, MetricType.L2, new DiskGraphParameters { MaxDegree = 20, Seed = 43 })));
        Assert.NotEqual(first, DiskFixture.Save(DiskGraphBuilder.Build(store, MetricType.L2, new DiskGraphParameters { MaxDegree = 20, Alpha = 1.2f })));
    }

    [Fact]
    public void Several_threads_build_as_well_as_one()
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 32, 3000);
        DiskGraphIndex index = Traversing(_fixture.Build(store, MetricType.Cosine, new DiskGraphParameters { Threads = 4 }));
        Assert.InRange(DiskFixture.Recall(index, store, MetricType.Cosine, new VectorSearchParameters(10) { Ef = 60 }), 0.95, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(70)]
    public void Small_sets_are_answered_whole(int rows)
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 20, rows);
        foreach (DiskGraphParameters parameters in (DiskGraphParameters[])[new() { MaxDegree = 1 }, DiskGraphParameters.AllOnDisk])
        {
            foreach (MetricType metric in (MetricType[])[MetricType.L2, MetricType.IP, MetricType.Cosine])
                Assert.Equal(1, DiskFixture.Recall(_fixture.Build(store, metric, parameters), store, metric, new VectorSearchParameters(rows), queries: 4));
        }
    }

    [Fact]
    public void Equal_rows_and_zero_rows_are_found()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 16, new byte[16 * 4 * 600]);
        foreach (MetricType metric in (MetricType[])[MetricType.L2, MetricType.IP, MetricType.Cosine])
        {
            var results = new TopK();
            _fixture.Build(store, metric).Search(new byte[64], DataType.FloatVector, new VectorSearchParameters(300), default, results);
            Assert.Equal(300, results.Rows.ToArray().Distinct().Count());
        }
    }

    [Theory]
    [InlineData(0.01, false)]
    [InlineData(0.1, false)]
    [InlineData(0.5, false)]
    [InlineData(0.99, false)]
    [InlineData(0.01, true)]
    [InlineData(0.1, true)]
    [InlineData(0.5, true)]
    [InlineData(0.99, true)]
    public void Filtered_searches_find_nearly_all_that_passes(double share, bool allOnDisk)
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 48, 4000);
        DiskGraphIndex index = _fixture.Build(store, MetricType.L2, allOnDisk ? DiskGraphParameters.AllOnDisk : new DiskGraphParameters());
        var random = new Random(5);
        bool[] passes = [.. Enumerable.Range(0, 4000).Select(_ => random.NextDouble() < share)];
        foreach (DiskGraphIndex searched in (DiskGraphIndex[])[index, Traversing(index)])
            Assert.InRange(DiskFixture.Recall(searched, store, MetricType.L2, new VectorSearchParameters(10) { Ef = 60 }, row => passes[row], 10), 0.95, 1);
    }

    [Fact]
    public void A_filter_far_from_the_query_still_gives_what_passes()
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 24, 3000);
        byte[] query = store.Row(0).ToArray();
        HashSet<int> far = [.. TestVectors.Scan(store, MetricType.L2, query).TakeLast(900).Select(hit => hit.Row)];
        var filter = new RowFilter(TestVectors.Bits(3000, far.Contains));
        foreach (DiskGraphParameters parameters in (DiskGraphParameters[])[new(), DiskGraphParameters.AllOnDisk])
        {
            var results = new TopK();
            Traversing(_fixture.Build(store, MetricType.L2, parameters)).Search(query, DataType.FloatVector, new VectorSearchParameters(20), filter, results);
            Assert.Equal(20, results.Count);
            Assert.All(results.Rows.ToArray(), row => Assert.Contains(row, far));
        }

        var empty = new TopK();
        _fixture.Build(store, MetricType.L2).Search(query, DataType.FloatVector, new VectorSearchParameters(20), new RowFilter(new ulong[1]), empty);
        Assert.Equal(0, empty.Count);
    }

    [Theory]
    [InlineData(MetricType.L2, false)]
    [InlineData(MetricType.Cosine, true)]
    public void Ranges_hold_what_lies_between_their_bounds(MetricType metric, bool allOnDisk)
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 32, 3000);
        DiskGraphIndex index = _fixture.Build(store, metric, allOnDisk ? DiskGraphParameters.AllOnDisk : new DiskGraphParameters());
        var results = new TopK();
        for (int row = 0; row < 3000; row += 600)
        {
            (int Row, double Score)[] exact = TestVectors.Scan(store, metric, store.Row(row));
            foreach ((int first, int last) in ((int, int)[])[(0, 50), (0, 400), (100, 300), (1500, 1700)])
            {
                float inner = (float)exact[first].Score, outer = (float)exact[last].Score;
                var parameters = new VectorSearchParameters(500) { Radius = outer, RangeFilter = first == 0 ? null : inner };
                foreach (DiskGraphIndex searched in (DiskGraphIndex[])[index, Traversing(index)])
                {
                    searched.Search(store.Row(row), DataType.FloatVector, parameters, default, results);
                    Assert.InRange(results.Count, (last - first) * 0.95, last - first + 2);
                    foreach (float score in results.Scores)
                    {
                        Assert.True(metric == MetricType.L2 ? score < outer : score > outer);
                        Assert.True(first == 0 || (metric == MetricType.L2 ? score >= inner : score <= inner));
                    }
                }
            }
        }
    }

    [Fact]
    public void Searches_side_by_side_find_what_one_finds()
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 64, 2500);
        DiskGraphIndex index = Traversing(_fixture.Build(store, MetricType.L2, new DiskGraphParameters { CacheRatio = 0.01 }));
        var alone = new TopK();
        int[][] expected = [.. Enumerable.Range(0, 40).Select(i =>
        {
            index.Search(store.Row(i * 50), DataType.FloatVector, new VectorSearchParameters(10) { Ef = 40 }, default, alone);
            return alone.Rows.ToArray();
        })];
        Parallel.For(0, 400, i =>
        {
            var results = new TopK();
            index.Search(store.Row(i % 40 * 50), DataType.FloatVector, new VectorSearchParameters(10) { Ef = 40 }, default, results);
            Assert.Equal(expected[i % 40], results.Rows.ToArray());
        });
    }

    [Fact]
    public void A_warm_search_allocates_nothing()
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 64, 2000);
        DiskGraphIndex index = Traversing(_fixture.Build(store, MetricType.L2));
        var results = new TopK();
        byte[] query = store.Row(3).ToArray();
        void Search() => index.Search(query, DataType.FloatVector, new VectorSearchParameters(10) { Ef = 50 }, default, results);
        long least = long.MaxValue;

        // Working memory is shared with the tests that run meanwhile: what another one left behind may have to grow first.
        for (int round = 0; round < 10; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20; i++)
                Search();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange(least, 0, 20 * 64);
    }

    private static void AssertScoresAreExact(DiskGraphIndex index, VectorStore store, MetricType metric)
    {
        var flat = new FlatIndex(store, metric);
        var found = new TopK();
        var exact = new TopK();
        index.Search(store.Row(11), store.Type, new VectorSearchParameters(30) { Ef = 100 }, default, found);
        flat.Search(store.Row(11), store.Type, new VectorSearchParameters(store.Count), default, exact);
        var scores = exact.Rows.ToArray().Zip(exact.Scores.ToArray()).ToDictionary(pair => pair.First, pair => pair.Second);
        for (int i = 0; i < found.Count; i++)
            Assert.Equal(scores[found.Rows[i]], found.Scores[i], 1e-5f * Math.Max(1, Math.Abs(found.Scores[i])));
    }

    private static DiskGraphIndex Traversing(DiskGraphIndex index) => index.Traversing();
}
