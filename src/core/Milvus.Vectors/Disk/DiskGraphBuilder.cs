using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Builds the graph of <see cref="DiskGraphIndex"/>: every row is linked in different directions, pruned by α (Subramanya et al., "DiskANN", NeurIPS
/// 2019, algorithm 2). Neighbours are found down the levels of a navigable small world (Malkov and Yashunin 2016), because from a single medoid clusters that lie
/// far apart are reached badly; only level 0 is kept, and searches start at rows from all over the set. Distances while building are those of
/// byte codes.
/// </summary>
public static class DiskGraphBuilder
{
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
        HnswGraph graph = HnswLevels.Draw(store.Count, parameters.M, parameters.Seed);
        if (store.Count > 1)
        {
            var rows = CodedRows.Of(store, CodeSpace.Fit(store, metric), parameters.Threads);
            var builder = GraphBuilder.For(rows, graph, new HnswParameters
            {
                M = parameters.M,
                EfConstruction = parameters.BuildList,
                Seed = parameters.Seed,
                Threads = parameters.Threads,

                // Products have no zero to measure a factor from, but those of vectors of length one.
                Alpha = metric == MetricType.IP ? 1 : parameters.Alpha,
                Shift = metric == MetricType.Cosine ? 1 : 0,
            });
            builder.InsertAll(store.Count, parameters.Threads, progress, cancellation);
            cancellation.ThrowIfCancellationRequested();
            new Reachability(graph, builder).Repair(new BuildScratch(), cancellation);
        }

        cancellation.ThrowIfCancellationRequested();
        return new DiskGraph(store, metric, parameters, graph, codes, medoid);
    }
}
