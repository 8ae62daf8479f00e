using Milvus.Model;

namespace Milvus.Vectors.Tests.Ivf;

public sealed class IvfIndexTests
{
    public static TheoryData<DataType, MetricType> Pairs
    {
        get
        {
            var data = new TheoryData<DataType, MetricType>();
            foreach (DataType type in new[] { DataType.FloatVector, DataType.Float16Vector, DataType.BFloat16Vector, DataType.Int8Vector })
            {
                data.Add(type, MetricType.L2);
                data.Add(type, MetricType.IP);
                data.Add(type, MetricType.Cosine);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Probing_every_list_finds_all_and_a_few_find_most(DataType type, MetricType metric)
    {
        VectorStore store = IvfData.Clustered(type, 32, 4000);
        IvfIndex index = Build(store, metric, 64);
        byte[] queries = IvfData.Near(store, 40);
        Assert.Equal(1, IvfData.Recall(index, queries, new VectorSearchParameters(10) { Nprobe = 64 }));
        Assert.True(IvfData.Recall(index, queries, new VectorSearchParameters(10) { Nprobe = 16 }) > 0.9);
    }

    [Fact]
    public void Recall_grows_with_nprobe()
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, 24, 6000);
        IvfIndex index = Build(store, MetricType.L2, 100);
        byte[] queries = IvfData.Near(store, 60);
        double[] recalls = [.. new[] { 1, 4, 16, 100 }.Select(n => IvfData.Recall(index, queries, new VectorSearchParameters(10) { Nprobe = n }))];
        Assert.Equal(recalls.Order(), recalls);
        Assert.True(recalls[0] > 0.3 && recalls[3] == 1, string.Join(' ', recalls));
    }

    [Fact]
    public void Filters_keep_recall_and_never_let_others_through()
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, 24, 6000);
        IvfIndex index = Build(store, MetricType.L2, 64);
        byte[] queries = IvfData.Near(store, 30);
        var random = new Random(8);
        foreach (double share in new[] { 0.0, 0.001, 0.01, 0.1, 0.5, 0.99, 1 })
        {
            ulong[] bits = TestVectors.Bits(6000, _ => random.NextDouble() < share);
            foreach (bool always in new[] { false, true })
            {
                double recall = IvfData.Recall(Build(index, always), queries, new VectorSearchParameters(10) { Nprobe = 16 }, bits);
                Assert.True(recall > 0.9, $"{recall} at {share}");
            }
        }
    }

    [Fact]
    public void More_lists_are_searched_until_there_are_enough_rows()
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, 8, 3000);
        IvfIndex index = Build(store, MetricType.Cosine, 50);
        byte[] queries = IvfData.Near(store, 5);
        Assert.Equal(1, IvfData.Recall(index, queries, new VectorSearchParameters(3000) { Nprobe = 1 }));
    }

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.IP)]
    [InlineData(MetricType.Cosine)]
    public void A_range_search_goes_as_far_as_hits_reach(MetricType metric)
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, 16, 3000);
        IvfIndex index = Build(store, metric, 40);
        byte[] queries = IvfData.Near(store, 10);
        var all = new TopK();
        new FlatIndex(store, metric).Search(queries.AsSpan(0, 64), DataType.FloatVector, new VectorSearchParameters(400), default, all);
        var parameters = new VectorSearchParameters(1000) { Radius = all.Scores[300], RangeFilter = all.Scores[5], Nprobe = 4 };
        var found = new TopK();
        index.Search(queries.AsSpan(0, 64), DataType.FloatVector, parameters, default, found);
        int[] expected = all.Rows[5..300].ToArray();
        Assert.Empty(found.Rows.ToArray().Except(expected));
        Assert.True(found.Count > 250, $"{found.Count}");
        index.Search(queries.AsSpan(0, 64), DataType.FloatVector, parameters with { MaxEmptyLists = 40 }, default, found);
        Assert.Equal(expected, found.Rows.ToArray());
    }

    [Fact]
    public void Few_rows_get_few_lists_and_equal_rows_one_place_each()
    {
        foreach (int rows in new[] { 1, 2, 38, 39, 100 })
        {
            VectorStore store = IvfData.Clustered(DataType.FloatVector, 8, rows);
            IvfIndex index = Build(store, MetricType.L2, 128);
            Assert.InRange(index.ListCount, 1, Math.Max(1, rows / 39));
            Assert.Equal(1, IvfData.Recall(index, store.Row(0).ToArray(), new VectorSearchParameters(5) { Nprobe = 200 }));
        }

        VectorStore same = TestVectors.Store(DataType.FloatVector, 4, new byte[16 * 500]);
        var found = new TopK();
        Build(Build(same, MetricType.Cosine, 8), always: true).Search(new byte[16], DataType.FloatVector, new VectorSearchParameters(500), default, found);
        Assert.Equal(Enumerable.Range(0, 500), found.Rows.ToArray());
    }

    [Fact]
    public void A_batch_answers_like_single_queries_and_threads_do_not_change_the_index()
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, 20, 2500);
        IvfIndex one = Build(store, MetricType.IP, 32);
        IvfIndex other = IvfBuilder.Build(store, MetricType.IP, new IvfParameters { Lists = 32, Threads = 4 });
        byte[] queries = IvfData.Near(store, 9);
        TopK[] batch = [.. Enumerable.Range(0, 9).Select(_ => new TopK())];
        one.SearchBatch(queries, DataType.FloatVector, new VectorSearchParameters(15), default, batch);
        var single = new TopK();
        for (int q = 0; q < 9; q++)
        {
            other.Search(queries.AsSpan(q * 80, 80), DataType.FloatVector, new VectorSearchParameters(15), default, single);
            Assert.Equal(single.Rows, batch[q].Rows);
        }
    }

    [Fact]
    public void Refuses_what_it_cannot_group()
    {
        VectorStore none = VectorStore.Create(DataType.FloatVector, 4, 0);
        Assert.Throws<ArgumentException>(() => IvfBuilder.Build(none, MetricType.L2, new IvfParameters()));
        VectorStore store = IvfData.Clustered(DataType.FloatVector, 4, 100);
        Assert.Throws<ArgumentException>(() => IvfBuilder.Build(store, MetricType.Hamming, new IvfParameters()));
        Assert.Throws<ArgumentOutOfRangeException>(() => IvfBuilder.Build(store, MetricType.L2, new IvfParameters { Lists = 0 }));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => IvfBuilder.Build(store, MetricType.L2, new IvfParameters(), null, cancelled.Token));
    }

    [Fact]
    public void Searching_allocates_nothing_once_warm()
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, 16, 3000);
        IvfIndex index = Build(store, MetricType.Cosine, 32);
        byte[] query = IvfData.Near(store, 1);
        var found = new TopK();
        long least = long.MaxValue;
        for (int round = 0; round < 20; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 50; i++)
                index.Search(query, DataType.FloatVector, new VectorSearchParameters(10), default, found);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static IvfIndex Build(VectorStore store, MetricType metric, int lists) =>
        IvfBuilder.Build(store, metric, new IvfParameters { Lists = lists });

    private static IvfIndex Build(IvfIndex index, bool always) =>
        new(index.Store, index.Metric, index.Parameters, index.Centroids, index.Lists, index.Codes) { AlwaysProbe = always };
}
