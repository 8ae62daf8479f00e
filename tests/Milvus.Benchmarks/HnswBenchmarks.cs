using BenchmarkDotNet.Attributes;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Benchmarks;

/// <summary>Graph searches; the memory column must show nothing allocated.</summary>
[MemoryDiagnoser]
public class HnswBenchmarks
{
    private const int Rows = 20_000;
    private const int Dimension = 128;

    private readonly TopK _found = new();
    private readonly ulong[] _half = new ulong[(Rows / 64) + 1];
    private HnswIndex _index = null!;
    private int _next;

    [Params(64, 200)]
    public int Ef { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        var centres = new float[200 * Dimension];
        for (int i = 0; i < centres.Length; i++)
            centres[i] = (float)random.NextDouble();
        var store = VectorStore.Create(DataType.FloatVector, Dimension, Rows);
        var row = new float[Dimension];
        for (int i = 0; i < Rows; i++)
        {
            int centre = random.Next(200) * Dimension;
            for (int j = 0; j < Dimension; j++)
                row[j] = centres[centre + j] + (float)(random.NextDouble() * 0.5);
            store.Append(System.Runtime.InteropServices.MemoryMarshal.AsBytes(row.AsSpan()));
        }

        _index = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 16, EfConstruction = 100, Threads = Environment.ProcessorCount });
        Array.Fill(_half, 0x5555_5555_5555_5555UL);
    }

    [Benchmark]
    public int Search() => Search(RowFilter.All, default);

    [Benchmark]
    public int SearchHalfOfTheRows() => Search(new RowFilter(_half), default);

    [Benchmark]
    public int SearchRange() => Search(RowFilter.All, 12f);

    private int Search(RowFilter filter, float? radius)
    {
        _next = (_next + 7919) % Rows;
        _index.Search(
            _index.Store.Row(_next), DataType.FloatVector, new VectorSearchParameters(10) { Ef = Ef, Radius = radius }, filter, _found);
        return _found.Count;
    }
}
