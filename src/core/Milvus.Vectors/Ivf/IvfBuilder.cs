using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Builds <see cref="IvfIndex"/>es over the rows of a store that no longer changes.</summary>
public static unsafe class IvfBuilder
{
    /// <summary>Rows per list that the centroids are trained on.</summary>
    private const int TrainedRowsPerList = 128;

    private const long MaxTrainingBytes = 512L << 20;
    private const int RowsPerBlock = 512;

    /// <summary>Passes that lists are kept even in, and those after them.</summary>
    private const int EvenPasses = 4, Passes = 8;

    /// <summary>What codes other than product codes take of their parameters: nothing.</summary>
    internal static readonly RowCodeParameters NoParts = new(RowCoding.Scalar8);

    /// <summary>Builds an index over all rows the store holds. Blocks; the calling thread is one of the builders.</summary>
    /// <param name="store">The vectors; the index references them.</param>
    /// <param name="metric">L2, IP, Cosine, Hamming or Jaccard, as the type allows.</param>
    /// <param name="parameters">Lists, coding, threads, seed.</param>
    /// <param name="progress">Told the number of rows assigned to lists now and then, from any builder thread.</param>
    /// <param name="cancellation">Ends the build early.</param>
    /// <exception cref="ArgumentException">The metric or the coding does not fit, or there are no rows.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is kept.</exception>
    public static IvfIndex Build(
        VectorStore store, MetricType metric, IvfParameters parameters, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(parameters);
        parameters.Check(store.Dimension);
        if (!metric.IsValidFor(store.Type) || metric is MetricType.Substructure or MetricType.Superstructure)
            throw new ArgumentException($"no inverted file is built over {store.Type}s by {metric}", nameof(metric));
        if (store.Type == DataType.BinaryVector && parameters.Coding != IvfCoding.Raw)
            throw new ArgumentException("binary rows are not coded", nameof(parameters));
        if (store.Count == 0)
            throw new ArgumentException("there are no rows to group", nameof(store));

        int lists = parameters.ListsFor(store.Count);
        var nearest = new int[store.Count];
        VectorStore centroids = store.Type == DataType.BinaryVector
            ? ClusterBits(store, metric, lists, parameters, nearest, progress, cancellation)
            : ClusterNumbers(store, metric, lists, parameters, nearest, progress, cancellation);
        IvfLists grouped = IvfLists.Of(nearest, lists);
        IvfCodes codes = IvfCodings.Encode(store, metric, parameters, centroids, grouped, cancellation);
        cancellation.ThrowIfCancellationRequested();
        RowCodes? refinement = parameters.Refinement is { } coding && coding.HasCodes()
            ? RowCodes.Encode(store, metric, coding, NoParts, parameters.Seed, parameters.Threads, cancellation)
            : null;
        cancellation.ThrowIfCancellationRequested();
        return new IvfIndex(store, metric, parameters, centroids, grouped, codes, refinement);
    }

    private static VectorStore ClusterBits(
        VectorStore store, MetricType metric, int lists, IvfParameters parameters, int[] nearest, IProgress<int>? progress, CancellationToken cancellation)
    {
        var random = new Random((int)parameters.Seed);
        int[] sample = KMeans.Sample(store.Count, (int)Math.Min(store.Count, (long)lists * TrainedRowsPerList), random);
        VectorStore centroids = BitClusters.Train(store, metric, lists, sample, random, parameters.Threads, cancellation);
        int done = 0;
        BitClusters.Assign(
            store, null, centroids, metric, nearest, parameters.Threads, some => progress?.Report(Interlocked.Add(ref done, some)), cancellation);
        return centroids;
    }

    private static VectorStore ClusterNumbers(
        VectorStore store, MetricType metric, int lists, IvfParameters parameters, int[] nearest, IProgress<int>? progress, CancellationToken cancellation)
    {
        int dimension = store.Dimension;
        var source = new FloatRows(store, metric == MetricType.Cosine);
        int wanted = (int)Math.Min(store.Count, Math.Min((long)lists * TrainedRowsPerList, Math.Max(lists, MaxTrainingBytes / ((long)dimension * sizeof(float)))));
        int[] sample = KMeans.Sample(store.Count, wanted, new Random((int)parameters.Seed));
        var training = new PinnedBuffer((long)wanted * dimension * sizeof(float));
        for (int i = 0; i < wanted; i++)
            source.Read(sample[i], (float*)training.Pointer + ((long)i * dimension));
        var options = new KMeansOptions(lists, parameters.Seed)
        {
            Threads = parameters.Threads,
            Spherical = metric == MetricType.Cosine,
            EvenPasses = EvenPasses,
            Iterations = EvenPasses + Passes,
        };
        PinnedBuffer trained = KMeans.Train((float*)training.Pointer, wanted, dimension, options, cancellation);
        GC.KeepAlive(training);

        var finder = new NearestCentroids((float*)trained.Pointer, lists, dimension);
        int done = 0;
        BuildThreads.ForBlocks(store.Count, RowsPerBlock, parameters.Threads, cancellation, (first, some) =>
        {
            var rows = new PinnedBuffer((long)some * dimension * sizeof(float));
            for (int i = 0; i < some; i++)
                source.Read(first + i, (float*)rows.Pointer + ((long)i * dimension));
            fixed (int* target = &nearest[first])
                finder.Assign((float*)rows.Pointer, some, target, null);
            GC.KeepAlive(rows);
            progress?.Report(Interlocked.Add(ref done, some));
        });
        VectorStore centroids = VectorStore.Create(DataType.FloatVector, dimension, lists);
        centroids.Append(trained.Span);
        GC.KeepAlive(trained);
        return centroids;
    }
}
