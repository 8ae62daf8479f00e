using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Compares queries with every row that passes a filter. Works in blocks of rows that fit the second-level cache, so that several
/// queries read the vectors from memory once. 16-bit rows are converted once per block when there are several queries.
/// </summary>
internal abstract unsafe class FlatScanner
{
    public const int MaxBlockRows = 1024;

    private const int BlockBytes = 128 * 1024;
    private const int QueriesWorthDecoding = 4;

    /// <summary>Enough to hide the memory behind arithmetic, few enough to stay in cache themselves.</summary>
    private const int QueriesPerPass = 64;

    private static readonly ConcurrentDictionary<(DataType Type, MetricType Metric, InstructionSet Set), FlatScanner> Shared = new();

    private readonly bool _decodes;
    private readonly FlatScanner? _decodedScanner;

    private protected FlatScanner(DataType type, MetricType metric, InstructionSet set)
    {
        _decodes = FloatDecoder.IsNeededFor(type);
        if (_decodes)
            _decodedScanner = For(DataType.FloatVector, metric, set);
    }

    /// <summary>The scanner for a pair; scanners have no state and are shared.</summary>
    /// <exception cref="ArgumentException">The metric does not compare the type.</exception>
    public static FlatScanner For(DataType type, MetricType metric, InstructionSet set) =>
        Shared.GetOrAdd((type, metric, set), static key => KernelDispatch.Visit(key.Type, key.Metric, key.Set, new Factory(key.Type, key.Metric, key.Set)));

    /// <summary>Answers queries laid out one behind the other, several per pass over the rows.</summary>
    /// <param name="count">Rows 0…count−1 are compared.</param>
    /// <exception cref="ArgumentException">Query type or length does not fit the field.</exception>
    public void Search(
        VectorStore store, MetricType metric, int count, ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters,
        RowFilter filter, ReadOnlySpan<TopK> results)
    {
        int bytes = queryType.VectorBytes(store.Dimension);
        var range = DistanceRange.FromScores(metric, parameters.Radius, parameters.RangeFilter);
        FlatScratch scratch = FlatScratch.Pool.Rent();
        for (int first = 0; first < results.Length; first += QueriesPerPass)
        {
            ReadOnlySpan<TopK> some = results.Slice(first, Math.Min(QueriesPerPass, results.Length - first));
            scratch.Queries.Set(store, metric, queries.Slice(first * bytes, some.Length * bytes), queryType, some.Length);
            foreach (TopK result in some)
                result.Reset(parameters.K, range);
            Scan(store, count, scratch, filter, some);
            foreach (TopK result in some)
                result.Finish(metric);
        }

        FlatScratch.Pool.Return(scratch);
    }

    /// <summary>
    /// Offers rows 0…<paramref name="count"/>−1 that pass the filter to the collector of every query.
    /// </summary>
    private void Scan(VectorStore store, int count, FlatScratch scratch, RowFilter filter, ReadOnlySpan<TopK> results)
    {
        int blockRows = Math.Clamp(BlockBytes / store.RowBytes, 4, MaxBlockRows) & ~3;
        var block = new Block(store.Rows, store.Norms, KernelDispatch.Length(store.Type, store.Dimension));
        bool decode = _decodes && results.Length >= QueriesWorthDecoding;
        for (int first = 0; first < count;)
        {
            int rows = Math.Min(Math.Min(blockRows, count - first), block.Rows.Contiguous(first));
            if (filter.PassesAll)
                ScanWhole(store, block, first, rows, scratch, decode, results);
            else
                ScanSelected(block, Select(filter, first, rows, scratch.Rows), scratch, results);
            first += rows;
        }

        GC.KeepAlive(store);
        GC.KeepAlive(scratch);
    }

    /// <summary>Rows behind one another in memory, numbered from <paramref name="first"/>.</summary>
    private protected abstract void Contiguous(
        in Block block, byte* query, float scale, byte* start, int rowBytes, int first, int rows, TopK result);

    /// <summary>Rows by number.</summary>
    private protected abstract void Scattered(in Block block, byte* query, float scale, ReadOnlySpan<int> rows, TopK result);

