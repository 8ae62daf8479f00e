using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Compares queries with every row that passes a filter. One query goes through the rows once; several floating queries are compared by
/// products of tiles (<see cref="ProductTile"/>), others in blocks of rows that fit the second-level cache, so that all of them read the
/// vectors from memory once.
/// </summary>
internal abstract unsafe class FlatScanner
{
    public const int MaxBlockRows = 1024;

    private const int BlockBytes = 128 * 1024;

    /// <summary>From so many queries on, tiles of sixteen are faster than one query at a time.</summary>
    private const int QueriesWorthTiling = 6;

    /// <summary>Enough to hide the memory behind arithmetic, few enough to stay in cache themselves.</summary>
    private const int QueriesPerPass = 64;

    /// <summary>What packed queries may take of the second-level cache.</summary>
    private const int TiledBytes = 640 * 1024;

    private const int LineBytes = 64;

    /// <summary>With a range, candidates are compared when a query has so many: whether one counts among the K is known only then.</summary>
    private const int MostInRange = 16;

    /// <summary>A chunk is rounded when at least one of so many of its rows is compared.</summary>
    private const int MakesFrom = 4;

    /// <summary>How a pass rules out most rows before they are compared.</summary>
    private enum Screening
    {
        None,
        Floats,
        Bytes,
    }

    private static readonly ConcurrentDictionary<(DataType Type, MetricType Metric, InstructionSet Set), FlatScanner> Shared = new();

    private readonly bool _decodes;
    private readonly bool _tiles;

    private protected FlatScanner(DataType type, InstructionSet set)
    {
        _decodes = FloatDecoder.IsNeededFor(type);
        _tiles = (_decodes || type == DataType.FloatVector) && set == InstructionSets.Best;
    }

    /// <summary>The scanner for a pair; scanners have no state and are shared.</summary>
    /// <exception cref="ArgumentException">The metric does not compare the type.</exception>
    public static FlatScanner For(DataType type, MetricType metric, InstructionSet set) =>
        Shared.GetOrAdd((type, metric, set), static key => KernelDispatch.Visit(key.Type, key.Metric, key.Set, new Factory(key.Type, key.Set)));

    /// <summary>Answers queries laid out one behind the other, several per pass over the rows.</summary>
    /// <param name="count">Rows 0…count−1 are compared.</param>
    /// <param name="codes">The same rows rounded, if they are kept.</param>
    /// <exception cref="ArgumentException">Query type or length does not fit the field.</exception>
    public void Search(
        VectorStore store, MetricType metric, int count, ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters,
        RowFilter filter, ReadOnlySpan<TopK> results, FlatCodes? codes = null)
    {
        Collect(store, metric, 0, count, queries, queryType, parameters, filter, results, codes);
        foreach (TopK result in results)
            result.Finish(metric);
    }

    /// <summary>As <see cref="Search"/>, but collectors are reset, offered rows, and left open for more.</summary>
    /// <param name="start">Rows start…end−1 are compared.</param>
    public void Collect(
        VectorStore store, MetricType metric, int start, int end, ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters,
        RowFilter filter, ReadOnlySpan<TopK> results, FlatCodes? codes = null)
    {
        int bytes = queryType.VectorBytes(store.Dimension);
        var range = DistanceRange.FromScores(metric, parameters.Radius, parameters.RangeFilter);
        bool tiles = _tiles && results.Length >= (codes is null ? QueriesWorthTiling : ByteScreen.LeastQueriesOfCodes);
        int queriesWorthRounding = codes is null ? ByteScreen.LeastQueries : ByteScreen.LeastQueriesOfCodes;
        bool rounds = tiles && ByteScreen.Serves(store.Dimension) && results.Length >= queriesWorthRounding;
        FlatScratch scratch = FlatScratch.Pool.Rent();
        for (int first = 0, pass; first < results.Length; first += pass)
        {
            pass = Math.Min(QueriesOfPass(tiles, rounds, store.Dimension), results.Length - first);
            ReadOnlySpan<TopK> some = results.Slice(first, pass);
            scratch.Queries.Set(store, metric, queries.Slice(first * bytes, pass * bytes), queryType, pass);
            foreach (TopK result in some)
                result.Reset(parameters.K, range);
            Screening screening = !tiles || (codes is not null && pass < queriesWorthRounding) ? Screening.None
                : rounds && pass >= queriesWorthRounding ? Screening.Bytes : Screening.Floats;
            if (screening == Screening.Bytes)
                scratch.Bytes.Set(scratch.Queries, metric, store.Dimension, range);
            else if (screening == Screening.Floats)
                scratch.Tiles.Set(scratch.Queries, metric, store.Dimension, range);
            Scan(store, metric, start, end, scratch, filter, screening, range, some, screening == Screening.Floats ? null : codes);

            // What rounded vectors could not rule out for these queries they will not for others of the batch.
            rounds &= screening != Screening.Bytes || scratch.Bytes.IsWorthwhile;
        }

        FlatScratch.Pool.Return(scratch);
    }

