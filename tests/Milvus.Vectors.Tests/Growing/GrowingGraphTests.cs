using System.Collections.Concurrent;
using Milvus.Model;

namespace Milvus.Vectors.Tests.Growing;

public sealed class GrowingGraphTests
{
    private const int Dimension = 12;

    /// <summary>Whatever is linked so far: rows without links are never missed, scores are exact, filters and counts hold.</summary>
    [Theory]
    [InlineData(DataType.FloatVector, MetricType.L2)]
    [InlineData(DataType.FloatVector, MetricType.Cosine)]
    [InlineData(DataType.BFloat16Vector, MetricType.IP)]
    [InlineData(DataType.Int8Vector, MetricType.L2)]
    public void Answers_like_a_scan_while_it_grows(DataType type, MetricType metric)
    {
        const int Rows = 19_000;
        var random = new Random(11);
        byte[] all = TestVectors.Clustered(random, type, Dimension, Rows, 60, 0.6);
        int bytes = type.VectorBytes(Dimension);
        VectorStore store = VectorStore.CreateGrowing(type, Dimension, 1024);
        var growing = new GrowingGraph(store, metric);
        var exact = new TopK();
        var found = new TopK();
        int hits = 0, expected = 0;
        while (store.Count < Rows)
        {
            int more = Math.Min(Rows - store.Count, random.Next(1, 3000));
            store.Append(all.AsSpan(store.Count * bytes, more * bytes));
            growing.Extend(random.Next(0, 4000));
            int count = random.Next(Math.Max(1, store.Count - 500), store.Count + 1);
            GrowingIndex index = growing.Over(count);
            Assert.Equal(count, index.Count);
            for (int q = 0; q < 12; q++)
            {
                byte[] query = all.AsSpan(random.Next(Rows) * bytes, bytes).ToArray();
                ulong[] bits = TestVectors.Bits(count, _ => random.Next(10) < 8);
                RowFilter filter = q % 3 == 0 ? default : new RowFilter(bits);
                new FlatIndex(store, metric, count).Search(query, type, new VectorSearchParameters(10), filter, exact);
                index.Search(query, type, new VectorSearchParameters(10) { Ef = 100 }, filter, found);
                Assert.Equal(exact.Count, found.Count);
                Assert.Equal(found.Rows.Length, found.Rows.ToArray().Distinct().Count());
                Dictionary<int, float> scores = exact.Rows.ToArray().Zip(exact.Scores.ToArray()).ToDictionary();
                foreach (int row in exact.Rows)
                {
                    // Rows as far away as the last one may give way to each other.
                    if (row >= growing.Linked && scores[row] != exact.Scores[^1])
                        Assert.Contains(row, found.Rows.ToArray());
                }

                for (int i = 0; i < found.Count; i++)
                {
                    Assert.True(found.Rows[i] < count && filter.Passes(found.Rows[i]));
                    if (scores.TryGetValue(found.Rows[i], out float score))
                        Assert.Equal(score, found.Scores[i]);
                    hits += scores.ContainsKey(found.Rows[i]) || found.Scores[i] == exact.Scores[^1] ? 1 : 0;
                }

                expected += exact.Count;
            }
        }

        while (growing.Extend(5000) > 0)
        {
        }

        Assert.Equal(Rows, growing.Linked);
        Assert.True(growing.Graph.TopLevel > 0 && growing.Graph.Rows >= Rows);
        Assert.True(hits >= 0.95 * expected, $"{hits} of {expected}");
    }