    private void ScanWhole(
        VectorStore store, in Block block, int first, int rows, FlatScratch scratch, bool decode, ReadOnlySpan<TopK> results)
    {
        FlatScanner scanner = this;
        byte* start = block.Rows.Pointer(first);
        int rowBytes = store.RowBytes;
        if (decode)
        {
            float* decoded = scratch.Decoded(rows * store.Dimension);
            FloatDecoder.Decode(store.Type, start, decoded, rows * store.Dimension);
            scanner = _decodedScanner!;
            start = (byte*)decoded;
            rowBytes = store.Dimension * sizeof(float);
        }

        for (int query = 0; query < results.Length; query++)
        {
            scanner.Contiguous(
                block, scratch.Queries.Pointer(query), scratch.Queries.Scale(query), start, rowBytes, first, rows, results[query]);
        }
    }

    private void ScanSelected(in Block block, ReadOnlySpan<int> rows, FlatScratch scratch, ReadOnlySpan<TopK> results)
    {
        if (rows.IsEmpty)
            return;
        for (int query = 0; query < results.Length; query++)
            Scattered(block, scratch.Queries.Pointer(query), scratch.Queries.Scale(query), rows, results[query]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ReadOnlySpan<int> Select(RowFilter filter, int first, int rows, int[] selected)
    {
        ReadOnlySpan<ulong> words = filter.Words;
        int count = 0, end = first + rows;
        for (int row = first; row < end; row = (row | 63) + 1)
        {
            int word = row >> 6;
            if (word >= words.Length)
                break;
            ulong bits = words[word] & (ulong.MaxValue << row);
            if (end - (word << 6) < 64)
                bits &= (1UL << end) - 1;
            for (; bits != 0; bits &= bits - 1)
                selected[count++] = (word << 6) + BitOperations.TrailingZeroCount(bits);
        }

        return selected.AsSpan(0, count);
    }

    /// <summary>What the loops need of the store.</summary>
    internal readonly struct Block(RowReader rows, NormReader norms, int length)
    {
        public readonly RowReader Rows = rows;
        public readonly NormReader Norms = norms;
        public readonly int Length = length;
    }

    private sealed class Factory(DataType type, MetricType metric, InstructionSet set) : IKernelVisitor<FlatScanner>
    {
        public FlatScanner Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new FlatScanner<TKernel, TScale>(type, metric, set);
    }
}

/// <summary>The loops of <see cref="FlatScanner"/> for one kernel.</summary>
internal sealed unsafe class FlatScanner<TKernel, TScale>(DataType type, MetricType metric, InstructionSet set)
    : FlatScanner(type, metric, set)
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Contiguous(
        in Block block, byte* query, float scale, byte* start, int rowBytes, int first, int rows, TopK result)
    {
        float* distances = stackalloc float[4];
        int i = 0;
        for (; i <= rows - 4; i += 4)
        {
            byte* row = start + ((nint)i * rowBytes);
            TKernel.Distance4(query, row, row + rowBytes, row + (2 * rowBytes), row + (3 * rowBytes), block.Length, distances);
            for (int j = 0; j < 4; j++)
                result.Add(first + i + j, TScale.Apply(distances[j], scale, block.Norms, first + i + j));
        }

        for (; i < rows; i++)
        {
            float distance = TKernel.Distance(query, start + ((nint)i * rowBytes), block.Length);
            result.Add(first + i, TScale.Apply(distance, scale, block.Norms, first + i));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Scattered(in Block block, byte* query, float scale, ReadOnlySpan<int> rows, TopK result)
    {
        float* distances = stackalloc float[4];
        var scorer = new RowScorer<TKernel, TScale>(query, scale, block.Length, block.Rows, block.Norms, 0);
        int i = 0;
        for (; i <= rows.Length - 4; i += 4)
        {
            scorer.Score4(rows[i], rows[i + 1], rows[i + 2], rows[i + 3], distances);
            for (int j = 0; j < 4; j++)
                result.Add(rows[i + j], distances[j]);
        }

        for (; i < rows.Length; i++)
            result.Add(rows[i], scorer.Score(rows[i]));
    }
}
