using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors.Tests.Hnsw;

public sealed unsafe class HnswBuilderTests
{
    private static readonly VectorStore Store = TestVectors.Store(
        DataType.FloatVector, 16, TestVectors.Clustered(new Random(3), DataType.FloatVector, 16, 3000, 30));

    [Fact]
    public void One_thread_and_one_seed_give_one_graph()
    {
        var parameters = new HnswParameters { M = 8, EfConstruction = 50, Seed = 5 };
        byte[] first = Links(HnswBuilder.Build(Store, MetricType.L2, parameters));
        Assert.Equal(first, Links(HnswBuilder.Build(Store, MetricType.L2, parameters)));
        Assert.NotEqual(first, Links(HnswBuilder.Build(Store, MetricType.L2, parameters with { Seed = 6 })));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Every_list_is_sound_and_every_row_is_reached(int threads)
    {
        HnswIndex index = HnswBuilder.Build(Store, MetricType.L2, new HnswParameters { M = 8, EfConstruction = 60, Threads = threads });
        HnswGraph graph = index.Graph;
        CheckLists(graph.BaseLayer, graph.Rows);
        for (int level = 1; level <= graph.TopLevel; level++)
            CheckLists(graph.UpperLayer(level), graph.Upper[level - 1].Count);

        var reached = new HashSet<int> { graph.EntryRow };
        var open = new Stack<int>(reached);
        while (open.TryPop(out int row))
        {
            int* links = graph.BaseLayer.Links(row);
            for (int i = 0; i < graph.Base.Degree && links[i] >= 0; i++)
            {
                if (reached.Add(links[i]))
                    open.Push(links[i]);
            }
        }

        Assert.Equal(Store.Count, reached.Count);
        byte[] queries = TestVectors.Clustered(new Random(3), DataType.FloatVector, 16, 3100, 30)[(3000 * 64)..];
        double recall = HnswSearchTests.Recall(index, queries, 10, 80);
        Assert.True(recall >= 0.98, $"recall {recall} built by {threads}");
    }

    [Fact]
    public void Lists_with_room_for_thousands_are_filled_in_part()
    {
        byte[] rows = TestVectors.Clustered(new Random(4), DataType.FloatVector, 16, 1300, 10);
        VectorStore store = TestVectors.Store(DataType.FloatVector, 16, rows[..(1200 * 64)]);
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 2048, EfConstruction = 2000 });
        for (int row = 0; row < store.Count; row++)
            Assert.InRange(new ReadOnlySpan<int>(index.Graph.BaseLayer.Links(row), index.Graph.Base.Degree).IndexOf(-1), 1000, 1024);
        double recall = HnswSearchTests.Recall(index, rows[(1200 * 64)..], 10, 20);
        Assert.True(recall >= 0.99, $"recall {recall}");
    }

    [Fact]
    public void Levels_shrink_by_the_degree_and_keep_their_rows_below()
    {
        HnswGraph graph = HnswLevels.Draw(50_000, 16, 1);
        Assert.InRange(graph.TopLevel, 3, 6);
        Assert.InRange(graph.Upper[0].Count, 2700, 3500);
        for (int level = 1; level <= graph.TopLevel; level++)
        {
            UpperLevel upper = graph.Upper[level - 1];
            for (int slot = 0; slot < upper.Count; slot++)
            {
                int row = upper.Rows[slot];
                Assert.Equal(slot, graph.SlotOf(level, row));
                Assert.True(HnswLevels.Of(row, 16, 1) >= level);
                Assert.Equal(row, level == 1 ? upper.Down[slot] : graph.Upper[level - 2].Rows[upper.Down[slot]]);
            }
        }
    }

    [Fact]
    public void Progress_ends_at_the_row_count_and_cancelling_ends_the_build()
    {
        var reports = new Reports();
        HnswBuilder.Build(Store, MetricType.L2, new HnswParameters { M = 4, EfConstruction = 10 }, reports);
        Assert.Equal([1024, 2048, 3000], reports.Values);

        using var source = new CancellationTokenSource();
        var cancelling = new Reports { Then = source.Cancel };
        Assert.Throws<OperationCanceledException>(
            () => HnswBuilder.Build(Store, MetricType.L2, new HnswParameters { M = 4, EfConstruction = 10, Threads = 2 }, cancelling, source.Token));
    }

    [Fact]
    public void A_failing_observer_fails_the_build()
    {
        var failing = new Reports { Then = () => throw new InvalidOperationException("observer") };
        Assert.Throws<InvalidOperationException>(
            () => HnswBuilder.Build(Store, MetricType.L2, new HnswParameters { M = 4, EfConstruction = 10, Threads = 3 }, failing));
    }

    [Fact]
    public void Refuses_what_no_graph_is_built_for()
    {
        VectorStore bits = TestVectors.Store(DataType.BinaryVector, 8, [1, 2, 3]);
        Assert.Throws<ArgumentException>(() => HnswBuilder.Build(bits, MetricType.Substructure, new HnswParameters()));
        Assert.Throws<ArgumentException>(() => HnswBuilder.Build(bits, MetricType.L2, new HnswParameters()));
        Assert.Throws<ArgumentOutOfRangeException>(() => HnswBuilder.Build(bits, MetricType.Hamming, new HnswParameters { M = 1 }));
    }

    private static void CheckLists<TLayer>(TLayer layer, int nodes)
        where TLayer : struct, IGraphLayer
    {
        for (int node = 0; node < nodes; node++)
        {
            var list = new ReadOnlySpan<int>(layer.Links(node), layer.Degree);
            int end = list.IndexOf(-1);
            int[] links = list[..(end < 0 ? layer.Degree : end)].ToArray();
            Assert.All(links, link => Assert.InRange(link, 0, nodes - 1));
            Assert.Equal(links.Length, links.Distinct().Count());
            Assert.DoesNotContain(node, links);
        }
    }

    private static byte[] Links(HnswIndex index)
    {
        var bytes = new MemoryStream();
        VectorIndexFile.Save(index, bytes);
        return bytes.ToArray();
    }

    private sealed class Reports : IProgress<int>
    {
        public List<int> Values { get; } = [];

        public Action? Then { get; init; }

        public void Report(int value)
        {
            lock (Values)
                Values.Add(value);
            Then?.Invoke();
        }
    }
}
