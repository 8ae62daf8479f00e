using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>How <see cref="KMeans"/> clusters.</summary>
/// <param name="Clusters">At least 1.</param>
/// <param name="Seed">The same rows, options and seed give the same centroids, whatever the number of threads.</param>
internal readonly record struct KMeansOptions(int Clusters, ulong Seed)
{
    /// <summary>Most passes over the rows; fewer when they no longer gain.</summary>
    public int Iterations { get; init; } = 10;

    public int Threads { get; init; } = 1;

    /// <summary>Centroids are moved to the unit sphere after every pass; those of <see cref="EvenPasses"/> move them off it again.</summary>
    public bool Spherical { get; init; }

    /// <summary>
    /// After so many passes at first all centroids are moved to the same distance from the mean of the rows. In many dimensions a mean of many unlike rows lies near
    /// the mean of all, hence nearer to any row than the mean of a few: the largest clusters grow ever larger. Even ones scan fewer rows and keep neighbours together.
    /// </summary>
    public int EvenPasses { get; init; }
}

/// <summary>
/// Lloyd's algorithm (Lloyd 1982) by squared L2, seeded by k-means++ (Arthur and Vassilvitskii 2007) where that is cheap and by distinct
/// random rows else. A cluster that loses all its rows takes over half of the largest one.
/// </summary>
internal static unsafe class KMeans
{
    private const int RowsPerBlock = 1024;
    private const double LeastGain = 5e-4;
    private const float Nudge = 1f / 1024;

    /// <summary>Multiplications that seeding by k-means++ may cost.</summary>
    private const double SeedingBudget = 1 << 28;

    /// <param name="rows">count × dimension numbers.</param>
    /// <param name="count">At least 1.</param>
    /// <returns>Clusters × dimension float32 centroids; with fewer rows than clusters some are equal.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static PinnedBuffer Train(float* rows, int count, int dimension, in KMeansOptions options, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Clusters, 1);
        int clusters = options.Clusters;
        var random = new Random((int)(options.Seed ^ (options.Seed >> 32)));
        var buffer = new PinnedBuffer((long)clusters * dimension * sizeof(float));
        float* centroids = (float*)buffer.Pointer;
        Seed(rows, count, dimension, clusters, random, centroids);
        if (options.Spherical)
            Normalise(centroids, clusters, dimension);
        if (clusters == 1 || count > clusters)
        {
            var passes = new Passes(rows, count, dimension, options, cancellation);
            passes.Run(centroids, random);
            GC.KeepAlive(passes);
        }

