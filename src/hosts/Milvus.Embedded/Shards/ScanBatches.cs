using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

namespace Milvus.Embedded.Shards;

/// <summary>
/// Searches that scan the same rows and wait for a slot at the same time share one pass: comparing many vectors with a row costs little more than reading it.
/// Each gets what it would have found alone. Thread-safe.
/// </summary>
internal sealed class ScanBatches(ReadSlots slots)
{
    /// <summary>Vectors compared in one pass; more would only make the first wait for the last.</summary>
    private const int MostQueries = 64;

    /// <summary>Rows' bytes from which a pass is worth sharing.</summary>
    private const long LeastScanBytes = 4L << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<Key, Batch> _waiting = [];

    public static ScanBatches Shared { get; } = new(ReadSlots.Shared);

    /// <summary>True for searches that have nothing of their own but their vectors and scan all rows, enough of them: by an index each vector goes its own way.</summary>
    public static bool CanShare(ShardSearch search, ImmutableArray<Segment> segments)
    {
        if (search.Filter is not null || search.Bm25 is not null || !search.GroupBy.IsEmpty || search.ExpireBefore > Timestamp.Zero || search.Queries.AreLists) return false;
        if (!search.Field.Type.IsDenseVector() || search.Queries.Rows.Length > MostQueries / 2) return false;
        long bytes = 0;
        foreach (var s in segments)
        {
            if (s is SealedSegment stored ? stored.FindIndex(search.Field.Id)?.Dense is not null : s is GrowingSegment growing && growing.HasGraph(search.Field.Id)) return false;
            bytes += (long)s.RowCount * search.Field.Type.VectorBytes(search.Field.Dimension);
        }
        return bytes >= LeastScanBytes;
    }

    // Then readers at that moment and later ones see the same rows, until more are written.
    private static bool IsAllVisible(ImmutableArray<Segment> segments, Timestamp readAt)
    {
        foreach (var s in segments)
            if (s.MaxTimestamp > readAt || s.Tombstones.Newest > readAt) return false;
        return true;
    }

    /// <param name="search">Which <see cref="CanShare"/>.</param>
    /// <param name="segments">What it reads; the very array is what tells searches of the same rows.</param>
    /// <param name="readAt">The moment that the search reads at.</param>
    /// <param name="run">Carries a search out at that moment; the one of whoever came first is used for all that share.</param>
    public ValueTask<ShardHits> RunAsync(
        ShardSearch search, ImmutableArray<Segment> segments, Timestamp readAt, Func<ShardSearch, CancellationToken, ShardHits> run, CancellationToken cancellation)
    {
        if (slots.TryRun((run, search), static (s, c) => s.run(s.search, c), cancellation, out var alone)) return new(alone!);
        var key = Key.Of(search, segments);
        var member = new Member(search, cancellation);
        Batch? begun = null;
        lock (_lock)
        {
            // Who joins must see all that is written by now, and at the moment of whoever came first there was nothing less.
            var joins = _waiting.TryGetValue(key, out var batch) && batch.Queries + search.Queries.Rows.Length <= MostQueries
                && batch.ReadAt <= readAt && IsAllVisible(segments, batch.ReadAt);
            if (!joins) _waiting[key] = batch = begun = new Batch(run, readAt);
            batch!.Add(member);
        }
        if (begun is not null) _ = CarryOutAsync(key, begun);
        return new(member.Found.Task.WaitAsync(cancellation));
    }

    // Nobody's cancellation stops what others wait for; who went before it began is not carried along.
    private async Task CarryOutAsync(Key key, Batch batch)
    {
        try
        {
            await slots.RunAsync((Batches: this, key, batch), static (s, _) => s.Batches.Finish(s.key, s.batch), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            foreach (var m in batch.Members) m.Found.TrySetException(e);
        }
    }

    private bool Finish(Key key, Batch batch)
    {
        lock (_lock)
            if (_waiting.TryGetValue(key, out var waiting) && waiting == batch) _waiting.Remove(key);
        // From here on nobody joins.
        if (!batch.DropCancelled()) return false;
        if (batch.Members.Count == 1)
        {
            batch.Members[0].Found.TrySetResult(batch.Run(batch.Members[0].Search, CancellationToken.None));
            return true;
        }
        var first = batch.Members[0].Search;
        var rows = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(batch.Queries);
        foreach (var m in batch.Members) rows.AddRange(m.Search.Queries.Rows);
        var all = batch.Run(first with { Queries = first.Queries with { Rows = rows.MoveToImmutable() } }, CancellationToken.None);
        int query = 0, hit = 0;
        foreach (var m in batch.Members)
        {
            var part = Part(all, query, m.Search.Queries.Rows.Length, hit);
            query += part.Counts.Length;
            hit += part.Scores.Length;
            m.Found.TrySetResult(part);
        }
        return true;
    }

    private static ShardHits Part(ShardHits all, int query, int queries, int hit)
    {
        var counts = all.Counts.AsSpan(query, queries).ToArray();
        var hits = counts.Sum();
        return new ShardHits
        {
            Counts = counts,
            Scores = all.Scores.AsSpan(hit, hits).ToArray(),
            Rows = all.Rows.AsSpan(hit, hits).ToArray(),
            Timestamps = all.Timestamps.AsSpan(hit, hits).ToArray(),
            Ids = all.Ids.Slice(hit, hits),
            Examined = all.Examined * queries / all.Counts.Length,
        };
    }

    private sealed class Member(ShardSearch search, CancellationToken cancellation)
    {
        /// <summary>True when nobody waits for it any more.</summary>
        public bool IsCancelled => cancellation.IsCancellationRequested;

        public ShardSearch Search { get; } = search;

        public TaskCompletionSource<ShardHits> Found { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Batch(Func<ShardSearch, CancellationToken, ShardHits> run, Timestamp readAt)
    {
        public Timestamp ReadAt => readAt;

        public Func<ShardSearch, CancellationToken, ShardHits> Run { get; } = run;

        public List<Member> Members { get; } = [];

        public int Queries { get; private set; }

        public void Add(Member member)
        {
            Members.Add(member);
            Queries += member.Search.Queries.Rows.Length;
        }

        /// <summary>Leaves out those whose clients went away; false when nobody is left.</summary>
        public bool DropCancelled()
        {
            if (Members.RemoveAll(static m => m.IsCancelled) > 0) Queries = Members.Sum(static m => m.Search.Queries.Rows.Length);
            return Members.Count > 0;
        }
    }

    /// <summary>What searches must have in common; arrays and dictionaries by identity.</summary>
    private readonly record struct Key(
        Segment[]? Segments, FieldSchema Field, MetricType Metric, DataType Type, int K, object IndexParams, double? Radius, double? RangeFilter, long[]? Partitions, bool IgnoreGrowing, bool Exhaustive)
    {
        public static Key Of(ShardSearch search, ImmutableArray<Segment> segments) => new(
            ImmutableCollectionsMarshal.AsArray(segments), search.Field, search.Metric, search.Queries.Type, search.K, search.IndexParams, search.Radius, search.RangeFilter,
            search.PartitionIds.IsDefaultOrEmpty ? null : ImmutableCollectionsMarshal.AsArray(search.PartitionIds), search.IgnoreGrowing, search.Exhaustive);
    }
}