    /// <summary>Queries of a pass over the rows: where they are packed, as many as fit the second-level cache.</summary>
    private static int QueriesOfPass(bool tiles, bool rounds, int dimension) =>
        rounds ? Math.Max(1, TiledBytes / ByteTile.Pad(dimension) / ByteTile.Queries) * ByteTile.Queries
        : tiles ? Math.Max(1, TiledBytes / (dimension * sizeof(float)) / ProductTile.MaxQueries) * ProductTile.MaxQueries
        : QueriesPerPass;

    /// <summary>Offers rows by number.</summary>
    /// <param name="queries">The first one is compared.</param>
    public void ScanRows(VectorStore store, PreparedQueries queries, ReadOnlySpan<int> rows, TopK result)
    {
        var block = new Block(store.Rows, store.Norms, KernelDispatch.Length(store.Type, store.Dimension), store.RowBytes);
        Scattered(block, queries.Pointer(0), queries.Scale(0), rows, result);
        GC.KeepAlive(store);
        GC.KeepAlive(queries);
    }

    /// <summary>
    /// Offers rows <paramref name="first"/>…<paramref name="end"/>−1 that pass the filter to the collector of every query.
    /// </summary>
    private void Scan(
        VectorStore store, MetricType metric, int first, int end, FlatScratch scratch, RowFilter filter, Screening screening, DistanceRange range,
        ReadOnlySpan<TopK> results, FlatCodes? codes)
    {
        int blockRows = screening != Screening.None ? MaxBlockRows : Math.Clamp((BlockBytes / store.RowBytes) & -RowTotals.Rows, 8, filter.PassesAll ? BlockBytes : MaxBlockRows);
        float* decoded = codes is not null && _decodes ? scratch.Decoded(ProductTile.Rows * store.Dimension) : null;
        int stride = FlatCodes.StrideOf(store.Dimension), screened = screening == Screening.Bytes || codes is not null ? results.Length : 0;
        CodeScreen[] screens = scratch.Codes(screened);
        for (int i = 0; i < screened; i++)
        {
            screens[i].Set((float*)scratch.Queries.Pointer(i), scratch.Queries.Scale(i), metric, store.Dimension, stride, range, results[i].Bound);
            screens[i].Candidates.Reset(results[i].K);
        }

        var block = new Block(store.Rows, store.Norms, KernelDispatch.Length(store.Type, store.Dimension), store.RowBytes);
        while (first < end)
        {
            if (screening == Screening.Bytes && !scratch.Bytes.IsWorthwhile)
            {
                CompareCandidates(block, scratch, screens, results);
                scratch.Bytes.HandOver(scratch.Tiles, results);
                (screening, codes) = (Screening.Floats, null);
            }

            int most = codes is null ? blockRows : FlatCodes.ChunkRows - (first % FlatCodes.ChunkRows);
            int rows = Math.Min(Math.Min(most, end - first), block.Rows.Contiguous(first));
            bool all = filter.PassesAll;
            int some = all ? rows : Select(filter, first, rows, scratch.Rows).Length;
            if (some > 0)
            {
                FlatCodes.Chunk? chunk = codes?.Find(first / FlatCodes.ChunkRows, some * MakesFrom >= FlatCodes.ChunkRows, decoded);
                if (screening == Screening.None)
                    Untiled(store, block, first, some, all, chunk, scratch, screens, results);
                else
                    Tiled(store, block, first, some, all ? null : scratch.Rows, screening == Screening.Bytes, chunk, stride, scratch, screens, results, !range.IsUnbounded);
            }

            first += rows;
        }

        if (screening == Screening.Bytes)
            CompareCandidates(block, scratch, screens, results);
        GC.KeepAlive(store);
        GC.KeepAlive(scratch);
    }

    /// <summary>One query of the pass after the other against rows behind one another, or the first ones of the scratch memory.</summary>
    private void Untiled(
        VectorStore store, in Block block, int first, int some, bool all, FlatCodes.Chunk? chunk, FlatScratch scratch, CodeScreen[] screens, ReadOnlySpan<TopK> results)
    {
        for (int query = 0; query < results.Length; query++)
        {
            byte* pointer = scratch.Queries.Pointer(query);
            float scale = scratch.Queries.Scale(query);
            if (chunk is { } codes && screens[query].IsWorthwhile)
                Screened(block, pointer, scale, codes, first, some, all ? null : scratch.Rows, screens[query], results[query]);
            else if (all)
                Contiguous(block, pointer, scale, block.Rows.Pointer(first), store.RowBytes, first, some, results[query]);
            else
                Scattered(block, pointer, scale, scratch.Rows.AsSpan(0, some), results[query]);
        }
    }

