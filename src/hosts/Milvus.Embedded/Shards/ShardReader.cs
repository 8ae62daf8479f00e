using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;
using Milvus.StreamingNode;
using Milvus.Text.Bm25;

namespace Milvus.Embedded.Shards;

/// <summary>
/// Reads one shard in this process: its view at one moment, pinned because segments live as long as somebody refers to them. Whatever reads rows runs on
/// the caller's thread when <see cref="ReadSlots"/> has room, and big searches over several segments use the other cores too.
/// </summary>
public sealed class ShardReader : IShardReader
{
    /// <summary>Vector bytes from which a search over several segments is worth spreading over the cores.</summary>
    private const long ParallelBytes = 8L << 20;

    private const int FewSegments = 32;

    [ThreadStatic]
    private static SegmentScratch? s_scratch;

    private readonly CollectionInfo _collection;
    private readonly ImmutableArray<Segment> _segments;
    private readonly int _growingCount;

    public ShardReader(CollectionInfo collection, ShardView view, Timestamp readAt)
    {
        _collection = collection;
        ReadAt = readAt;
        _growingCount = view.Growing.Length;
        _segments = view.Segments;
    }

    public Timestamp ReadAt { get; }

    private static SegmentScratch Scratch => s_scratch ??= new SegmentScratch();

    public void Dispose()
    {
    }

    public ValueTask<ShardHits> SearchAsync(ShardSearch request, CancellationToken cancellation) => ScanBatches.CanShare(request, _segments)
        ? ScanBatches.Shared.RunAsync(request, _segments, ReadAt, Search, cancellation)
        : ReadSlots.Shared.RunAsync((Reader: this, request), static (s, c) => s.Reader.Search(s.request, c), cancellation);

    private ShardHits Search(ShardSearch request, CancellationToken cancellation)
    {
        var segments = Select(request.PartitionIds, request.IgnoreGrowing);
        for (var asked = request.K; ; asked = checked(asked * 2))
        {
            var segmentRequest = SegmentRequests.Of(request, asked, Point(request.ExpireBefore));
            var found = SearchSegments(segments, segmentRequest, cancellation);
            var parts = ImmutableArray.CreateBuilder<ShardHits>(Math.Max(1, segments.Length));
            for (var i = 0; i < segments.Length; i++) parts.Add(SegmentResults.Of(_segments[segments[i]], segments[i], found[i]));
            if (segments.Length == 0) parts.Add(SegmentResults.None(_collection.Schema, request));
            // Duplicates of a primary key took places of other hits: look further.
            var merged = ShardHitsMerge.Merge(parts.MoveToImmutable(), request, asked, static (_, row) => row, out var isComplete);
            if (isComplete) return merged;
        }
    }

    public ValueTask<ShardRows> QueryAsync(ShardQuery request, CancellationToken cancellation) =>
        ReadSlots.Shared.RunAsync((Reader: this, request), static (s, c) => s.Reader.Query(s.request, c), cancellation);

    private ShardRows Query(ShardQuery request, CancellationToken cancellation)
    {
        var segments = Select(request.PartitionIds, request.IgnoreGrowing);
        return request.Order.IsEmpty
            ? RowMerge.Execute(request, segments, _segments, Point(request.ExpireBefore), Scratch, cancellation)
            : OrderedRows.Execute(request, segments, _segments, Point(request.ExpireBefore), Scratch, cancellation);
    }

    public ValueTask<long> CountAsync(ShardQuery request, CancellationToken cancellation) =>
        ReadSlots.Shared.RunAsync((Reader: this, request), static (s, c) => s.Reader.Count(s.request, c), cancellation);

    private long Count(ShardQuery request, CancellationToken cancellation)
    {
        long count = 0;
        foreach (var i in Select(request.PartitionIds, request.IgnoreGrowing))
            count += SegmentQuery.Count(_segments[i], request.Filter, Point(request.ExpireBefore), Scratch, cancellation);
        return count;
    }

    public ValueTask<GroupStates> AggregateAsync(ShardAggregation request, CancellationToken cancellation) =>
        ReadSlots.Shared.RunAsync((Reader: this, request), static (s, c) => s.Reader.Aggregate(s.request, c), cancellation);

