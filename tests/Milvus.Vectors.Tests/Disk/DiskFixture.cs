using Microsoft.Win32.SafeHandles;
using Milvus.Model;

namespace Milvus.Vectors.Tests.Disk;

/// <summary>Files of graphs on disk in a directory that goes with the test.</summary>
public sealed class DiskFixture : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("disk-graph-").FullName;
    private readonly List<SafeFileHandle> _handles = [];
    private int _files;

    internal static VectorStore Rows(DataType type, int dimension, int count, int seed = 1) =>
        TestVectors.Store(type, dimension, TestVectors.Clustered(new Random(seed), type, dimension, count, 20, 0.6));

    internal static byte[] Save(DiskGraph graph)
    {
        using var stream = new MemoryStream();
        graph.Save(stream);
        return stream.ToArray();
    }

    internal DiskGraphIndex Build(VectorStore store, MetricType metric, DiskGraphParameters? parameters = null) =>
        Open(Save(DiskGraphBuilder.Build(store, metric, parameters ?? new DiskGraphParameters())), store);

    internal DiskGraphIndex Open(byte[] bytes, VectorStore store, string name = "index", bool isChecked = false)
    {
        string path = Path.Combine(_directory, $"{_files++}");
        File.WriteAllBytes(path, bytes);
        SafeFileHandle handle = File.OpenHandle(path);
        _handles.Add(handle);
        return DiskGraphIndex.Open(handle, store, name, isChecked);
    }

    /// <summary>The share of the true best rows found, over queries that are rows.</summary>
    internal static double Recall(
        VectorIndex index, VectorStore store, MetricType metric, VectorSearchParameters parameters, Func<int, bool>? passes = null, int queries = 20)
    {
        var random = new Random(77);
        var results = new TopK();
        double found = 0, wanted = 0;
        for (int i = 0; i < queries; i++)
        {
            byte[] query = store.Row(random.Next(store.Count)).ToArray();
            RowFilter filter = passes is null ? RowFilter.All : new RowFilter(TestVectors.Bits(store.Count, passes));
            index.Search(query, store.Type, parameters, filter, results);
            (int Row, double Score)[] exact = [.. TestVectors.Scan(store, metric, query, passes).Take(parameters.K)];
            Assert.Equal(exact.Length, results.Count);
            foreach (int row in results.Rows)
                Assert.True(passes?.Invoke(row) ?? true);
            double worst = exact.Length > 0 ? exact[^1].Score : 0, slack = 1e-4 * Math.Max(1, Math.Abs(worst));
            foreach (float score in results.Scores)
                found += (metric.LargerIsBetter() ? score >= worst - slack : score <= worst + slack) ? 1 : 0;
            wanted += exact.Length;
        }

        return found / wanted;
    }

    public void Dispose()
    {
        foreach (SafeFileHandle handle in _handles)
            handle.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