    /// <summary>One query against rows of a chunk, most of which their codes rule out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Screened(in Block block, byte* query, float scale, in FlatCodes.Chunk chunk, int first, int some, int[]? selected, CodeScreen screen, TopK result)
    {
        int start = first % FlatCodes.ChunkRows, chunkFirst = first - start, compared = 0;
        for (int i = 0; i < some; i += CodeScreen.Rows)
        {
            uint survivors;
            if (selected is null)
                survivors = screen.Survivors(chunk, start + i);
            else
            {
                int last = some - 1;
                survivors = screen.Survivors(
                    chunk, selected[i] - chunkFirst, selected[Math.Min(i + 1, last)] - chunkFirst, selected[Math.Min(i + 2, last)] - chunkFirst,
                    selected[Math.Min(i + 3, last)] - chunkFirst);
            }

            if (i > some - CodeScreen.Rows)
                survivors &= (1u << (some - i)) - 1;
            if (survivors == 0)
                continue;
            for (; survivors != 0; survivors &= survivors - 1)
            {
                int at = i + BitOperations.TrailingZeroCount(survivors);
                Compare(block, query, scale, selected is null ? first + at : selected[at], result);
                compared++;
            }

            screen.Limit(result.Bound);
        }

        screen.Count(some, compared);
    }

    /// <summary>Rows behind one another in memory, numbered from <paramref name="first"/>.</summary>
    private protected abstract void Contiguous(
        in Block block, byte* query, float scale, byte* start, int rowBytes, int first, int rows, TopK result);

    /// <summary>Rows by number.</summary>
    private protected abstract void Scattered(in Block block, byte* query, float scale, ReadOnlySpan<int> rows, TopK result);

    /// <summary>The exact distance of a row to a query of the pass goes to its collector.</summary>
    private protected abstract void Compare(in Block block, byte* query, float scale, int row, TopK result);

    /// <summary>All queries of the pass against the rows from <paramref name="first"/> on, or the first ones of <paramref name="selected"/>.</summary>
    private void Tiled(
        VectorStore store, in Block block, int first, int rows, int[]? selected, bool rounds, FlatCodes.Chunk? chunk, int stride, FlatScratch scratch,
        CodeScreen[] screens, ReadOnlySpan<TopK> results, bool ranged)
    {
        int dimension = store.Dimension, perTile = rounds ? ByteScreen.Places : ProductTile.Rows;
        float* decoded = _decodes ? scratch.Decoded(perTile * dimension) : null;
        byte** pointers = stackalloc byte*[perTile];
        int* numbers = stackalloc int[perTile];
        for (int start = 0; start < rows; start += perTile)
        {
            int some = Math.Min(perTile, rows - start);
            for (int i = 0; i < perTile; i++)
            {
                int at = Math.Min(start + i, rows - 1);
                int row = selected is null ? first + at : selected[at];
                numbers[i] = row;
                if (chunk is not null)
                    continue;
                pointers[i] = block.Rows.Pointer(row);
                if (_decodes)
                {
                    if (i < some)
                        FloatDecoder.Decode(store.Type, pointers[i], decoded + (i * dimension), dimension);
                    pointers[i] = (byte*)(decoded + (Math.Min(i, some - 1) * dimension));
                }
            }

            if (chunk is { } codes)
            {
                for (int i = 0; i < some; i++)
                    scratch.Bytes.Load(i, codes, numbers[i] % FlatCodes.ChunkRows, store.HasNorms ? block.Norms.Inverse(numbers[i]) : 0f);

                // Chunks mostly follow one another, and asking for what isn't there does no harm.
                bool isFollowed = selected is null && Sse.IsSupported;
                byte* next = codes.Codes + ((nint)((numbers[some - 1] % FlatCodes.ChunkRows) + 1) * stride);
                Tile(block, isFollowed ? next : null, stride, numbers, some, scratch, screens, results, ranged);
            }
            else if (rounds)
            {
                for (int i = 0; i < some; i++)
                    scratch.Bytes.Load(i, (float*)pointers[i], store.HasNorms ? block.Norms.Inverse(numbers[i]) : 0f);
                bool isFollowed = selected is null && start + (2 * perTile) <= rows && Sse.IsSupported;
                Tile(block, isFollowed ? block.Rows.Pointer(numbers[some - 1] + 1) : null, block.RowBytes, numbers, some, scratch, screens, results, ranged);
            }
            else
                Tile(block, dimension, store.HasNorms, pointers, numbers, some, scratch, results);
        }
    }