        return buffer;
    }

    private static void Seed(float* rows, int count, int dimension, int clusters, Random random, float* centroids)
    {
        int[] order = Sample(count, Math.Min(count, 8 * clusters), random);
        bool plus = order.Length > clusters && (double)order.Length * clusters * dimension <= SeedingBudget;
        var nearest = new float[order.Length];
        Array.Fill(nearest, float.PositiveInfinity);
        int pick = 0;
        for (int c = 0; c < clusters; c++)
        {
            float* centroid = centroids + ((long)c * dimension);
            Copy(rows + ((long)order[pick] * dimension), centroid, dimension);
            if (!plus)
            {
                pick = (pick + 1) % order.Length;
                continue;
            }

            double total = 0;
            for (int i = 0; i < order.Length; i++)
            {
                nearest[i] = Math.Min(nearest[i], SquaredDistance(rows + ((long)order[i] * dimension), centroid, dimension));
                total += nearest[i];
            }

            double left = random.NextDouble() * total;
            for (pick = 0; pick < order.Length - 1 && (left -= nearest[pick]) >= 0;)
                pick++;
        }
    }

    /// <summary>Distinct numbers below <paramref name="count"/> in random order.</summary>
    public static int[] Sample(int count, int wanted, Random random)
    {
        int[] all = [.. Enumerable.Range(0, count)];
        for (int i = 0; i < wanted; i++)
        {
            int j = i + random.Next(count - i);
            (all[i], all[j]) = (all[j], all[i]);
        }

        return all[..wanted];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float SquaredDistance(float* left, float* right, int dimension)
    {
        Vector512<float> sum = default;
        int i = 0;
        for (; i <= dimension - 16; i += 16)
        {
            Vector512<float> difference = Vector512.Load(left + i) - Vector512.Load(right + i);
            sum = Vector512.MultiplyAddEstimate(difference, difference, sum);
        }

        float total = Vector512.Sum(sum);
        for (; i < dimension; i++)
            total += (left[i] - right[i]) * (left[i] - right[i]);
        return total;
    }

    private static void Copy(float* source, float* target, int count) => new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(target, count));

    private static void Normalise(float* centroids, int clusters, int dimension)
    {
        for (int c = 0; c < clusters; c++)
            FloatRows.Normalise(centroids + ((long)c * dimension), dimension);
    }

    /// <summary>The passes of one training and their memory.</summary>
    private sealed class Passes(float* rows, int count, int dimension, KMeansOptions options, CancellationToken cancellation)
    {
        private readonly PinnedBuffer _nearest = new((long)count * sizeof(int));
        private readonly PinnedBuffer _distances = new((long)count * sizeof(float));
        private readonly PinnedBuffer _sums = new((long)options.Clusters * dimension * sizeof(double));
        private readonly int[] _sizes = new int[options.Clusters];

        public void Run(float* centroids, Random random)
        {
            double before = double.PositiveInfinity;
            double[]? mean = options.EvenPasses > 0 ? Mean() : null;
            for (int pass = 0; pass < options.Iterations; pass++)
            {
                double cost = Assign(centroids);
                Update(centroids);
                bool split = SplitEmpty(centroids, random);
                if (options.Spherical)
                    Normalise(centroids, options.Clusters, dimension);
                if (pass < options.EvenPasses)
                {
                    Even(centroids, mean!);
                    continue;
                }

                if (!split && cost >= before * (1 - LeastGain))
                    return;
                before = cost;
            }
        }

        private double Assign(float* centroids)
        {
            var finder = new NearestCentroids(centroids, options.Clusters, dimension);
            int* nearest = (int*)_nearest.Pointer;
            float* distances = (float*)_distances.Pointer;
            BuildThreads.ForBlocks(
                count, RowsPerBlock, options.Threads, cancellation,
                (first, some) => finder.Assign(rows + ((long)first * dimension), some, nearest + first, distances + first));
            double cost = 0;
            for (int i = 0; i < count; i++)
                cost += distances[i];
            return cost;
        }

        /// <summary>Means in double precision, in row order: independent of threads.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Update(float* centroids)
        {
            double* sums = (double*)_sums.Pointer;
            int* nearest = (int*)_nearest.Pointer;
            _sums.Span.Clear();
            Array.Clear(_sizes);
            for (int row = 0; row < count; row++)
            {
                _sizes[nearest[row]]++;
                AddTo(sums + ((long)nearest[row] * dimension), rows + ((long)row * dimension));
            }

            for (int c = 0; c < options.Clusters; c++)
            {
                for (int k = 0; _sizes[c] > 0 && k < dimension; k++)
                    centroids[((long)c * dimension) + k] = (float)(sums[((long)c * dimension) + k] / _sizes[c]);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddTo(double* sum, float* row)
        {
            int k = 0;
            for (; k <= dimension - 16; k += 16)
            {
                (Vector512<double> low, Vector512<double> high) = Vector512.Widen(Vector512.Load(row + k));
                (Vector512.Load(sum + k) + low).Store(sum + k);
                (Vector512.Load(sum + k + 8) + high).Store(sum + k + 8);
            }

            for (; k < dimension; k++)
                sum[k] += row[k];
        }

        private double[] Mean()
        {
            var mean = new double[dimension];
            fixed (double* sum = mean)
            {
                for (int row = 0; row < count; row++)
                    AddTo(sum, rows + ((long)row * dimension));
            }

            for (int k = 0; k < dimension; k++)
                mean[k] /= count;
            return mean;
        }

        /// <summary>Moves the centroids along the line from the mean to where all are as far from it as they are on average.</summary>
        private void Even(float* centroids, double[] mean)
        {
            var lengths = new double[options.Clusters];
            for (int c = 0; c < options.Clusters; c++)
            {
                for (int k = 0; k < dimension; k++)
                {
                    double offset = centroids[((long)c * dimension) + k] - mean[k];
                    lengths[c] += offset * offset;
                }

                lengths[c] = Math.Sqrt(lengths[c]);
            }

            double average = lengths.Average();
            for (int c = 0; c < options.Clusters; c++)
            {
                double factor = lengths[c] > 0 ? average / lengths[c] : 1;
                for (int k = 0; k < dimension; k++)
                    centroids[((long)c * dimension) + k] = (float)(mean[k] + (factor * (centroids[((long)c * dimension) + k] - mean[k])));
            }
        }

        private bool SplitEmpty(float* centroids, Random random)
        {
            bool any = false;
            for (int empty = 0; empty < options.Clusters; empty++)
            {
                if (_sizes[empty] > 0)
                    continue;
                int largest = Array.IndexOf(_sizes, _sizes.Max());
                if (_sizes[largest] < 2)
                    return any;
                float* from = centroids + ((long)largest * dimension), to = centroids + ((long)empty * dimension);
                for (int k = 0; k < dimension; k++)
                {
                    float step = random.Next(2) == 0 ? Nudge : -Nudge;
                    to[k] = from[k] * (1 + step);
                    from[k] *= 1 - step;
                }

                _sizes[empty] = _sizes[largest] / 2;
                _sizes[largest] -= _sizes[empty];
                any = true;
            }

            return any;
        }
    }
}
