using System.Numerics.Tensors;

namespace Milvus.Standalone.Demo;

/// <summary>Unit-scale vectors around random centres: harder than uniform noise is misleading, easier to explain than a data set.</summary>
internal sealed class ClusteredVectors
{
    private readonly int _dimension;

    private ClusteredVectors(float[] rows, float[] queries, int dimension)
    {
        Rows = rows;
        Queries = queries;
        _dimension = dimension;
    }

    public float[] Rows { get; }

    public float[] Queries { get; }

    public int RowCount => Rows.Length / _dimension;

    public int QueryCount => Queries.Length / _dimension;

    public static ClusteredVectors Generate(int rows, int queries, int dimension, int seed)
    {
        var random = new Random(seed);
        var centres = new float[Math.Max(16, rows / 500) * dimension];
        for (var i = 0; i < centres.Length; i++) centres[i] = Gaussian(random);
        return new ClusteredVectors(Around(random, centres, rows, dimension), Around(random, centres, queries, dimension), dimension);
    }

    /// <summary>The rows nearest to each query by squared distance, by looking at all of them.</summary>
    public HashSet<int>[] ExactNeighbours(int k)
    {
        var result = new HashSet<int>[QueryCount];
        Parallel.For(0, QueryCount, q =>
        {
            var query = Queries.AsSpan(q * _dimension, _dimension);
            var best = new PriorityQueue<int, float>();
            for (var r = 0; r < RowCount; r++)
            {
                var distance = TensorPrimitives.Distance(query, Rows.AsSpan(r * _dimension, _dimension));
                if (best.Count < k) best.Enqueue(r, -distance);
                else best.EnqueueDequeue(r, -distance);
            }
            result[q] = [.. best.UnorderedItems.Select(i => i.Element)];
        });
        return result;
    }

    private static float[] Around(Random random, float[] centres, int count, int dimension)
    {
        var values = new float[count * dimension];
        for (var i = 0; i < count; i++)
        {
            var centre = random.Next(centres.Length / dimension) * dimension;
            for (var d = 0; d < dimension; d++) values[(i * dimension) + d] = centres[centre + d] + (0.6f * Gaussian(random));
        }
        return values;
    }

    // Sum of uniforms: near enough to normal, and cheap.
    private static float Gaussian(Random random) => random.NextSingle() + random.NextSingle() + random.NextSingle() + random.NextSingle() - 2;
}