    /// <summary>The loaded rows against all queries of the pass.</summary>
    /// <param name="next">As many rows of <paramref name="rowBytes"/> follow these in memory, and are asked for meanwhile; null if not.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tile(
        in Block block, byte* next, int rowBytes, int* numbers, int rows, FlatScratch scratch, CodeScreen[] screens, ReadOnlySpan<TopK> results, bool ranged)
    {
        ByteScreen screen = scratch.Bytes;
        ulong* kept = stackalloc ulong[ByteTile.Rows];
        int calls = screen.Groups * ((rows + (ByteTile.Rows - 1)) / ByteTile.Rows), perCall = ((rows * rowBytes) + (calls - 1)) / calls;
        for (int group = 0; group < screen.Groups; group++)
        {
            for (int place = 0; place < rows; place += ByteTile.Rows)
            {
                if (next != null)
                {
                    for (int i = 0; i < perCall; i += LineBytes)
                        Sse.Prefetch1(next + i);
                    next += perCall;
                }

                int some = Math.Min(ByteTile.Rows, rows - place);
                screen.Multiply(group, place, some);
                screen.Survivors(group, place, some, kept);
                for (int i = 0; i < some; i++)
                {
                    for (ulong survivors = kept[i]; survivors != 0; survivors &= survivors - 1)
                    {
                        int query = (group * ByteTile.Queries) + BitOperations.TrailingZeroCount(survivors);
                        if (query >= results.Length)
                            break;
                        CodeScreen single = screens[query];
                        if (!single.Note(screen.Codes(place + i, out RoundedRow row), row, numbers[place + i]))
                            continue;
                        screen.CountCandidate();
                        if (!ranged)
                            Limit(query, single.Candidates.Bound, screen, single);
                        else if (single.Candidates.Count >= MostInRange)
                            CompareCandidates(block, query, scratch, single, results[query]);
                    }
                }
            }
        }
    }

    private static void Limit(int query, float bound, ByteScreen screen, CodeScreen single)
    {
        screen.Limit(query, bound);
        single.Limit(bound);
    }

    private void CompareCandidates(in Block block, FlatScratch scratch, CodeScreen[] screens, ReadOnlySpan<TopK> results)
    {
        for (int query = 0; query < results.Length; query++)
            CompareCandidates(block, query, scratch, screens[query], results[query]);
    }

    /// <summary>Compares the rows that nothing ruled out.</summary>
    private void CompareCandidates(in Block block, int query, FlatScratch scratch, CodeScreen single, TopK result)
    {
        const int Ahead = 2;
        single.KeepCandidates();
        ReadOnlySpan<int> rows = single.Candidates.Rows;
        for (int i = -Ahead; i < rows.Length; i++)
        {
            if (i + Ahead < rows.Length && Sse.IsSupported)
            {
                byte* next = block.Rows.Pointer(rows[i + Ahead]);
                for (int at = 0; at < block.RowBytes; at += LineBytes)
                    Sse.Prefetch1(next + at);
            }

            if (i >= 0)
                Compare(block, scratch.Queries.Pointer(query), scratch.Queries.Scale(query), rows[i], result);
        }

        single.Candidates.Clear();
        Limit(query, result.Bound, scratch.Bytes, single);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tile(
        in Block block, int dimension, bool hasNorms, byte** pointers, int* numbers, int rows, FlatScratch scratch, ReadOnlySpan<TopK> results)
    {
        TiledQueries tiles = scratch.Tiles;
        TiledQueries.RowTerms* terms = stackalloc TiledQueries.RowTerms[ProductTile.Rows];
        for (int i = 0; i < rows; i++)
            terms[i] = tiles.Terms((float*)pointers[i], dimension, hasNorms ? block.Norms.Inverse(numbers[i]) : 0f);
        float* products = stackalloc float[ProductTile.Rows * ProductTile.MaxQueries];
        float* packed = tiles.Packed;
        for (int group = 0; group < results.Length;)
        {
            int width = ProductTile.GroupWidth(group, results.Length);
            ProductTile.Multiply(pointers, packed, width, dimension, products);
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < width; j += ProductTile.QueryStep)
                {
                    ulong survivors = tiles.Survivors(terms[i], products + (i * ProductTile.MaxQueries) + j, group + j);
                    for (; survivors != 0; survivors &= survivors - 1)
                    {
                        int query = group + j + BitOperations.TrailingZeroCount(survivors);
                        if (query >= results.Length)
                            break;
                        Compare(block, scratch.Queries.Pointer(query), scratch.Queries.Scale(query), numbers[i], results[query]);
                        tiles.Limit(query, results[query].Bound);
                    }
                }
            }

            packed += (nint)width * dimension;
            group += width;
        }
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
    internal readonly struct Block(RowReader rows, NormReader norms, int length, int rowBytes)
    {
        public readonly RowReader Rows = rows;
        public readonly NormReader Norms = norms;
        public readonly int Length = length;
        public readonly int RowBytes = rowBytes;
    }

    private sealed class Factory(DataType type, InstructionSet set) : IKernelVisitor<FlatScanner>
    {
        public FlatScanner Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new FlatScanner<TKernel, TScale>(type, set);
    }
}

