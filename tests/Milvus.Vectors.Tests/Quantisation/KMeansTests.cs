using Milvus.Model;

namespace Milvus.Vectors.Tests.Quantisation;

public sealed unsafe class KMeansTests
{
    [Fact]
    public void Finds_separate_clusters()
    {
        // Twelve tight clusters far apart: every row lies next to its centroid.
        const int dimension = 20, rows = 1200;
        float[] data = Floats(TestVectors.Clustered(new Random(4), DataType.FloatVector, dimension, rows, 12, 0.01));
        float[] centroids = Train(data, rows, dimension, new KMeansOptions(12, 1) { Iterations = 20 });
        Assert.All(Costs(data, centroids, dimension), cost => Assert.InRange(cost, 0, 0.05));
    }

    [Fact]
    public void A_pass_never_makes_the_cost_much_worse_and_more_clusters_cost_less()
    {
        const int dimension = 33, rows = 3000;
        float[] data = Floats(TestVectors.Random(new Random(8), DataType.FloatVector, dimension, rows));
        double before = double.MaxValue;
        foreach (int passes in new[] { 1, 2, 4, 8 })
        {
            double cost = Costs(data, Train(data, rows, dimension, new KMeansOptions(20, 1) { Iterations = passes }), dimension).Sum();
            Assert.True(cost <= before * 1.0001, $"{cost} after {before}");
            before = cost;
        }

        Assert.True(Costs(data, Train(data, rows, dimension, new KMeansOptions(200, 1)), dimension).Sum() < before);
    }

    [Fact]
    public void The_seed_decides_and_threads_do_not()
    {
        const int dimension = 16, rows = 5000;
        float[] data = Floats(TestVectors.Clustered(new Random(2), DataType.FloatVector, dimension, rows, 30));
        float[] one = Train(data, rows, dimension, new KMeansOptions(50, 9));
        Assert.Equal(one, Train(data, rows, dimension, new KMeansOptions(50, 9) { Threads = 3 }));
        Assert.NotEqual(one, Train(data, rows, dimension, new KMeansOptions(50, 10)));
    }

    [Fact]
    public void Clusters_without_rows_are_refilled_and_too_few_rows_do_not_fail()
    {
        // Nearly all rows equal: seeds coincide, and the surplus clusters have to find the others.
        const int dimension = 4, rows = 400;
        var data = new float[rows * dimension];
        for (int i = 0; i < 40; i++)
            data[(i * 10 * dimension) + (i % 4)] = i + 1;
        float[] centroids = Train(data, rows, dimension, new KMeansOptions(30, 3) { Iterations = 25 });
        Assert.True(Costs(data, centroids, dimension).Sum() < 0.1 * data.Sum(x => x * x));
        Assert.All(Train(data, 3, dimension, new KMeansOptions(8, 3)), number => Assert.True(float.IsFinite(number)));
        Assert.All(Train(new float[100], 25, dimension, new KMeansOptions(5, 3)), number => Assert.Equal(0f, number));
    }

    [Fact]
    public void Spherical_centroids_have_length_one()
    {
        const int dimension = 10, rows = 900;
        float[] data = Floats(TestVectors.Clustered(new Random(4), DataType.FloatVector, dimension, rows, 6));
        float[] centroids = Train(data, rows, dimension, new KMeansOptions(7, 1) { Spherical = true });
        for (int c = 0; c < 7; c++)
            Assert.Equal(1, centroids.Skip(c * dimension).Take(dimension).Sum(x => x * x), 1e-5);
    }

    [Fact]
    public void Even_passes_keep_clusters_in_many_dimensions_from_swallowing_others()
    {
        const int dimension = 256, rows = 4000, clusters = 32;
        float[] data = Floats(TestVectors.Clustered(new Random(7), DataType.FloatVector, dimension, rows, 250, 0.7));
        int[] Sizes(int even)
        {
            float[] centroids = Train(data, rows, dimension, new KMeansOptions(clusters, 1) { EvenPasses = even, Iterations = even + 8 });
            var nearest = new int[rows];
            fixed (float* c = centroids, d = data)
            fixed (int* n = nearest)
                new NearestCentroids(c, clusters, dimension).Assign(d, rows, n, null);
            return [.. Enumerable.Range(0, clusters).Select(cluster => nearest.Count(n => n == cluster))];
        }

        // What a query scans at one list is the mean of squares over the mean.
        double Scanned(int[] sizes) => sizes.Sum(s => (double)s * s) / rows;
        double even = Scanned(Sizes(4)), plain = Scanned(Sizes(0));
        Assert.True(even < 2.0 * rows / clusters && even < plain, $"{even} rows, {plain} without");
    }

    [Fact]
    public void Assignment_is_to_the_nearest()
    {
        var random = new Random(1);
        foreach ((int dimension, int clusters, int rows) in new[] { (1, 1, 3), (5, 17, 300), (48, 100, 131), (100, 49, 129) })
        {
            float[] centroids = Floats(TestVectors.Random(random, DataType.FloatVector, dimension, clusters));
            float[] data = Floats(TestVectors.Random(random, DataType.FloatVector, dimension, rows));
            var nearest = new int[rows];
            var distances = new float[rows];
            fixed (float* c = centroids, d = data, far = distances)
            fixed (int* n = nearest)
                new NearestCentroids(c, clusters, dimension).Assign(d, rows, n, far);
            double[] exact = Costs(data, centroids, dimension);
            for (int row = 0; row < rows; row++)
            {
                Assert.Equal(exact[row], Distance(data, row, centroids, nearest[row], dimension), 1e-4);
                Assert.Equal(exact[row], distances[row], 1e-3);
            }
        }
    }

    internal static float[] Floats(byte[] bytes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    private static float[] Train(float[] data, int rows, int dimension, KMeansOptions options)
    {
        fixed (float* start = data)
        {
            PinnedBuffer trained = KMeans.Train(start, rows, dimension, options);
            float[] centroids = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(trained.Span).ToArray();
            GC.KeepAlive(trained);
            return centroids;
        }
    }

    private static double[] Costs(float[] data, float[] centroids, int dimension) =>
    [
        .. Enumerable.Range(0, data.Length / dimension)
            .Select(row => Enumerable.Range(0, centroids.Length / dimension).Min(c => Distance(data, row, centroids, c, dimension))),
    ];

    private static double Distance(float[] data, int row, float[] centroids, int centroid, int dimension)
    {
        double sum = 0;
        for (int k = 0; k < dimension; k++)
        {
            double difference = (double)data[(row * dimension) + k] - centroids[(centroid * dimension) + k];
            sum += difference * difference;
        }

        return sum;
    }
}
