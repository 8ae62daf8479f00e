namespace Milvus.Vectors;

/// <summary>
/// What the lists hold of their rows, by place, and how a query is compared with it. Immutable once built; per query state is in the
/// scratch.
/// </summary>
internal abstract class IvfCodes
{
    /// <summary>Bytes held.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Bytes that a scan reads per row.</summary>
    public abstract int BytesPerRow { get; }

    /// <summary>Bytes <see cref="Write"/> writes.</summary>
    public abstract long PayloadBytes { get; }

    /// <summary>Starts a query that <see cref="IvfIndex"/> has put into the scratch.</summary>
    public abstract void Begin(in IvfSearch search, TopK results);

    /// <summary>Offers the rows of one list.</summary>
    public abstract void Scan(in IvfSearch search, int list, RowFilter filter, TopK results);

    /// <summary>Ends a query: whatever was only estimated so far is compared exactly.</summary>
    public abstract void End(in IvfSearch search, TopK results);

    public abstract void Write(BlockWriter writer);
}

/// <summary>One query on its way through an inverted file.</summary>
internal readonly struct IvfSearch(IvfIndex index, IvfScratch scratch, VectorSearchParameters parameters, DistanceRange range)
{
    public readonly IvfIndex Index = index;
    public readonly IvfScratch Scratch = scratch;
    public readonly VectorSearchParameters Parameters = parameters;
    public readonly DistanceRange Range = range;

    /// <summary>The largest distance that a row may have to matter still.</summary>
    public float Bound(TopK results) => Range.HasUpper ? Math.Min(results.Bound, Range.Upper) : results.Bound;
}

/// <summary>The rows themselves, copied into the order of the lists so that a list is read from one stretch of memory.</summary>
internal sealed unsafe class RawCodes : IvfCodes
{
    private readonly VectorStore _ordered;
    private readonly IvfLists _lists;
    private readonly FlatScanner _scanner;

    public RawCodes(VectorStore store, Model.MetricType metric, IvfLists lists)
    {
        _lists = lists;
        _scanner = FlatScanner.For(store.Type, metric, InstructionSets.Best);
        _ordered = VectorStore.Create(store.Type, store.Dimension, lists.RowCount);
        for (int place = 0; place < lists.RowCount; place++)
            _ordered.Append(store.Row(lists.Rows[place]));
        if (metric == Model.MetricType.Cosine)
            _ordered.EnsureNorms();
    }

    public override long MemoryBytes => _ordered.MemoryBytes;

    public override int BytesPerRow => _ordered.RowBytes;

    /// <summary>Nothing: the rows are copied again when the index is read.</summary>
    public override long PayloadBytes => 0;

    public override void Begin(in IvfSearch search, TopK results)
    {
    }

    public override void Scan(in IvfSearch search, int list, RowFilter filter, TopK results) =>
        _scanner.ScanPlaces(
            _ordered, search.Scratch.Queries, _lists.Start(list), _lists.Size(list), _lists.Rows, filter, search.Scratch.Selected, results);

    public override void End(in IvfSearch search, TopK results)
    {
    }

    public override void Write(BlockWriter writer)
    {
    }
}