    private GroupStates Aggregate(ShardAggregation request, CancellationToken cancellation)
    {
        var table = new GroupTable(request.GroupBy, request.Aggregates);
        foreach (var i in Select(request.Rows.PartitionIds, request.Rows.IgnoreGrowing))
            table.Add(_segments[i], request.Rows.Filter, Point(request.Rows.ExpireBefore), Scratch, cancellation);
        return table.ToStates();
    }

    public ValueTask<ImmutableArray<SegmentExplain>> ExplainSearchAsync(ShardSearch request, CancellationToken cancellation)
    {
        var asked = SegmentRequests.Of(request, request.K, Point(request.ExpireBefore));
        return new([.. Select(request.PartitionIds, request.IgnoreGrowing).Select(i => SegmentExplainer.Search(_segments[i], asked, Scratch, TimeProvider.System, cancellation))]);
    }

    public ValueTask<ImmutableArray<SegmentExplain>> ExplainQueryAsync(ShardQuery request, CancellationToken cancellation) =>
        new([.. Select(request.PartitionIds, request.IgnoreGrowing).Select(i => SegmentExplainer.Query(_segments[i], request.Filter, Point(request.ExpireBefore), Scratch, TimeProvider.System, cancellation))]);

    public ValueTask<Column> FetchAsync(long fieldId, ReadOnlyMemory<RowReference> rows, CancellationToken cancellation)
    {
        var field = _collection.Schema.Find(fieldId)
            ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={fieldId}]");
        return new(RowFetch.Fetch(_segments, field, rows.Span));
    }

    public ValueTask<Bm25QueryStatistics> GetTermStatisticsAsync(long fieldId, ReadOnlyMemory<uint> terms, CancellationToken cancellation)
    {
        var frequencies = new long[terms.Length];
        long documents = 0, tokens = 0;
        foreach (var s in _segments) s.Bm25StatisticsOf(fieldId)?.AddTo(terms.Span, frequencies, ref documents, ref tokens);
        return new(new Bm25QueryStatistics(documents, tokens, terms.ToArray(), frequencies));
    }

    private SegmentHits[][] SearchSegments(int[] segments, SegmentSearchRequest request, CancellationToken cancellation)
    {
        var found = new SegmentHits[segments.Length][];
        if (!IsWorthSpreading(segments))
        {
            for (var i = 0; i < segments.Length; i++) found[i] = SegmentSearcher.Search(_segments[segments[i]], request, Scratch, cancellation);
            return found;
        }
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation };
        try
        {
            Parallel.For(0, segments.Length, options, i => found[i] = SegmentSearcher.Search(_segments[segments[i]], request, Scratch, cancellation));
        }
        catch (AggregateException e) when (e.InnerException is { } inner)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(inner);
        }
        return found;
    }

    private bool IsWorthSpreading(int[] segments)
    {
        if (segments.Length < 2) return false;
        long bytes = 0;
        foreach (var i in segments)
        {
            bytes += _segments[i].MemoryBytes;
            if (bytes >= ParallelBytes) return true;
        }
        return false;
    }

    private int[] Select(ImmutableArray<long> partitions, bool ignoreGrowing)
    {
        Span<int> selected = _segments.Length <= FewSegments ? stackalloc int[FewSegments] : new int[_segments.Length];
        var count = 0;
        for (var i = 0; i < _segments.Length; i++)
        {
            // What was flushed does not grow any more, whether its files are written yet or not.
            if (ignoreGrowing && i < _growingCount && _segments[i] is GrowingSegment { IsClosed: false }) continue;
            if (_segments[i].RowCount > 0 && (partitions.IsDefaultOrEmpty || partitions.Contains(_segments[i].PartitionId))) selected[count++] = i;
        }
        return selected[..count].ToArray();
    }

    private ReadPoint Point(Timestamp expireBefore)
    {
        var truncated = _collection.TruncatedAt;
        if (truncated > Timestamp.Zero && truncated >= expireBefore) expireBefore = new Timestamp(truncated.Value + 1);
        return new ReadPoint(ReadAt, expireBefore);
    }
}
