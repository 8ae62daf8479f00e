using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Searches a graph of a few rows, so that the code of the most frequent searches is compiled before somebody waits for it: kernels are compiled with all
/// care at once, which takes some tenths of a second.
/// </summary>
public static class SearchRehearsal
{
    private const int Rows = 96;
    private const int Dimension = 64;
    private static readonly MetricType[] Metrics = [MetricType.L2, MetricType.IP, MetricType.Cosine];

    /// <summary>Searches by byte codes and by scanning, by every metric of float vectors.</summary>
    /// <returns>Rows found in all.</returns>
    public static int Run()
    {
        VectorStore store = VectorStore.Create(DataType.FloatVector, Dimension, Rows);
        var vectors = new float[Rows * Dimension];
        for (int i = 0; i < vectors.Length; i++)
            vectors[i] = (i * 7919 % 1000) - 500;
        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(vectors.AsSpan());
        store.Append(bytes);
        var found = new TopK();
        int count = 0;
        foreach (MetricType metric in Metrics)
        {
            HnswGraph graph = HnswLevels.Draw(Rows, 16, 42);
            var parameters = new HnswParameters { M = 16, Codes = GraphCodes.Bytes };
            var index = new HnswIndex(store, metric, parameters, graph, CodedTraversal.Of(graph, store, metric, GraphCodes.Bytes, 1)) { AlwaysTraverse = true };
            // Without links the graph leads to one row: the traversal ends early, and the scan answers.
            index.Search(bytes[..(Dimension * sizeof(float))], DataType.FloatVector, new VectorSearchParameters(10), RowFilter.All, found);
            count += found.Count;
        }

        return count;
    }
}
