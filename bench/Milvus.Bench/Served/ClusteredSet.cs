using System.Numerics;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Served;

/// <summary>
/// Rows as embeddings lie: clusters of unequal size in a space of 96 hidden dimensions of falling weight, seen through a random map, with a little noise
/// in all dimensions, brought to length 1. The same rows as <c>Milvus.Bench.Graphs --generated</c>, from the same seed.
/// </summary>
internal sealed class ClusteredSet
{
    public const int K = 10;

    private const int Hidden = 96;
    private const int Clusters = 500;
    private readonly float[] _rows;
    private readonly float[] _queries;
    private readonly int[] _exact;

    public ClusteredSet(int rows, int dimension, int queries)
    {
        (RowCount, Dimension, QueryCount) = (rows, dimension, queries);
        var random = new Random(7);
        var map = Gaussians(random, Hidden * dimension);
        for (var h = 0; h < Hidden; h++)
            for (var i = 0; i < dimension; i++) map[(h * dimension) + i] *= (float)Math.Pow(1 + (h / 8.0), -0.5);
        var centres = Gaussians(random, Clusters * Hidden);
        _rows = new float[(long)rows * dimension];
        _queries = new float[(long)queries * dimension];
        var hidden = new float[Hidden];
        for (var row = 0; row < rows; row++) Fill(random, map, centres, hidden, _rows.AsSpan(row * dimension, dimension));
        for (var q = 0; q < queries; q++) Fill(random, map, centres, hidden, _queries.AsSpan(q * dimension, dimension));
        _exact = Nearest();
    }

    public int RowCount { get; }

    public int Dimension { get; }

    public int QueryCount { get; }

    public ReadOnlyMemory<float> Rows(int first, int count) => _rows.AsMemory(first * Dimension, count * Dimension);

    public ReadOnlyMemory<float> Query(int query) => _queries.AsMemory(query * Dimension, Dimension);

    /// <summary>How many of the found ids are among the nearest.</summary>
    public int Hits(int query, IEnumerable<long> found)
    {
        var hits = 0;
        foreach (var id in found)
            if (_exact.AsSpan(query * K, K).Contains((int)id)) hits++;
        return hits;
    }

    private int[] Nearest()
    {
        var store = VectorStore.Create(DataType.FloatVector, Dimension, RowCount);
        store.Append(MemoryMarshal.AsBytes(_rows.AsSpan()));
        TopK[] found = [.. Enumerable.Range(0, QueryCount).Select(_ => new TopK())];
        new FlatIndex(store, MetricType.IP).SearchBatch(MemoryMarshal.AsBytes(_queries.AsSpan()), DataType.FloatVector, new VectorSearchParameters(K), RowFilter.All, found);
        return [.. found.SelectMany(f => f.Rows.ToArray())];
    }

    private static void Fill(Random random, float[] map, float[] centres, float[] hidden, Span<float> target)
    {
        var cluster = (int)(Clusters * Math.Pow(random.NextDouble(), 1.5));
        for (var h = 0; h < Hidden; h++) hidden[h] = centres[(cluster * Hidden) + h] + (0.7f * Gaussian(random));
        for (var i = 0; i < target.Length; i++) target[i] = 0.5f * Gaussian(random);
        for (var h = 0; h < Hidden; h++) AddScaled(target, hidden[h], map.AsSpan(h * target.Length, target.Length));
        var norm = 0f;
        foreach (var value in target) norm += value * value;
        norm = 1 / MathF.Sqrt(norm);
        for (var i = 0; i < target.Length; i++) target[i] *= norm;
    }

    private static void AddScaled(Span<float> target, float weight, ReadOnlySpan<float> part)
    {
        var i = 0;
        for (; i <= target.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(target[i..]) + (new Vector<float>(weight) * new Vector<float>(part[i..]))).CopyTo(target[i..]);
        for (; i < target.Length; i++) target[i] += weight * part[i];
    }

    private static float[] Gaussians(Random random, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = Gaussian(random);
        return values;
    }

    private static float Gaussian(Random random) => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
