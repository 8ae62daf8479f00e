using Milvus.Model;

namespace Milvus.Vectors.Tests.Ivf;

public sealed class BinaryIvfTests
{
    [Theory]
    [InlineData(MetricType.Hamming)]
    [InlineData(MetricType.Jaccard)]
    public void Lists_of_bits_find_what_is_near(MetricType metric)
    {
        VectorStore store = IvfData.Clustered(DataType.BinaryVector, 128, 4000);
        IvfIndex index = IvfBuilder.Build(store, metric, new IvfParameters { Lists = 64, Threads = 2 });
        byte[] queries = IvfData.Near(store, 40);
        Assert.Equal(1, Recall(index, queries, 64));
        Assert.True(Recall(index, queries, 12) > 0.85);
        var stream = new MemoryStream();
        VectorIndexFile.Save(index, stream);
        stream.Position = 0;
        Assert.Equal(Recall(index, queries, 3), Recall(VectorIndexFile.Load(stream, store, "v"), queries, 3));
    }

    [Fact]
    public void Other_metrics_and_codings_are_refused()
    {
        VectorStore store = IvfData.Clustered(DataType.BinaryVector, 64, 100);
        Assert.Throws<ArgumentException>(() => IvfBuilder.Build(store, MetricType.Substructure, new IvfParameters()));
        Assert.Throws<ArgumentException>(() => IvfBuilder.Build(store, MetricType.Hamming, new IvfParameters { Coding = IvfCoding.Scalar }));
    }

    /// <summary>Many distances are equal, so scores are compared and not rows.</summary>
    private static double Recall(VectorIndex index, byte[] queries, int probes)
    {
        VectorStore store = index.Store;
        TopK found = new(), wanted = new();
        int hits = 0, all = 0;
        for (int q = 0; q < queries.Length / store.RowBytes; q++)
        {
            ReadOnlySpan<byte> query = queries.AsSpan(q * store.RowBytes, store.RowBytes);
            index.Search(query, store.Type, new VectorSearchParameters(10) { Nprobe = probes }, default, found);
            new FlatIndex(store, index.Metric).Search(query, store.Type, new VectorSearchParameters(10), default, wanted);
            for (int i = 0; i < 10; i++)
                hits += found.Scores[i] <= wanted.Scores[9] ? 1 : 0;
            all += 10;
        }

        return (double)hits / all;
    }
}