/// <summary>The loops of <see cref="FlatScanner"/> for one kernel.</summary>
internal sealed unsafe class FlatScanner<TKernel, TScale>(DataType type, InstructionSet set)
    : FlatScanner(type, set)
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    /// <summary>Scattered rows are asked for ahead, more of short ones, and so much of each: the processor fetches the rest of a longer row by itself.</summary>
    private const int AheadBytes = 2048, LeastAhead = 4, MostAhead = 16;
    private const int AheadLines = 16;

    /// <summary>Contiguous rows whose distances are computed at a time; a multiple of 64.</summary>
    private const int Together = 256;

    /// <summary>
    /// Rows come by number, so that one at the bound is behind others as near and none of those the collector wants: what is left to do for nearly all rows is a
    /// comparison, sixteen at a time.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Contiguous(
        in Block block, byte* query, float scale, byte* start, int rowBytes, int first, int rows, TopK result)
    {
        byte* memory = stackalloc byte[RowTotals.Alignment + (Together * sizeof(float))];
        float* distances = (float*)RowTotals.Align(memory);
        for (int some; rows > 0; first += some, rows -= some, start += (nint)some * rowBytes)
        {
            some = Math.Min(rows, Together);
            TKernel.Distances(query, start, rowBytes, some, block.Length, distances);
            for (int i = 0; typeof(TScale) != typeof(Unscaled) && i < some; i++)
                distances[i] = TScale.Apply(distances[i], scale, block.Norms, first + i);
            for (int i = 0; i < some; i += 64)
            {
                float* compared = distances + i;
                ulong nearer = result.Bound == float.PositiveInfinity ? ulong.MaxValue
                    : ~(Reach(compared, result.Bound) | (Reach(compared + 16, result.Bound) << 16) | (Reach(compared + 32, result.Bound) << 32)
                        | (Reach(compared + 48, result.Bound) << 48));
                if (some - i < 64)
                    nearer &= (1UL << (some - i)) - 1;
                for (; nearer != 0; nearer &= nearer - 1)
                {
                    int at = i + BitOperations.TrailingZeroCount(nearer);
                    result.Add(first + at, distances[at]);
                }
            }
        }
    }

    /// <summary>Which of sixteen distances reach a bound.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Reach(float* distances, float bound) =>
        Vector512.GreaterThanOrEqual(Vector512.Load(distances), Vector512.Create(bound)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Scattered(in Block block, byte* query, float scale, ReadOnlySpan<int> rows, TopK result)
    {
        float* distances = stackalloc float[4];
        var scorer = new RowScorer<TKernel, TScale>(query, scale, block.Length, block.Rows, block.Norms, block.RowBytes);
        int ahead = Math.Clamp(AheadBytes / block.RowBytes, LeastAhead, MostAhead), i = 0;
        for (; i < Math.Min(ahead, rows.Length); i++)
            scorer.Prefetch(rows[i], AheadLines);
        for (i = 0; i <= rows.Length - 4; i += 4)
        {
            for (int next = i + ahead; next < Math.Min(i + ahead + 4, rows.Length); next++)
                scorer.Prefetch(rows[next], AheadLines);
            scorer.Score4(rows[i], rows[i + 1], rows[i + 2], rows[i + 3], distances);
            for (int j = 0; j < 4; j++)
                result.Add(rows[i + j], distances[j]);
        }

        for (; i < rows.Length; i++)
            result.Add(rows[i], scorer.Score(rows[i]));
    }

    private protected override void Compare(in Block block, byte* query, float scale, int row, TopK result) =>
        result.Add(row, TScale.Apply(TKernel.Distance(query, block.Rows.Pointer(row), block.Length), scale, block.Norms, row));
}
