using System.IO.Compression;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors.Tests.Hnsw;

/// <summary>
/// The recall promised on MNIST. Runs where MILVUS_TEST_DATA names a folder with <c>mnist-784/{base,query}.bvecs.gz</c> and
/// <c>gt.ivecs.gz</c>, and does nothing elsewhere.
/// </summary>
public sealed class ReferenceDatasetTests
{
    [Fact]
    public void Recall_on_mnist()
    {
        string? folder = Environment.GetEnvironmentVariable("MILVUS_TEST_DATA");
        if (folder is null || !Directory.Exists(Path.Combine(folder, "mnist-784")))
            return;
        folder = Path.Combine(folder, "mnist-784");
        byte[] rows = Floats(Path.Combine(folder, "base.bvecs.gz"), 60_000);
        byte[] queries = Floats(Path.Combine(folder, "query.bvecs.gz"), 1000);
        int[] truth = MemoryMarshal.Cast<byte, int>(Unzip(Path.Combine(folder, "gt.ivecs.gz"))).ToArray();
        VectorStore store = TestVectors.Store(DataType.FloatVector, 784, rows);
        HnswIndex index = HnswBuilder.Build(
            store, MetricType.L2, new HnswParameters { M = 16, EfConstruction = 200, Threads = Environment.ProcessorCount });
        Assert.True(Recall(index, queries, truth, 64) >= 0.98);
        Assert.True(Recall(index, queries, truth, 200) >= 0.995);
    }

    private static double Recall(HnswIndex index, byte[] queries, int[] truth, int ef)
    {
        var found = new TopK();
        int hits = 0;
        for (int i = 0; i < 1000; i++)
        {
            index.Search(queries.AsSpan(i * 3136, 3136), DataType.FloatVector, new VectorSearchParameters(10) { Ef = ef }, default, found);
            hits += found.Rows.ToArray().Intersect(truth[((i * 101) + 1)..((i * 101) + 11)]).Count();
        }

        return hits / 10_000.0;
    }

    private static byte[] Floats(string path, int count)
    {
        ReadOnlySpan<byte> bytes = Unzip(path);
        var floats = new float[count * 784];
        for (int row = 0; row < count; row++)
        {
            for (int i = 0; i < 784; i++)
                floats[(row * 784) + i] = bytes[(row * 788) + 4 + i];
        }

        return MemoryMarshal.AsBytes(floats.AsSpan()).ToArray();
    }

    private static byte[] Unzip(string path)
    {
        using var zipped = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var bytes = new MemoryStream();
        zipped.CopyTo(bytes);
        return bytes.ToArray();
    }
}
