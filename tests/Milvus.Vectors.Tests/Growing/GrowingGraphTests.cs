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
        int done = 0;
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
            while (Volatile.Read(ref done) == 0)
            {
                int count = store.Count;
                if (count == 0)
                    continue;

                // The newest rows are the ones a reader could miss.
                int wanted = mine.Next(2) == 0 ? count - 1 - mine.Next(Math.Min(count, 200)) : mine.Next(count);
                byte[] query = all.AsSpan(wanted * Bytes, Bytes).ToArray();
                bool loose = wanted >= growing.Linked;
                growing.Over(count).Search(query, DataType.FloatVector, new VectorSearchParameters(5), default, found);
                Assert.Equal(Math.Min(5, count), found.Count);
                Assert.Equal(found.Rows.Length, found.Rows.ToArray().Distinct().Count());
                for (int i = 0; i < found.Count; i++)
                {
                    Assert.InRange(found.Rows[i], 0, count - 1);
                    double score = ReferenceDistance.Score(DataType.FloatVector, MetricType.L2, Dimension, query, all.AsSpan(found.Rows[i] * Bytes, Bytes));
                    Assert.Equal(score, found.Scores[i], 1e-4 * (1 + score));
                }

                if (loose && found.Rows[0] != wanted)
                    Assert.Equal(0, found.Scores[0]);
            }
        }
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
