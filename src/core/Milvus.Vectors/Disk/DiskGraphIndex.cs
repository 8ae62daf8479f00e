using Microsoft.Win32.SafeHandles;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Approximate search over a graph whose nodes, vectors included, are in a local file: DISKANN, with compressed vectors of all rows in memory
/// (Subramanya et al. 2019), or AISAQ, with those of a node's neighbours beside its links in the file. Scores are those of the vectors that
/// were read. Written by <see cref="DiskGraph.Save"/>. The store is only looked at for its type; none of its rows is read.
/// </summary>
/// <remarks>
/// Every block is checked each time it is read; a damaged one ends the search with an <see cref="IntegrityException"/>. The file must not
/// change; it is closed when nothing refers to the index any more.
/// </remarks>
public sealed class DiskGraphIndex : VectorIndex
{
    private const int LeastList = 16;
    private const int DefaultRangeList = 512;
    private const int DefaultBeamWidth = 8;
    private const int DefaultBeamWidthOnDisk = 2;

    /// <summary>Rows met per row of the list where a filter keeps out what is near, and how much wider a beam gets at once.</summary>
    private const int EdgeFactor = 4;
    private const int MostWidening = 8;

    /// <summary>
    /// Rows read per row of the list, at most, where a scan ranks what passes by its codes. Reading ends when no error met explains what follows, which is soon
    /// unless the filter left only what is far: there thousands of rows are hardly farther than the nearest.
    /// </summary>
    private const int SpareOfScan = 128;

    private readonly NodeFile _file;
    private readonly DiskCodes _codes;
    private readonly int[] _entries;
    private readonly NodeCache _cache;
    private readonly DiskTraversal _traversal;
    private readonly DiskScan _scan;

    internal DiskGraphIndex(VectorStore store, MetricType metric, NodeFile file, DiskCodes codes, int[] entries, bool isInline, NodeCache cache)
        : base(store, metric, readsVectors: false)
    {
        _file = file;
        _codes = codes;
        _entries = entries;
        _cache = cache;
        DefaultList = CodeBits switch
        {
            1 => 3 * LeastList,
            2 => 2 * LeastList,
            _ => LeastList + (LeastList / 2),
        };
        IsAllOnDisk = isInline;
        _traversal = new DiskTraversal(file, codes, entries, isInline, cache, NodeScorer.For(store.Type, metric), KernelDispatch.Length(store.Type, store.Dimension));
        _scan = new DiskScan(_traversal, file.Rows);
    }

    public override VectorIndexKind Kind => VectorIndexKind.DiskGraph;

    public override string Form => IsAllOnDisk ? $"graph and {CodeBits}-bit codes in a file" : $"graph in a file, {CodeBits}-bit codes and {CachedNodes} nodes in memory";

    public override int Count => _file.Rows;

    public override long MemoryBytes => _codes.MemoryBytes + _cache.MemoryBytes;

    public override long FileBytes => RandomAccess.GetLength(_file.Handle);

    /// <summary>Codes are beside the links, as AISAQ has them; otherwise those of all rows are in memory.</summary>
    public bool IsAllOnDisk { get; }

    /// <summary>Bits per component of the codes.</summary>
    public int CodeBits => _codes.Bits;

    /// <summary>Nodes kept in memory.</summary>
    public int CachedNodes => _cache.Count;

    /// <summary>Never prefer a scan.</summary>
    internal bool AlwaysTraverse { get; private init; }

    internal NodeFile File => _file;

    /// <summary>For tests: the same index, never preferring a scan.</summary>
    internal DiskGraphIndex Traversing() => new(Store, Metric, _file, _codes, _entries, IsAllOnDisk, _cache) { AlwaysTraverse = true, DefaultList = DefaultList };

    /// <summary>Opens a file; reads its codes and the nodes that are cached.</summary>
    /// <param name="handle">Open for reading; the index owns it if this returns.</param>
    /// <param name="store">Says what the rows are.</param>
    /// <param name="name">File or object name for error texts.</param>
    /// <param name="isChecked">Reads all nodes once and checks them, so that damage shows now and not in a search.</param>
    /// <exception cref="IntegrityException">Truncated, altered, of an unknown version, or not made for this store.</exception>
    public static DiskGraphIndex Open(SafeFileHandle handle, VectorStore store, string name, bool isChecked = false)
    {
        ArgumentNullException.ThrowIfNull(handle);
        ArgumentNullException.ThrowIfNull(store);
        return DiskGraphFile.Open(handle, store, name, isChecked);
    }

