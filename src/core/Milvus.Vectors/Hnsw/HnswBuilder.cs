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
    /// <param name="cancellation">Ends the build early.</param>
    /// <exception cref="ArgumentException">The metric does not fit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is kept.</exception>
    public static HnswIndex Build(
        VectorStore store, MetricType metric, HnswParameters parameters, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        parameters.Check();
        if (!metric.IsValidFor(store.Type) || metric is MetricType.Substructure or MetricType.Superstructure)
            throw new ArgumentException($"no graph is built over {store.Type}s by {metric}", nameof(metric));
        if (metric == MetricType.Cosine)
            store.EnsureNorms();

        HnswGraph graph = HnswLevels.Draw(store.Count, parameters.M, parameters.Seed);
        if (parameters.RowCodes is not null)
            parameters = RowCoded(parameters, store);
        GraphCodes codes = parameters.RowCodes is null ? parameters.CodesFor(store.Type) : GraphCodes.Bytes;
        CodeSpace? coarse = null;
        CodedRows? coded = codes == GraphCodes.None ? null : CodedTraversal.CodesOf(store, metric, codes, parameters.Threads, out coarse);
        if (store.Count > 1)
        {
            GraphBuilder builder = GraphBuilder.For(coded ?? (GraphRows)new StoredRows(store, metric), graph, parameters);
            builder.InsertAll(store.Count, parameters.Threads, progress, cancellation);
            new Reachability(graph, builder).Repair(new BuildScratch(), cancellation);
        }

        cancellation.ThrowIfCancellationRequested();
        if (parameters.RowCodes is { } wanted)
        {
            RowCodes rows = RowCodes.Encode(store, metric, wanted.Coding, wanted, parameters.Seed, parameters.Threads, cancellation);
            RowCodes? refinement = wanted.Refinement.HasCodes()
                ? RowCodes.Encode(store, metric, wanted.Refinement, wanted, parameters.Seed, parameters.Threads, cancellation)
                : null;
            return new HnswIndex(store, metric, parameters, graph, null, rows, refinement).Tried();
        }

        if (coarse is not null && Coarse(store, metric, parameters, graph, coded!, coarse) is { } index)
            return index.Tried();
        return new HnswIndex(store, metric, parameters, graph, CodedTraversal.Of(graph, store, metric, codes, parameters.Threads, coded)).Tried();
    }

    /// <summary>The graph searched by shorter codes than it was built by; null when these find less.</summary>
    private static HnswIndex? Coarse(VectorStore store, MetricType metric, HnswParameters parameters, HnswGraph graph, CodedRows fine, CodeSpace coarse)
    {
        HnswIndex index = By(CodedRows.Of(store, coarse, parameters.Threads));
        return CoarseTrial.Succeeds(By(fine), index) ? index : null;

        HnswIndex By(CodedRows rows) => new(store, metric, parameters, graph, CodedTraversal.Of(graph, store, metric, GraphCodes.Bytes, parameters.Threads, rows));
    }

    /// <summary>What is really made: codes are made of some types only, and of few rows with fewer bits.</summary>
    private static HnswParameters RowCoded(HnswParameters parameters, VectorStore store)
    {
        parameters.RowCodes!.Check(store.Dimension);
        return parameters with { RowCodes = CodeSpace.Serves(store.Type) && store.Count > 0 ? parameters.RowCodes.For(store.Count) : null, Codes = GraphCodes.None };
    }
}
