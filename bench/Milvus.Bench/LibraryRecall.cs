using System.Diagnostics;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench;

/// <summary>The index library by itself, without server, wire or storage: the yardstick of the recall figures.</summary>
internal sealed class LibraryRecall
{
    private readonly HnswIndex _index;
    private readonly Workload _workload;

    private LibraryRecall(HnswIndex index, Workload workload, double buildSeconds)
    {
        _index = index;
        _workload = workload;
        BuildSeconds = buildSeconds;
    }

    public double BuildSeconds { get; }

    public static LibraryRecall Build(Workload workload, int m, int efConstruction)
    {
        var store = VectorStore.Create(DataType.FloatVector, workload.Dimension, workload.RowCount);
        store.Append(MemoryMarshal.AsBytes(workload.Rows.AsSpan()));
        var started = Stopwatch.GetTimestamp();
        var index = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = m, EfConstruction = efConstruction, Threads = Environment.ProcessorCount });
        return new LibraryRecall(index, workload, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>Recall, and searches per second of one thread.</summary>
    public (double Recall, double PerSecond) Measure(int k, int ef)
    {
        var found = new TopK();
        var hits = 0;
        var started = Stopwatch.GetTimestamp();
        for (var q = 0; q < _workload.Exact.Length; q++)
        {
            _index.Search(MemoryMarshal.AsBytes(_workload.Query(q).Span), DataType.FloatVector, new VectorSearchParameters(k) { Ef = ef }, RowFilter.All, found);
            var best = _workload.Exact[q].AsSpan(0, k);
            foreach (var row in found.Rows) hits += best.Contains(row) ? 1 : 0;
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return ((double)hits / (k * _workload.Exact.Length), _workload.Exact.Length / seconds);
    }
}
