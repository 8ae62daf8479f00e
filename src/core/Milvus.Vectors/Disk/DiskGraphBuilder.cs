using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Builds the graph of <see cref="DiskGraphIndex"/>: one level, every row linked from its neighbours in different directions (Subramanya et
/// al., "DiskANN", NeurIPS 2019). Rows are inserted in random order, found from the row nearest to the mean; a list that is full keeps what
/// the pruning by α leaves. Distances while building are those of byte codes.
/// </summary>
public static class DiskGraphBuilder
{
    private const int RowsPerReport = 1024;

    /// <summary>Builds over all rows the store holds. Blocks; the calling thread is one of the builders.</summary>
    /// <param name="metric">L2, IP or Cosine.</param>
    /// <param name="progress">Told the number of rows inserted now and then, from any builder thread.</param>
    /// <returns>What is to be written; holds the links and the codes in memory, and refers to the store.</returns>
    /// <exception cref="ArgumentException">The store is empty, or the metric does not fit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is kept.</exception>
    public static DiskGraph Build(
        VectorStore store, MetricType metric, DiskGraphParameters parameters, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(parameters);
        parameters.Check();
        if (!metric.IsValidFor(store.Type) || !CodeSpace.Serves(store.Type) || store.Count == 0)
            throw new ArgumentException($"no graph on disk is built over {store.Count} {store.Type}s by {metric}", nameof(metric));

        int bits = parameters.BitsFor(store.Type, store.Dimension, store.Count);
        DiskCodes codes = DiskCodes.Encode(store, metric, bits, parameters.Seed, parameters.Threads, out int medoid);
        var graph = new HnswGraph(store.Count, parameters.M, [1]);
        Enter(graph, medoid);
        if (store.Count > 1)
        {
            var rows = CodedRows.Of(store, CodeSpace.Fit(store, metric), parameters.Threads);
            var builder = GraphBuilder.For(rows, graph, new HnswParameters
            {
                M = parameters.M,
                EfConstruction = parameters.BuildList,
                Seed = parameters.Seed,
                Threads = parameters.Threads,
                IsSingleLevel = true,

                // Products have no zero to measure a factor from, but those of vectors of length one.
                Alpha = metric == MetricType.IP ? 1 : parameters.Alpha,
                Shift = metric == MetricType.Cosine ? 1 : 0,
            });
            Insert(builder, Shuffled(store.Count, parameters.Seed), parameters.Threads, progress, cancellation);
            cancellation.ThrowIfCancellationRequested();
            new Reachability(graph, builder).Repair(new BuildScratch(), cancellation);
        }

        cancellation.ThrowIfCancellationRequested();
        return new DiskGraph(store, metric, parameters, graph, codes, medoid);
    }

    private static unsafe void Enter(HnswGraph graph, int medoid)
    {
        graph.Base.Clear();
        graph.Upper[0].Links.Clear();
        graph.Upper[0].Rows[0] = medoid;
        graph.Upper[0].Down[0] = medoid;
    }

    private static void Insert(GraphBuilder builder, int[] order, int threads, IProgress<int>? progress, CancellationToken cancellation) =>
        Workers.Run(threads, order.Length, () =>
        {
            var scratch = new BuildScratch();
            return place =>
            {
                builder.Insert(order[place], scratch);
                if ((place + 1) % RowsPerReport == 0 || place + 1 == order.Length)
                    progress?.Report(place + 1);
            };
        }, cancellation);

    private static int[] Shuffled(int count, ulong seed)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new Random((int)(seed ^ (seed >> 32))).Shuffle(order);
        return order;
    }
}
