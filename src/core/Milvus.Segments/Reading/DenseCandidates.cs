using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>Candidates in a dense vector field, ranked by the field's index or by an exact scan.</summary>
internal sealed class DenseCandidates : SearchCandidates
{
    private readonly VectorIndex _index;
    private readonly VectorSlots? _slots;

    private DenseCandidates(VectorIndex index, SegmentSearchRequest request, RowSet places, VectorSlots? slots)
        : base(request, places)
    {
        _index = index;
        _slots = slots;
    }

    /// <summary>Null when no row can match.</summary>
    public static DenseCandidates? Open(Segment segment, FieldSchema field, SegmentSearchRequest request, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        var rows = SegmentQuery.Select(segment, request.Filter, request.At, scratch, cancellationToken);
        if (request.Group is { Only.IsEmpty: false } group) rows = GroupedSearch.Narrow(segment, group, rows, scratch, cancellationToken);
        // Vectors are looked up after the rows were counted, so that what says which of them are null covers the rows.
        if (rows.RowCount == 0 || segment.FindVectors(field.Id) is not { } vectors) return null;
        var places = Places(rows, vectors, scratch);
        var passing = places.Count();
        if (passing == 0) return null;

        var index = segment is GrowingSegment growing
            ? request is { Exhaustive: false, Radius: null, RangeFilter: null }
                ? growing.FindIndex(field.Id, places.RowCount, request.Metric, (long)passing * request.QueryCount)
                : null
            : (segment as SealedSegment)?.FindIndex(field.Id)?.Dense;
        if (index is null || index.Metric != request.Metric || request.Exhaustive) index = Exact(vectors.Store, request, places.RowCount);
        // The index may cover rows that this reader must not see: then the bits have to end exactly where the reader's rows do.
        if (index.Count > places.RowCount) places = new RowSet(places.RowCount, scratch.Own(places));
        if (scratch.Trace is { } trace) Explain(trace, segment, field, index, places, request);
        return new DenseCandidates(index, request, places, vectors.Slots);
    }

    private static void Explain(SegmentTrace trace, Segment segment, FieldSchema field, VectorIndex used, RowSet places, SegmentSearchRequest request)
    {
        var attached = (segment as SealedSegment)?.FindIndex(field.Id);
        var name = attached is null ? (used is GrowingIndex ? used.Form : "")
            : attached.Dense is { } dense ? $"{attached.File.Kind} ({dense.Form}{(dense.IsMapped ? ", in a file" : "")}{(dense.Store.IsMapped ? ", vectors in a file" : "")})" : attached.File.Kind;
        if (used is FlatIndex)
        {
            var reason = attached?.Dense is not { } present ? "no index on the field"
                : present.Metric != request.Metric ? $"the index has metric {present.Metric.Name()}"
                : present is FlatIndex ? "the index is exact"
                : "a later page of an iterator is read exhaustively";
            trace.Ranked("brute force", reason, name);
            return;
        }
        var passing = places.Count();
        if (used.PrefersScan(passing, request.Parameters(request.K))) trace.Ranked("brute force", $"{passing} passing rows of {used.Count} cost less than the index", name);
        else trace.Ranked("index", passing == used.Count ? "no row is filtered out" : $"{passing} passing rows of {used.Count} cost more than the index", name);
    }

    protected override void Search(int k, ReadOnlySpan<TopK> collectors, CancellationToken cancellationToken)
    {
        _index.SearchBatch(Request.Queries.Span, Request.QueryType, Request.Parameters(k), Rows.AsFilter(), collectors);
    }

    private static VectorIndex Exact(VectorStore store, SegmentSearchRequest request, int rowCount) => request.Metric == MetricType.MinHashJaccard
        ? MinHashIndex.Exact(store, request.ElementBits, rowCount)
        : new FlatIndex(store, request.Metric, rowCount);

    protected override int[] ToRows(ReadOnlySpan<int> found)
    {
        var rows = found.ToArray();
        if (_slots is not null)
            for (var i = 0; i < rows.Length; i++) rows[i] = _slots.RowOf(rows[i]);
        return rows;
    }

    /// <summary>The places in the vector store of the rows that have a vector.</summary>
    private static RowSet Places(RowSet rows, DenseVectors vectors, SegmentScratch scratch)
    {
        if (vectors.Slots is { } slots)
        {
            var count = slots.CountBelow(rows.RowCount);
            if (rows.IsAll || count == 0) return new RowSet(count, null);
            var places = scratch.Places(count);
            slots.Translate(rows.Words, rows.RowCount, places.AsSpan(0, Validity.WordCount(count)));
            return new RowSet(count, places);
        }
        if (vectors.Valid is not { } valid) return rows;
        var words = scratch.Own(rows);
        RowBits.And(words.AsSpan(0, Validity.WordCount(rows.RowCount)), valid);
        return new RowSet(rows.RowCount, words);
    }
}
