using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Builds <see cref="HnswIndex"/> graphs over the rows of a store that no longer changes.</summary>
public static class HnswBuilder
{
    /// <summary>Builds a graph over all rows the store holds. Blocks; the calling thread is one of the builders.</summary>
    /// <param name="store">The vectors; the index references them.</param>
    /// <param name="metric">L2, IP, Cosine, Hamming or Jaccard, as the type allows.</param>
    /// <param name="parameters">Degree, beam width, threads, seed.</param>
    /// <param name="progress">Told the number of rows inserted now and then, from any builder thread.</param>
    /// <exception cref="ArgumentException">The metric does not fit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is kept.</exception>
    public static HnswIndex Build(
        VectorStore store, MetricType metric, HnswParameters parameters, IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();
}
