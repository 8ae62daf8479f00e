using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Benchmarks;

/// <summary>
/// One query against many rows by every kernel. The baseline only reads the same bytes: a ratio of 1 means that the kernel keeps up
/// with the cache or the memory it reads from.
/// </summary>
public unsafe class KernelBenchmarks
{
    /// <summary>Rows of so many bytes are drawn before the first comes again: a row as near as the nearest ones is as rare as in a collection of distinct rows.</summary>
    private const int DistinctBytes = 16 << 20;

    private FlatIndex _index = null!;
    private VectorStore _store = null!;
    private byte[] _query = [];
    private readonly TopK _found = new();

    [Params("Float L2", "Float IP", "Float Cosine", "Float16 L2", "Float16 IP", "BFloat16 L2", "BFloat16 IP", "Int8 L2", "Int8 IP", "Int8 Cosine",
        "Binary Hamming", "Binary Jaccard", "Binary Substructure")]
    public string Kernel { get; set; } = "";

    [Params(128, 768, 1536)]
    public int Dimension { get; set; }

    [ParamsSource(nameof(RowSets))]
    public RowSet Rows { get; set; } = RowSet.Cached;

    public static RowSet[] RowSets => [RowSet.Cached, RowSet.Streamed];

    [GlobalSetup]
    public void Setup()
    {
        string[] parts = Kernel.Split(' ');
        DataType type = Enum.Parse<DataType>(parts[0] + "Vector");
        _store = VectorStore.Create(type, Dimension, (int)(Rows.Bytes / type.VectorBytes(Dimension)));
        var random = new Random(1);
        _query = RandomRows.Next(random, type, Dimension);
        int distinct = Math.Min(_store.Capacity, DistinctBytes / _store.RowBytes);
        byte[] block = RandomRows.Next(random, type, Dimension, distinct);
        while (_store.Count < _store.Capacity)
            _store.Append(block.AsSpan(0, Math.Min(distinct, _store.Capacity - _store.Count) * _store.RowBytes));
        _index = new FlatIndex(_store, Enum.Parse<MetricType>(parts[1]));
    }

    [Benchmark(Baseline = true)]
    public ulong Read()
    {
        ulong sum = 0;
        for (int row = 0; row < _store.Count;)
        {
            int rows = Math.Min(Math.Max(1, (64 << 10) / _store.RowBytes), _store.Count - row);
            sum += Sweep(_store.RowPointer(row), rows * _store.RowBytes);
            row += rows;
        }

        return sum;
    }

    [Benchmark]
    public int Score()
    {
        _index.Search(_query, _store.Type, new VectorSearchParameters(10), RowFilter.All, _found);
        return _found.Count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Sweep(byte* start, int bytes)
    {
        Vector512<ulong> a = default, b = default, c = default, d = default;
        for (; bytes >= 256; bytes -= 256, start += 256)
        {
            a |= Vector512.Load((ulong*)start);
            b |= Vector512.Load((ulong*)(start + 64));
            c |= Vector512.Load((ulong*)(start + 128));
            d |= Vector512.Load((ulong*)(start + 192));
        }

        return Vector512.Sum((a | b) | (c | d));
    }
}
