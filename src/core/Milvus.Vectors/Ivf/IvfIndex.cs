using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Approximate search in an inverted file: rows are grouped around centroids, and a query looks only at the groups whose centroids are
/// nearest. Made by <see cref="IvfBuilder"/>. Scores are those of the vectors themselves whatever the lists hold. A search returns
/// min(K, matches) rows unless a range leaves fewer: where few rows pass a filter they are compared one by one, and where the lists
/// searched hold too few, more lists are.
/// </summary>
public sealed class IvfIndex : VectorIndex
{
    private const int DefaultProbes = 8;
    private const int DefaultEmptyLists = 2;

    /// <summary>
    /// A filter thins the lists. The lists searched are as many more as the passing rows are fewer, to this power: with 1 as many rows
    /// would be compared as without a filter, but a list costs something whatever passes.
    /// </summary>
    private const double ThinningExponent = 0.7;

    /// <summary>
    /// Where the lists near the query hold less than this share of the passing rows that chance would put there, the filter keeps out what is near. Hits are
    /// then at the edge of what it keeps out, in many lists, and more are searched until so many in a row, and such a share of all, brought nothing better.
    /// </summary>
    private const double ThinShare = 0.8;
    private const int QuietLists = 12;
    private const int QuietShare = 2;

    /// <summary>Candidates per wanted row when the request does not say.</summary>
    private const double DefaultRefineFactor = 4;

    /// <summary>Where more than one list in so many is wanted, rounded centroids would rule out too few.</summary>
    private const int FewLists = 16;

    private readonly FlatScanner _coarse;
    private readonly FlatCodes? _coarseCodes;
    private readonly IvfRefiner? _refiner;

    internal IvfIndex(
        VectorStore store, MetricType metric, IvfParameters parameters, VectorStore centroids, IvfLists lists, IvfCodes codes, RowCodes? refinement = null)
        : base(store, metric)
    {
        Parameters = parameters;
        Centroids = centroids;
        Lists = lists;
        Codes = codes;
        _refiner = refinement is null ? null : IvfRefiner.Of(refinement);
        if (metric == MetricType.Cosine)
            centroids.EnsureNorms();
        Exact = FlatScanner.For(store.Type, metric, InstructionSets.Best);
        _coarse = FlatScanner.For(centroids.Type, metric, InstructionSets.Best);
        if (lists.Count >= 2 * FlatCodes.ChunkRows && FlatCodes.Serves(centroids.Type, centroids.Dimension))
            _coarseCodes = new FlatCodes(centroids, lists.Count);
    }

    public override VectorIndexKind Kind => VectorIndexKind.Ivf;

    public override int Count => Lists.RowCount;

    public override long MemoryBytes => Centroids.MemoryBytes + (_coarseCodes?.MemoryBytes ?? 0) + Lists.MemoryBytes + Codes.MemoryBytes + (_refiner?.Codes.MemoryBytes ?? 0);

    /// <summary>How it was built.</summary>
    public IvfParameters Parameters { get; }

    /// <summary>Lists there are: fewer than wanted when there are few rows.</summary>
    public int ListCount => Lists.Count;

    /// <summary>Bytes of <see cref="MemoryBytes"/> that the lists' codes take.</summary>
    public long CodeBytes => Codes.MemoryBytes;

    internal VectorStore Centroids { get; }

    internal IvfLists Lists { get; }

    internal IvfCodes Codes { get; }

    /// <summary>Codes that candidates are compared by; null without.</summary>
    internal RowCodes? Refinement => _refiner?.Codes;

    /// <summary>Compares rows of the store.</summary>
    internal FlatScanner Exact { get; }

    /// <summary>For tests: never prefer the scan, however few rows pass.</summary>
    internal bool AlwaysProbe { get; init; }

