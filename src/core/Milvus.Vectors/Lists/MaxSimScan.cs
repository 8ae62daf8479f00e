using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Exact search for lists of vectors by lists of vectors, known as late interaction (Khattab and Zaharia, ColBERT, 2020): a list's
/// distance is the sum over the query's vectors of the smallest distance to one of its elements. Empty lists are no hits.
/// </summary>
public static class MaxSimScan
{
    private static readonly ConcurrentDictionary<(DataType Type, MetricType Metric, InstructionSet Set), ListScanner> s_scanners = new();

    /// <param name="store">The elements of all lists.</param>
    /// <param name="offsets">The elements of list r are the store's rows offsets[r] … offsets[r + 1] − 1.</param>
    /// <param name="count">Lists 0 … count − 1 are compared.</param>
    /// <param name="metric">One of those for which <see cref="MetricTypes.IsMaxSim"/> holds.</param>
    /// <param name="query">The query's vectors one behind the other, at least one.</param>
    /// <param name="queryType">Their encoding: the store's, or float32 for Float16 and BFloat16.</param>
    /// <param name="filter">Lists that may be returned.</param>
    /// <param name="result">Reset by the search; afterwards holds lists and scores, best first.</param>
    /// <exception cref="ArgumentException">Metric, query type or length do not fit the store.</exception>
    public static void Search(
        VectorStore store, ReadOnlySpan<int> offsets, int count, MetricType metric, ReadOnlySpan<byte> query, DataType queryType,
        in VectorSearchParameters parameters, RowFilter filter, TopK result)
    {
        MetricType elements = metric.OfElements();
        if (!metric.IsMaxSim() || !elements.IsValidFor(store.Type))
            throw new ArgumentException($"metric {metric} does not compare lists of {store.Type}", nameof(metric));
        int bytes = queryType.VectorBytes(store.Dimension);
        if (query.IsEmpty || query.Length % bytes != 0)
            throw new ArgumentException($"{query.Length} bytes are not whole vectors of {bytes} bytes", nameof(query));
        if (elements == MetricType.Cosine)
            store.EnsureNorms();
        ListScanner scanner = s_scanners.GetOrAdd(
            (store.Type, elements, InstructionSets.Best), static key => KernelDispatch.Visit(key.Type, key.Metric, key.Set, new Factory()));
        FlatScratch scratch = FlatScratch.Pool.Rent();
        scratch.Queries.Set(store, elements, query, queryType, query.Length / bytes);
        result.Reset(parameters.K, DistanceRange.FromScores(metric, parameters.Radius, parameters.RangeFilter));
        for (int list = 0; list < count; list++)
        {
            if (offsets[list] < offsets[list + 1] && filter.Passes(list))
                result.Add(list, scanner.Distance(store, scratch.Queries, offsets[list], offsets[list + 1]));
        }

        result.Finish(metric);
        GC.KeepAlive(store);
        FlatScratch.Pool.Return(scratch);
    }

    private sealed class Factory : IKernelVisitor<ListScanner>
    {
        public ListScanner Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new ListScanner<TKernel, TScale>();
    }
}

/// <summary>The distance of one list.</summary>
internal abstract class ListScanner
{
    public abstract float Distance(VectorStore store, PreparedQueries queries, int first, int end);
}

internal sealed unsafe class ListScanner<TKernel, TScale> : ListScanner
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override float Distance(VectorStore store, PreparedQueries queries, int first, int end)
    {
        float* distances = stackalloc float[4];
        int length = KernelDispatch.Length(store.Type, store.Dimension);
        float sum = 0;
        for (int query = 0; query < queries.Count; query++)
        {
            var scorer = new RowScorer<TKernel, TScale>(queries.Pointer(query), queries.Scale(query), length, store.Rows, store.Norms, store.RowBytes);
            float best = float.PositiveInfinity;
            int element = first;
            for (; element <= end - 4; element += 4)
            {
                scorer.Score4(element, element + 1, element + 2, element + 3, distances);
                best = MathF.Min(MathF.Min(MathF.Min(best, distances[0]), distances[1]), MathF.Min(distances[2], distances[3]));
            }

            for (; element < end; element++)
                best = MathF.Min(best, scorer.Score(element));
            sum += best;
        }

        return sum;
    }
}