    /// <summary>Opens a file on its own: what the rows are is what the file says.</summary>
    /// <exception cref="IntegrityException">Truncated, altered, or of an unknown version.</exception>
    public static DiskGraphIndex Open(SafeFileHandle handle, string name)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return DiskGraphFile.Open(handle, null, name, isChecked: false);
    }

    /// <summary>Bytes of memory that an index built with the default budgets will take, by its file's length; within a third.</summary>
    public static long EstimateMemoryBytes(long fileBytes, bool isAllOnDisk) => isAllOnDisk ? Math.Min(fileBytes, 1 << 20) / 8 : fileBytes / 6;

    public override void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results)
    {
        QueryBytes(query, queryType, 1);
        var range = DistanceRange.FromScores(Metric, parameters.Radius, parameters.RangeFilter);
        results.Reset(parameters.K, range);
        int passing = filter.CountPassing(Count);
        if (passing > 0)
        {
            DiskScratch scratch = DiskScratch.Pool.Rent();
            try
            {
                scratch.Queries.Set(Store, Metric, query, queryType, 1);
                Prepare(scratch);
                Answer(parameters, passing == Count ? RowFilter.All : filter, passing, range, scratch, results);
            }
            finally
            {
                DiskScratch.Pool.Return(scratch);
            }
        }

        results.Finish(Metric);
    }

    public override bool PrefersScan(int passing, in VectorSearchParameters parameters) => passing == 0 || ScanIsCheaper(passing, List(parameters), parameters.RangeFilter is not null);

    private unsafe void Prepare(DiskScratch scratch)
    {
        DataType form = FloatDecoder.IsNeededFor(Store.Type) ? DataType.FloatVector : Store.Type;
        _codes.Prepare(form, scratch.Queries.Pointer(0), scratch.Codes);
    }

    /// <summary>The list of a search that names none: the coarser the codes that steer it, the longer, and longer still where the rows need it.</summary>
    internal int DefaultList { get; private set; }

    /// <summary>Settles the list that requests leave open, by searches, before anyone else sees the index.</summary>
    internal DiskGraphIndex Tried()
    {
        DefaultList = ListTrial.Length(this, DefaultList);
        return this;
    }

    /// <summary>A row as float32, and the nearest of those it is linked to; −1 for none.</summary>
    internal unsafe (float[] Values, int Link) Read(int row)
    {
        var values = new float[Store.Dimension];
        DiskScratch scratch = DiskScratch.Pool.Rent();
        try
        {
            scratch.Begin(1, 1);
            _traversal.Fetch([row], scratch);
            byte* node = (byte*)scratch.Nodes[0];
            fixed (float* target = values)
                FloatRows.Decode(Store.Type, node, target, values.Length);
            ReadOnlySpan<int> links = _file.Links(node);
            return (values, links.IsEmpty ? -1 : links[0]);
        }
        finally
        {
            DiskScratch.Pool.Return(scratch);
        }
    }

    private int List(in VectorSearchParameters parameters)
    {
        int list = Math.Max(parameters.Ef ?? (parameters.IsRangeSearch ? DefaultRangeList : DefaultList), parameters.K);
        return Math.Min(list, Count);
    }

    // A scan reads up to twice the list. The choice must not hang on k: pages of one search with one list are to come from the same rows.
    private bool ScanIsCheaper(int passing, int list, bool hasInnerBound) =>
        !AlwaysTraverse && _scan.Cost(passing, 2 * list, IsAllOnDisk || hasInnerBound) <= DiskScan.TraversalCost((double)list * Count / passing, _file.Layout.Degree);

    private void Answer(in VectorSearchParameters parameters, RowFilter filter, int passing, DistanceRange range, DiskScratch scratch, TopK results)
    {
        int list = List(parameters);
        int atOnce = Math.Clamp(parameters.BeamWidth ?? (IsAllOnDisk ? DefaultBeamWidthOnDisk : DefaultBeamWidth), 1, DiskTraversal.MostAtOnce);
        int wanted = Math.Min(parameters.K, passing);
        if (!ScanIsCheaper(passing, list, range.HasLower))
        {
            // A filter thins what is met, and so does the inner bound of a range: the beam widens until it holds enough.
            for (long width = ((long)list * Count + (passing - 1)) / passing; ; width *= 2)
            {
                width = Math.Min(width, Count);
                results.Reset(parameters.K, range);
                DiskTraversal.Outcome met = _traversal.Run(filter, (int)width, atOnce, scratch, results);
                if (!range.IsUnbounded)
                {
                    if (results.Count >= wanted || IsBeyond(met, range))
                        return;
                    if (width * 4 > Count)
                        break;
                    continue;
                }

                if (results.Count >= wanted && IsEnough(met.Accepted, (int)width, list, passing))
                    return;
                width = Math.Max(width, Wider(met.Accepted, width, list, passing) / 2);
                if (2 * width >= Count || _scan.Cost(passing, list, IsAllOnDisk) <= DiskScan.TraversalCost(2 * width, _file.Layout.Degree))
                    break;
            }
        }

        results.Reset(parameters.K, range);
        if (IsAllOnDisk || range.HasLower)
            _scan.ByVectors(filter, scratch, results);
        else
            _scan.ByCodes(filter, passing, (int)Math.Min(passing, Math.Max(list, (2L * parameters.K) + LeastList) * (range.IsUnbounded ? SpareOfScan : 1)), range, scratch, results);
    }

    /// <summary>Whether a beam met as many passing rows as lie in it if they lie everywhere, or, where a filter keeps out what is near, enough of those at its edge.</summary>
    private bool IsEnough(int accepted, int width, int list, int passing) =>
        passing == Count || accepted >= Math.Min(FilteredBeam.Likely(width, passing, Count), Math.Min(EdgeFactor * (long)list, passing));

    /// <summary>A beam that can be expected to meet enough at the edge of what a filter keeps out.</summary>
    private static long Wider(int accepted, long width, int list, int passing) =>
        Math.Min(MostWidening * width, width * Math.Min(EdgeFactor * (long)list, passing) / Math.Max(1, accepted));

    /// <summary>Whether all that lies in the range was met.</summary>
    private static bool IsBeyond(DiskTraversal.Outcome met, DistanceRange range) => range.HasUpper && float.IsFinite(met.Reach) && met.Reach >= range.Upper;
}