    public override void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results) =>
        SearchBatch(query, queryType, parameters, filter, new ReadOnlySpan<TopK>(in results));

    public override void SearchBatch(
        ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, ReadOnlySpan<TopK> results)
    {
        int bytes = QueryBytes(queries, queryType, results.Length);
        int passing = filter.CountPassing(Count);
        int probes = Math.Min(parameters.Nprobe ?? DefaultProbes, Lists.Count);
        if (passing == 0 || (!AlwaysProbe && ScanIsCheaper(passing, probes)))
        {
            Exact.Search(Store, Metric, Count, queries, queryType, parameters, filter, results);
            return;
        }

        RowFilter effective = passing == Count ? RowFilter.All : filter;
        if (!effective.PassesAll)
            probes = (int)Math.Min(Lists.Count, Math.Ceiling(probes * Math.Pow((double)Count / passing, ThinningExponent)));
        IvfScratch scratch = IvfScratch.Pool.Rent();
        for (int i = 0; i < results.Length; i++)
            Probe(queries.Slice(i * bytes, bytes), queryType, parameters, effective, passing, probes, scratch, results[i]);
        IvfScratch.Pool.Return(scratch);
        GC.KeepAlive(this);
    }

    public override bool PrefersScan(int passing, in VectorSearchParameters parameters) =>
        passing == 0 || ScanIsCheaper(passing, Math.Min(parameters.Nprobe ?? DefaultProbes, Lists.Count));

    /// <summary>
    /// Compares the bytes read: of the passing rows, or of the centroids and lists. A scan is exact, so it may cost as much as two
    /// searches without a filter.
    /// </summary>
    private bool ScanIsCheaper(int passing, int probes)
    {
        double perRow = Math.Max(Codes.BytesPerRow, Store.RowBytes / 4.0);
        double lists = ((double)Lists.Count * Centroids.RowBytes) + (probes * ((double)Count / Lists.Count) * perRow);
        return (double)passing * Store.RowBytes <= (passing == Count ? 1 : 2) * lists;
    }

    private void Probe(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, int passing, int probes,
        IvfScratch scratch, TopK results)
    {
        var range = DistanceRange.FromScores(Metric, parameters.Radius, parameters.RangeFilter);
        results.Reset(parameters.K, range);
        Prepare(query, queryType, scratch);

        // Estimates do not tell on which side of a range's bound a row lies.
        bool ranks = range.IsUnbounded && (Codes.OnlyRanks || Parameters.Refinement switch
        {
            null => false,
            RowCoding.Exact => parameters.RefineFactor is not null,
            _ => true,
        });
        scratch.Candidates.Reset(ranks ? CandidatesFor(parameters) : 1);
        var search = new IvfSearch(this, scratch, parameters, range, ranks);
        Codes.Begin(search);
        SearchLists(search, filter, passing, probes, results);
        if (ranks)
            Exact.ScanRows(Store, scratch.Queries, Chosen(scratch, results.K), results);
        results.Finish(Metric);
    }

    /// <summary>How many rows are kept by their estimates.</summary>
    private int CandidatesFor(in VectorSearchParameters parameters)
    {
        double wanted = Parameters.Refinement == RowCoding.None ? parameters.K
            : parameters.Ef ?? Math.Ceiling(parameters.K * (parameters.RefineFactor ?? DefaultRefineFactor));
        return (int)Math.Clamp(wanted, Math.Min(parameters.K, Count), Count);
    }

    /// <summary>The candidates, or those that the codes of the refinement choose among them.</summary>
    private ReadOnlySpan<int> Chosen(IvfScratch scratch, int wanted)
    {
        scratch.Candidates.Finish(MetricType.L2);
        if (_refiner is null)
            return scratch.Candidates.Rows;
        _refiner.Rank(scratch, wanted);
        return scratch.Refined.Rows;
    }

    private void SearchLists(in IvfSearch search, RowFilter filter, int passing, int probes, TopK results)
    {
        IvfScratch scratch = search.Scratch;
        VectorSearchParameters parameters = search.Parameters;
        bool isUnbounded = search.Range.IsUnbounded;
        int wanted = Math.Min(results.K, passing), searched = 0, counted = 0, empty = 0, quiet = 0;
        long met = 0, passed = 0;
        OrderLists(scratch, probes);
        while (true)
        {
            for (; searched < probes; searched++)
            {
                int before = Found(scratch, results), list = scratch.Probes.Rows[searched];
                (float, float) bounds = (results.Bound, scratch.Candidates.Bound);
                Codes.Scan(search, list, filter, results);
                bool isEmpty = Found(scratch, results) == before;
                empty = isEmpty ? empty + 1 : 0;
                quiet = isEmpty && bounds == (results.Bound, scratch.Candidates.Bound) ? quiet + 1 : 0;
            }

            if (searched == Lists.Count)
                return;
            int next;
            if (isUnbounded)
            {
                // Enough: but not yet where hits can be expected farther out.
                bool isFull = Found(scratch, results) >= wanted;
                for (; isFull && !filter.PassesAll && counted < searched; counted++)
                {
                    int list = scratch.Probes.Rows[counted];
                    met += Lists.Size(list);
                    passed += Passing(list, filter);
                }

                bool isThin = (double)passed * Count < ThinShare * met * passing;
                if (isFull && (!isThin || quiet >= Math.Max(QuietLists, searched / QuietShare)))
                    return;
                next = isFull ? searched + Math.Max(QuietLists / 2, searched / QuietShare) : 4 * probes;
            }
            else
            {
                // As far as hits reach.
                if (empty >= (parameters.MaxEmptyLists ?? DefaultEmptyLists))
                    return;
                next = Math.Max(probes + 4, probes * 5 / 4);
            }

            if (scratch.Probes.Count < Lists.Count)
                OrderLists(scratch, Lists.Count);
            probes = Math.Min(Lists.Count, next);
        }
    }

    private unsafe int Passing(int list, RowFilter filter)
    {
        int* rows = Lists.Rows + Lists.Start(list);
        int count = 0;
        for (int i = 0; i < Lists.Size(list); i++)
            count += filter.Passes(rows[i]) ? 1 : 0;
        return count;
    }

    private static int Found(IvfScratch scratch, TopK results) => Math.Max(results.Count, scratch.Candidates.Count);

    private unsafe void Prepare(ReadOnlySpan<byte> query, DataType queryType, IvfScratch scratch)
    {
        scratch.Queries.Set(Store, Metric, query, queryType, 1);
        if (Store.Type == DataType.BinaryVector)
            return;
        scratch.ReserveQuery(Store.Dimension);
        FloatRows.Decode(Store.Type == DataType.Int8Vector ? DataType.Int8Vector : DataType.FloatVector, scratch.Queries.Pointer(0), scratch.Query, Store.Dimension);
        if (Metric == MetricType.Cosine)
            FloatRows.Normalise(scratch.Query, Store.Dimension);
        scratch.SquaredNorm = TiledQueries.SquaredNorm(scratch.Query, Store.Dimension);
    }

    private unsafe void OrderLists(IvfScratch scratch, int probes)
    {
        bool binary = Store.Type == DataType.BinaryVector;
        ReadOnlySpan<byte> query = binary
            ? new ReadOnlySpan<byte>(scratch.Queries.Pointer(0), Store.RowBytes)
            : scratch.QueryBytes(Store.Dimension);
        TopK ordered = scratch.Probes;
        _coarse.Search(
            Centroids, Metric, Lists.Count, query, binary ? DataType.BinaryVector : DataType.FloatVector, new VectorSearchParameters(probes),
            RowFilter.All, new ReadOnlySpan<TopK>(in ordered), (long)probes * FewLists <= Lists.Count ? _coarseCodes : null);
    }
}
