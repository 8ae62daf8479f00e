using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors.Tests.Hnsw;

namespace Milvus.Vectors.Tests.Quantised;

public sealed class SubspaceTests
{
    private const int Dimension = 200;
    private const int Rows = 4600;

    [Theory]
    [InlineData(DataType.FloatVector, MetricType.L2)]
    [InlineData(DataType.FloatVector, MetricType.IP)]
    [InlineData(DataType.FloatVector, MetricType.Cosine)]
    [InlineData(DataType.Float16Vector, MetricType.IP)]
    public void Rows_near_a_subspace_get_short_codes_and_keep_their_distances(DataType type, MetricType metric)
    {
        VectorStore store = Near(30, 0.02f, type, Rows);
        if (metric == MetricType.Cosine)
            store.EnsureNorms();
        CodedRows rows = CodedRows.Of(store, CodeSpace.Fit(store, metric, null, int.MaxValue), 2);
        Assert.True(rows.Space.IsReduced);
        Assert.Equal(64, rows.RowBytes);
        CodeSpaceTests.Distances distances = rows.Visit(new CodeSpaceTests.Distances(rows, store));
        double scale = 0, worst = 0;
        for (int i = 0; i < Rows; i += 131)
        {
            for (int j = 0; j < Rows; j += 97)
            {
                double exact = metric.ScoreToDistance((float)ReferenceDistance.Score(type, metric, Dimension, store.Row(i), store.Row(j)));
                scale = Math.Max(scale, Math.Abs(exact));
                worst = Math.Max(worst, Math.Max(Math.Abs(exact - distances.BetweenRows(i, j)), Math.Abs(exact - distances.FromQuery(i, j))));
            }
        }

        Assert.True(worst < 0.02 * scale, $"{worst} of {scale}");
    }

    [Fact]
    public void Rows_that_fill_the_space_and_few_rows_keep_all_components()
    {
        Assert.False(CodeSpace.Fit(Near(Dimension, 0.02f, DataType.FloatVector, Rows), MetricType.L2, null, int.MaxValue).IsReduced);
        Assert.False(CodeSpace.Fit(Near(30, 0.02f, DataType.FloatVector, 1000), MetricType.L2, null, int.MaxValue).IsReduced);
        foreach (float value in (float[])[0, 0.3f])
        {
            float[] values = [.. Enumerable.Repeat(value, Rows * Dimension)];
            VectorStore equal = TestVectors.Store(DataType.FloatVector, Dimension, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
            CodedRows rows = CodedRows.Of(equal, CodeSpace.Fit(equal, MetricType.L2, null, int.MaxValue), 1);
            Assert.False(rows.Space.IsReduced);
            Assert.Equal(0, rows.Visit(new CodeSpaceTests.Distances(rows, equal)).FromQuery(0, 1), 1e-6);
        }
    }

    /// <summary>Segments are often written in an order: what their first rows have in common the others need not.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void First_rows_that_lie_near_a_subspace_or_are_equal_do_not_speak_for_the_others(int step)
    {
        byte[] rows = Raw(Near(Dimension, 0.02f, DataType.FloatVector, Rows));
        byte[] first = Raw(Near(30, 0.02f, DataType.FloatVector, 200));
        for (int row = 0; row < 200; row++)
            first.AsSpan(row * step * Dimension * sizeof(float), Dimension * sizeof(float)).CopyTo(rows.AsSpan(row * Dimension * sizeof(float)));
        VectorStore store = TestVectors.Store(DataType.FloatVector, Dimension, rows);
        Assert.False(CodeSpace.Fit(store, MetricType.L2, null, int.MaxValue).IsReduced);
    }

    [Theory]
    [InlineData(GraphCodes.Bytes, MetricType.L2, Dimension)]
    [InlineData(GraphCodes.Signs, MetricType.IP, CodedTraversal.WidestInsteadOfSigns + 20)]
    public void Graphs_over_short_codes_find_what_a_scan_finds(GraphCodes codes, MetricType metric, int dimension)
    {
        VectorStore all = Near(30, 0.05f, DataType.FloatVector, Rows + 40, dimension);
        int bytes = dimension * sizeof(float);
        byte[] raw = Raw(all);
        VectorStore store = TestVectors.Store(DataType.FloatVector, dimension, raw[..(Rows * bytes)]);
        HnswIndex index = HnswBuilder.Build(store, metric, new HnswParameters { M = 16, EfConstruction = 100, Codes = codes, Threads = 2 });
        Assert.True(index.Coded!.Rows.Space.IsReduced);
        double recall = HnswSearchTests.Recall(index, raw[(Rows * bytes)..], 10, 100);
        Assert.True(recall >= 0.97, $"recall {recall}");

        // Not less than by the vectors, at narrow beams as at wide ones.
        HnswIndex plain = HnswBuilder.Build(store, metric, new HnswParameters { M = 16, EfConstruction = 100, Threads = 2 });
        foreach (int ef in (int[])[10, 64])
        {
            double byVectors = HnswSearchTests.Recall(plain, raw[(Rows * bytes)..], 10, ef), byCodes = HnswSearchTests.Recall(index, raw[(Rows * bytes)..], 10, ef);
            Assert.True(byCodes >= byVectors - 0.01, $"recall {byCodes} at {ef}, by the vectors {byVectors}");
        }

        var found = new TopK();
        HnswSearchTests.Traversing(index).Search(raw[^bytes..], DataType.FloatVector, new VectorSearchParameters(20) { Ef = 60 }, default, found);
        for (int i = 0; i < found.Count; i++)
        {
            double score = ReferenceDistance.Score(DataType.FloatVector, metric, dimension, raw[^bytes..], store.Row(found.Rows[i]));
            Assert.Equal(score, found.Scores[i], 1e-4 * (1 + Math.Abs(score)));
        }
    }

    [Fact]
    public void A_graph_built_by_longer_codes_is_searched_by_short_ones_that_find_as_much()
    {
        VectorStore all = Near(30, 0.2f, DataType.FloatVector, Rows + 60);
        byte[] raw = Raw(all);
        int bytes = Dimension * sizeof(float);
        VectorStore store = TestVectors.Store(DataType.FloatVector, Dimension, raw[..(Rows * bytes)]);
        CodeSpace fine = CodeSpace.Fit(store, MetricType.L2, null, int.MaxValue, out CodeSpace? coarse);
        Assert.True(coarse is not null && coarse.Width < fine.Width);
        var parameters = new HnswParameters { M = 16, EfConstruction = 100, Threads = 2 };
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, parameters with { Codes = GraphCodes.Bytes }), plain = HnswBuilder.Build(store, MetricType.L2, parameters);
        Assert.Equal(coarse.Width, index.Coded!.Rows.Space.Width);
        foreach (int ef in (int[])[10, 32, 100])
        {
            double byVectors = HnswSearchTests.Recall(plain, raw[(Rows * bytes)..], 10, ef), byCodes = HnswSearchTests.Recall(index, raw[(Rows * bytes)..], 10, ef);
            Assert.True(byCodes >= byVectors - 0.01, $"recall {byCodes} at {ef}, by the vectors {byVectors}");
        }
    }

