using Milvus.Model;

namespace Milvus.Vectors.Tests.Ivf;

public sealed class IvfCodingTests
{
    private const int Dimension = 48;
    private const int Lists = 50;

    public static TheoryData<IvfCoding, int, int> Codings => new()
    {
        { IvfCoding.Scalar, 8, 1 },
        { IvfCoding.Scalar, 6, 1 },
        { IvfCoding.Scalar, 4, 1 },
        { IvfCoding.Product, 4, 24 },
        { IvfCoding.Product, 3, 24 },
        { IvfCoding.Product, 8, 16 },
        { IvfCoding.Product, 9, 12 },
        { IvfCoding.RaBitQ, 1, 1 },
        { IvfCoding.RaBitQ, 2, 1 },
        { IvfCoding.RaBitQ, 4, 1 },
        { IvfCoding.RaBitQ, 9, 1 },
    };

    [Theory]
    [MemberData(nameof(Codings))]
    public void Codes_lose_little_and_scores_are_exact(IvfCoding coding, int bits, int parts)
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, Dimension, 4000);
        byte[] queries = IvfData.Near(store, 40);
        foreach (MetricType metric in new[] { MetricType.L2, MetricType.IP, MetricType.Cosine })
        {
            IvfIndex index = Build(store, metric, coding, bits, parts);
            double all = IvfData.Recall(index, queries, new VectorSearchParameters(10) { Nprobe = Lists, RefineFactor = 10 });
            Assert.True(all > 0.97, $"{coding} {bits} {metric}: {all}");
            double filtered = IvfData.Recall(
                index, queries, new VectorSearchParameters(10) { Nprobe = Lists, RefineFactor = 10 }, TestVectors.Bits(4000, row => row % 5 < 2));
            Assert.True(filtered > 0.97, $"{coding} {bits} {metric} filtered: {filtered}");
        }
    }

    [Theory]
    [InlineData(IvfCoding.Scalar, 8, DataType.Float16Vector)]
    [InlineData(IvfCoding.Product, 4, DataType.BFloat16Vector)]
    [InlineData(IvfCoding.RaBitQ, 1, DataType.Float16Vector)]
    public void Sixteen_bit_rows_are_coded_too(IvfCoding coding, int bits, DataType type)
    {
        VectorStore store = IvfData.Clustered(type, Dimension, 2000);
        byte[] queries = IvfData.Near(store, 20);
        double recall = IvfData.Recall(Build(store, MetricType.Cosine, coding, bits, 24), queries, new VectorSearchParameters(5) { Nprobe = Lists });
        Assert.True(recall > 0.97, $"{recall}");
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Ranges_are_kept_and_all_rows_can_be_asked_for(IvfCoding coding, int bits, int parts)
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, Dimension, 2000);
        IvfIndex index = Build(store, MetricType.L2, coding, bits, parts);
        byte[] query = IvfData.Near(store, 1);
        var all = new TopK();
        new FlatIndex(store, MetricType.L2).Search(query, DataType.FloatVector, new VectorSearchParameters(500), default, all);
        var parameters = new VectorSearchParameters(500) { Radius = all.Scores[200], RangeFilter = all.Scores[20], Nprobe = Lists };
        var found = new TopK();
        index.Search(query, DataType.FloatVector, parameters, default, found);
        Assert.Empty(found.Rows.ToArray().Except(all.Rows[20..200].ToArray()));
        Assert.True(found.Count > 170, $"{found.Count}");
        Assert.Equal(1, IvfData.Recall(index, query, new VectorSearchParameters(2000) { Nprobe = 1 }));
    }

    [Fact]
    public void More_candidates_find_more_by_product_codes()
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, Dimension, 4000);
        IvfIndex index = Build(store, MetricType.L2, IvfCoding.Product, 4, 6);
        byte[] queries = IvfData.Near(store, 40);
        var parameters = new VectorSearchParameters(10) { Nprobe = Lists };
        double[] recalls = [.. new[] { 1f, 4f, 16f, 400f }.Select(factor => IvfData.Recall(index, queries, parameters with { RefineFactor = factor }))];
        Assert.Equal(recalls.Order(), recalls);
        Assert.Equal(1, recalls[^1]);
        Assert.Equal(recalls[2], IvfData.Recall(index, queries, parameters with { Ef = 160 }));
    }

    [Fact]
    public void Codes_take_the_room_they_promise()
    {
        VectorStore store = IvfData.Clustered(DataType.FloatVector, 128, 8000);
        foreach ((IvfCoding coding, int bits, int parts, double most) in new[]
        {
            (IvfCoding.Scalar, 8, 1, 128 + 8.0), (IvfCoding.Scalar, 6, 1, 96 + 8), (IvfCoding.Scalar, 4, 1, 64 + 8),
            (IvfCoding.Product, 8, 16, 16 + 8), (IvfCoding.Product, 4, 64, 32 + 8), (IvfCoding.RaBitQ, 1, 1, 16 + 16), (IvfCoding.RaBitQ, 3, 1, 48 + 16),
        })
        {
            IvfIndex index = Build(store, MetricType.L2, coding, bits, parts);
            double perRow = (double)(index.MemoryBytes - index.Centroids.MemoryBytes - ((128L * 4) << bits)) / 8000;
            Assert.True(perRow <= most * 1.3, $"{coding} {bits}: {perRow}");
        }
    }

    [Fact]
    public void Constant_and_zero_rows_are_found()
    {
        // Equal rows, rows equal to their centroid and components that never change: no step, no remainder, no range.
        byte[] rows = new byte[300 * Dimension * 4];
        for (int row = 100; row < 300; row++)
            BitConverter.TryWriteBytes(rows.AsSpan(row * Dimension * 4), 1f);
        VectorStore store = TestVectors.Store(DataType.FloatVector, Dimension, rows);
        foreach ((IvfCoding coding, int bits) in new[] { (IvfCoding.Scalar, 8), (IvfCoding.Product, 4), (IvfCoding.RaBitQ, 1), (IvfCoding.RaBitQ, 3) })
        {
            foreach (MetricType metric in new[] { MetricType.L2, MetricType.IP, MetricType.Cosine })
            {
                IvfIndex index = Build(store, metric, coding, bits, 8);
                Assert.Equal(1, IvfData.Recall(index, rows[^(Dimension * 4)..], new VectorSearchParameters(200) { Nprobe = Lists }));
            }
        }
    }

    private static IvfIndex Build(VectorStore store, MetricType metric, IvfCoding coding, int bits, int parts)
    {
        IvfIndex index = IvfBuilder.Build(store, metric, new IvfParameters { Lists = Lists, Coding = coding, Bits = bits, Parts = parts, Threads = 2 });
        return new IvfIndex(index.Store, metric, index.Parameters, index.Centroids, index.Lists, index.Codes) { AlwaysProbe = true };
    }
}
