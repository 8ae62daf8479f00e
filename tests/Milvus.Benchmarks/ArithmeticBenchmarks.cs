using BenchmarkDotNet.Attributes;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Benchmarks;

/// <summary>
/// Many queries at once, where exact search is bound by arithmetic: time per call ÷ (queries × rows × dimension) is the time of one
/// multiply-add.
/// </summary>
public class ArithmeticBenchmarks
{
    private const int Rows = 20_000;
    private const int Queries = 64;

    private readonly TopK[] _found = [.. Enumerable.Range(0, Queries).Select(_ => new TopK())];
    private FlatIndex _index = null!;
    private byte[] _queries = [];

    [Params(DataType.FloatVector, DataType.Float16Vector, DataType.BFloat16Vector, DataType.Int8Vector)]
    public DataType Type { get; set; }

    [Params(MetricType.L2, MetricType.IP)]
    public MetricType Metric { get; set; }

    [Params(128, 768)]
    public int Dimension { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var store = VectorStore.Create(Type, Dimension, Rows);
        var random = new Random(1);
        store.Append(RandomRows.Next(random, Type, Dimension, Rows));
        _queries = RandomRows.Next(random, Type, Dimension, Queries);
        _index = new FlatIndex(store, Metric);
    }

    [Benchmark(OperationsPerInvoke = Queries)]
    public void SearchBatch() => _index.SearchBatch(_queries, Type, new VectorSearchParameters(10), RowFilter.All, _found);
}