    [Fact]
    public void Codes_that_find_less_are_refused()
    {
        VectorStore store = Near(30, 0.2f, DataType.FloatVector, Rows);
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 16, EfConstruction = 100, Codes = GraphCodes.Bytes, Threads = 2 });

        // Of every tenth row the code is another row's.
        byte[] raw = Raw(store);
        int bytes = Dimension * sizeof(float);
        for (int row = 0; row + 1 < Rows; row += 10)
            raw.AsSpan((row + 1) * bytes, bytes).CopyTo(raw.AsSpan(row * bytes));
        VectorStore others = TestVectors.Store(DataType.FloatVector, Dimension, raw);
        HnswIndex wrong = new(
            store, MetricType.L2, index.Parameters, index.Graph,
            CodedTraversal.Of(index.Graph, store, MetricType.L2, GraphCodes.Bytes, 1, CodedRows.Of(others, index.Coded!.Rows.Space, 1)));
        Assert.True(CoarseTrial.Succeeds(index, index));
        Assert.False(CoarseTrial.Succeeds(index, wrong));
    }

    private static byte[] Raw(VectorStore store) => [.. Enumerable.Range(0, store.Count).SelectMany(row => store.Row(row).ToArray())];

    /// <summary>Clustered rows around a random subspace.</summary>
    private static VectorStore Near(int hidden, float noise, DataType type, int rows, int dimension = Dimension)
    {
        var random = new Random(17);
        float[] map = [.. Enumerable.Range(0, hidden * dimension).Select(_ => Gaussian(random))];
        float[] centres = [.. Enumerable.Range(0, 20 * hidden).Select(_ => Gaussian(random))];
        var values = new float[rows * dimension];
        for (int row = 0; row < rows; row++)
        {
            int centre = random.Next(20);
            Span<float> target = values.AsSpan(row * dimension, dimension);
            for (int h = 0; h < hidden; h++)
            {
                float weight = (centres[(centre * hidden) + h] + (0.6f * Gaussian(random))) / MathF.Sqrt(hidden);
                for (int i = 0; i < dimension; i++)
                    target[i] += weight * map[(h * dimension) + i];
            }

            for (int i = 0; i < dimension; i++)
                target[i] += 0.5f + (noise * Gaussian(random));
        }

        if (type == DataType.FloatVector)
            return TestVectors.Store(type, dimension, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        Half[] halves = [.. values.Select(value => (Half)value)];
        return TestVectors.Store(type, dimension, MemoryMarshal.AsBytes(halves.AsSpan()).ToArray());
    }

    private static float Gaussian(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