    [Fact]
    public void Readers_beside_writer_and_linker_see_whole_rows()
    {
        const int Rows = 18_000, Batch = 300;
        var random = new Random(5);
        byte[] all = TestVectors.Clustered(random, DataType.FloatVector, Dimension, Rows, 50, 0.5);
        const int Bytes = Dimension * sizeof(float);
        VectorStore store = VectorStore.CreateGrowing(DataType.FloatVector, Dimension, 512);
        var growing = new GrowingGraph(store, MetricType.L2, new HnswParameters { M = 8, EfConstruction = 40 });
        var errors = new ConcurrentQueue<Exception>();
        int done = 0, hits = 0, expected = 0;
        Thread[] others = [Guarded(Link), Guarded(() => Read(1)), Guarded(() => Read(2))];
        foreach (Thread other in others)
            other.Start();
        for (int row = 0; row < Rows; row += Batch)
            store.Append(all.AsSpan(row * Bytes, Batch * Bytes));
        SpinWait.SpinUntil(() => growing.Linked == Rows || !errors.IsEmpty);
        Volatile.Write(ref done, 1);
        foreach (Thread other in others)
            other.Join();
        Assert.Empty(errors);
        Assert.Equal(Rows, growing.Linked);
        Assert.True(expected > 0 && hits >= 0.95 * expected, $"{hits} of {expected}");

        Thread Guarded(Action action) => new(() =>
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                errors.Enqueue(exception);
            }
        });

        void Link()
        {
            while (Volatile.Read(ref done) == 0)
                growing.Extend(100);
        }

        void Read(int seed)
        {
            var mine = new Random(seed);
            var found = new TopK();
            var exact = new TopK();
            while (Volatile.Read(ref done) == 0)
            {
                int count = store.Count;
                if (count == 0)
                    continue;

                // A reader may also look at an earlier state, of which the graph holds more by now. The newest rows are the ones it could miss.
                count -= mine.Next(3) == 0 ? mine.Next(count) : 0;
                int wanted = mine.Next(2) == 0 ? count - 1 - mine.Next(Math.Min(count, 200)) : mine.Next(count);
                byte[] query = all.AsSpan(wanted * Bytes, Bytes).ToArray();
                ulong[] bits = TestVectors.Bits(count, row => row == wanted || mine.Next(10) < 7);
                RowFilter filter = mine.Next(2) == 0 ? default : new RowFilter(bits);
                bool loose = wanted >= growing.Linked;
                growing.Over(count).Search(query, DataType.FloatVector, new VectorSearchParameters(5), filter, found);
                new FlatIndex(store, MetricType.L2, count).Search(query, DataType.FloatVector, new VectorSearchParameters(5), filter, exact);
                Assert.Equal(exact.Count, found.Count);
                Assert.Equal(found.Rows.Length, found.Rows.ToArray().Distinct().Count());
                for (int i = 0; i < found.Count; i++)
                {
                    Assert.True(found.Rows[i] < count && filter.Passes(found.Rows[i]));
                    double score = ReferenceDistance.Score(DataType.FloatVector, MetricType.L2, Dimension, query, all.AsSpan(found.Rows[i] * Bytes, Bytes));
                    Assert.Equal(score, found.Scores[i], 1e-4 * (1 + score));
                    Interlocked.Add(ref hits, exact.Rows.Contains(found.Rows[i]) ? 1 : 0);
                }

                Interlocked.Add(ref expected, exact.Count);
                if (loose && found.Rows[0] != wanted)
                    Assert.Equal(0, found.Scores[0]);
            }
        }
    }

    /// <summary>Rows that come one at a time are linked as well as rows that were all there from the beginning.</summary>
    [Fact]
    public void Finds_as_much_as_a_graph_built_at_once()
    {
        const int Rows = 20_000, Queries = 200;
        var random = new Random(9);
        byte[] all = TestVectors.Clustered(random, DataType.FloatVector, Dimension, Rows, 80, 0.7);
        VectorStore store = VectorStore.CreateGrowing(DataType.FloatVector, Dimension, 1024);
        var parameters = new HnswParameters { M = 8, EfConstruction = 60 };
        var growing = new GrowingGraph(store, MetricType.L2, parameters);
        int bytes = Dimension * sizeof(float);
        for (int row = 0; row < Rows; row += 500)
        {
            store.Append(all.AsSpan(row * bytes, 500 * bytes));
            growing.Extend(500);
        }

        HnswIndex built = HnswBuilder.Build(store, MetricType.L2, parameters);
        var exact = new TopK();
        var found = new TopK();
        int ofGrowing = 0, ofBuilt = 0;
        for (int q = 0; q < Queries; q++)
        {
            byte[] query = TestVectors.Random(random, DataType.FloatVector, Dimension, 1);
            new FlatIndex(store, MetricType.L2).Search(query, DataType.FloatVector, new VectorSearchParameters(10), default, exact);
            growing.Over(Rows).Search(query, DataType.FloatVector, new VectorSearchParameters(10) { Ef = 64 }, default, found);
            ofGrowing += found.Rows.ToArray().Intersect(exact.Rows.ToArray()).Count();
            built.Search(query, DataType.FloatVector, new VectorSearchParameters(10) { Ef = 64 }, default, found);
            ofBuilt += found.Rows.ToArray().Intersect(exact.Rows.ToArray()).Count();
        }

        Assert.True(ofGrowing >= ofBuilt - (Queries * 10 / 200), $"{ofGrowing} against {ofBuilt}");
    }

    /// <summary>As after an insertion that ended for want of memory, when the row is inserted once more.</summary>
    [Fact]
    public void A_row_inserted_again_links_neither_to_itself_nor_twice()
    {
        const int Rows = 1500;
        VectorStore store = TestVectors.Store(DataType.FloatVector, Dimension, TestVectors.Clustered(new Random(6), DataType.FloatVector, Dimension, Rows, 20, 0.8));
        var parameters = new HnswParameters { M = 6, EfConstruction = 40 };
        HnswGraph graph = HnswLevels.Draw(Rows, parameters.M, parameters.Seed);
        GraphBuilder builder = GraphBuilder.For(new StoredRows(store, MetricType.L2), graph, parameters);
        var scratch = new BuildScratch();
        for (int row = 0; row < Rows; row++)
        {
            builder.Insert(row, scratch);
            if (row % 7 == 0)
                builder.Insert(row, scratch);
        }

        Check(graph.Base);
        foreach (UpperLevel level in graph.Upper)
            Check(level.Links);
        Assert.True(builder.MemoryBytes > graph.Base.MemoryBytes);

        static unsafe void Check(LinkTable links)
        {
            for (int node = 0; node < links.Nodes; node++)
            {
                int[] list = [.. new ReadOnlySpan<int>(links.Lists.Pointer(node), links.Degree).ToArray().TakeWhile(link => link >= 0)];
                Assert.DoesNotContain(node, list);
                Assert.Equal(list.Length, list.Distinct().Count());
            }
        }
    }

    /// <summary>A reader that looked before rows were linked follows no link to them, whatever lists say by now.</summary>
    [Fact]
    public void Links_to_rows_that_a_reader_does_not_know_are_not_followed()
    {
        const int Rows = 6000, Known = 2000;
        byte[] all = TestVectors.Clustered(new Random(4), DataType.FloatVector, Dimension, Rows, 20, 0.8);
        VectorStore store = TestVectors.Store(DataType.FloatVector, Dimension, all);
        var growing = new GrowingGraph(store, MetricType.L2, new HnswParameters { M = 6, EfConstruction = 40 });
        growing.Extend(Rows);
        GraphSearcher searcher = GraphSearcher.For(DataType.FloatVector, MetricType.L2);
        var scratch = new HnswScratch();
        ulong[] even = TestVectors.Bits(Known, row => row % 2 == 0);
        int met = 0;
        for (int q = 0; q < 50; q++)
        {
            scratch.Queries.Set(store, MetricType.L2, store.Row(Rows - 1 - q), DataType.FloatVector, 1);
            for (int filtered = 0; filtered < 2; filtered++)
            {
                RowFilter filter = filtered == 0 ? default : new RowFilter(even);
                Assert.True(searcher.SearchFirst(growing.Graph, store, Known, Known - 10, filter, 50, long.MaxValue, scratch));
                foreach (ulong key in scratch.Found)
                    Assert.True(SortableKey.Row(key) < Known - 10 && filter.Passes(SortableKey.Row(key)));
                met += scratch.ResultCount;
            }

            searcher.SearchFirst(growing.Graph, store, Known, Known, default, 50, long.MaxValue, scratch);
            foreach (ulong key in scratch.Found)
                Assert.InRange(SortableKey.Row(key), 0, Known - 1);
        }

        Assert.True(met > 50 * 50, $"{met} met");
    }

    [Fact]
    public void Ranges_are_answered_exactly_and_metrics_without_order_are_refused()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 4, TestVectors.Random(new Random(1), DataType.FloatVector, 4, 3000));
        var growing = new GrowingGraph(store, MetricType.L2);
        Assert.Equal(3000, growing.Extend(int.MaxValue));
        var exact = new TopK();
        var found = new TopK();
        byte[] query = store.Row(7).ToArray();
        new FlatIndex(store, MetricType.L2).Search(query, DataType.FloatVector, new VectorSearchParameters(400), default, exact);
        VectorSearchParameters parameters = new(2000) { Radius = exact.Scores[300], RangeFilter = exact.Scores[20] };
        new FlatIndex(store, MetricType.L2).Search(query, DataType.FloatVector, parameters, default, exact);
        growing.Over(3000).Search(query, DataType.FloatVector, parameters, default, found);
        Assert.Equal(exact.Rows, found.Rows);
        Assert.False(GrowingGraph.Serves(DataType.BinaryVector, MetricType.Substructure));
        Assert.Throws<ArgumentException>(() => new GrowingGraph(store, MetricType.Hamming));
    }
}
