using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading;
using Milvus.Proxy.Reading.Queries;
using Milvus.Segments;
using Milvus.Text.Bm25;

namespace Milvus.Proxy;

/// <summary>
/// Reads a shard whose segments are spread over several places, each with a reader of its own over disjoint segments at the same moment.
/// Answers are those that one reader over all segments would give, with one limit: of groups larger than one row, members that lie where the
/// group was not among the best are missing, unless the groups are given. Owns its parts. Safe for concurrent calls.
/// </summary>
public sealed class CompositeShardReader : IShardReader
{
    /// <summary>Bits of <see cref="RowReference.Segment"/> that a part keeps for itself; the part's number stands above them.</summary>
    private const int SegmentBits = 20;

    private const int MaxParts = 1 << (31 - SegmentBits);

    private readonly ImmutableArray<IShardReader> _parts;

    /// <exception cref="ArgumentException">No parts, too many, or parts that read at different moments.</exception>
    public CompositeShardReader(ImmutableArray<IShardReader> parts)
    {
        if (parts.IsDefaultOrEmpty || parts.Length > MaxParts) throw new ArgumentException($"1 to {MaxParts} parts make a reader", nameof(parts));
        ReadAt = parts[0].ReadAt;
        foreach (var part in parts)
            if (part.ReadAt != ReadAt) throw new ArgumentException($"parts that read at {ReadAt} and at {part.ReadAt}", nameof(parts));
        _parts = parts;
    }

    public Timestamp ReadAt { get; }

    public void Dispose()
    {
        foreach (var part in _parts) part.Dispose();
    }

    public async ValueTask<ShardHits> SearchAsync(ShardSearch request, CancellationToken cancellation)
    {
        if (_parts.Length == 1) return await _parts[0].SearchAsync(request, cancellation).ConfigureAwait(false);
        for (var asked = request.K; ; asked = checked(asked * 2))
        {
            var wanted = asked == request.K ? request : request with { K = asked };
            var found = await AskAsync(p => p.SearchAsync(wanted, cancellation)).ConfigureAwait(false);
            // Rows with the same key in several parts took places of other hits: look further.
            var merged = ShardHitsMerge.Merge(found, request, asked, Outward, out var isComplete);
            if (isComplete) return merged;
        }
    }

    public async ValueTask<ShardRows> QueryAsync(ShardQuery request, CancellationToken cancellation)
    {
        if (_parts.Length == 1) return await _parts[0].QueryAsync(request, cancellation).ConfigureAwait(false);
        if (!request.Order.IsEmpty) return await QueryInOrderAsync(request, cancellation).ConfigureAwait(false);
        var found = await AskAsync(p => p.QueryAsync(request, cancellation)).ConfigureAwait(false);
        // Each part gave its smallest keys, so all parts have said what they know of the smallest keys of all.
        var picks = KeyMerge.Merge(found, skip: 0, request.Limit);
        var rows = new RowReference[picks.Length];
        var times = new Timestamp[picks.Length];
        for (var i = 0; i < picks.Length; i++)
        {
            var part = found[picks[i].Shard];
            rows[i] = Outward(picks[i].Shard, part.Rows[picks[i].Index]);
            times[i] = part.Timestamps[picks[i].Index];
        }
        return new ShardRows { Rows = rows, Ids = Keys(found, picks, static f => f.Ids), Timestamps = times };
    }

    public async ValueTask<long> CountAsync(ShardQuery request, CancellationToken cancellation)
    {
        var counts = await AskAsync(p => p.CountAsync(request, cancellation)).ConfigureAwait(false);
        return counts.Sum();
    }

    public async ValueTask<GroupStates> AggregateAsync(ShardAggregation request, CancellationToken cancellation)
    {
        if (_parts.Length == 1) return await _parts[0].AggregateAsync(request, cancellation).ConfigureAwait(false);
        var table = new GroupTable(request.GroupBy, request.Aggregates);
        foreach (var states in await AskAsync(p => p.AggregateAsync(request, cancellation)).ConfigureAwait(false)) table.Add(states);
        return table.ToStates();
    }

    public async ValueTask<ImmutableArray<SegmentExplain>> ExplainSearchAsync(ShardSearch request, CancellationToken cancellation) =>
        [.. (await AskAsync(p => p.ExplainSearchAsync(request, cancellation)).ConfigureAwait(false)).SelectMany(s => s)];

    public async ValueTask<ImmutableArray<SegmentExplain>> ExplainQueryAsync(ShardQuery request, CancellationToken cancellation) =>
        [.. (await AskAsync(p => p.ExplainQueryAsync(request, cancellation)).ConfigureAwait(false)).SelectMany(s => s)];

    public async ValueTask<Column> FetchAsync(long fieldId, ReadOnlyMemory<RowReference> rows, CancellationToken cancellation)
    {
        // One question per part, then back into the caller's order.
        var own = new List<RowReference>?[_parts.Length];
        var picks = new RowPick[rows.Length];
        for (var i = 0; i < picks.Length; i++)
        {
            var (part, row) = Inward(rows.Span[i]);
            var list = own[part] ??= [];
            picks[i] = new RowPick(part, list.Count);
            list.Add(row);
        }
        // Without rows the first part still knows the type of nothing.
        if (picks.Length == 0) own[0] = [];
        var asked = new List<(int Part, Task<Column> Answer)>();
        for (var part = 0; part < own.Length; part++)
            if (own[part] is { } wanted) asked.Add((part, FetchAsync(_parts[part], fieldId, wanted.ToArray(), cancellation)));
        await AllAsync([.. asked.Select(a => a.Answer)]).ConfigureAwait(false);
        var columns = new Column?[_parts.Length];
        foreach (var (part, answer) in asked) columns[part] = await answer.ConfigureAwait(false);
        return asked.Count == 1 ? columns[asked[0].Part]! : ColumnGather.Gather(columns, picks);
    }

    public async ValueTask<Bm25QueryStatistics> GetTermStatisticsAsync(long fieldId, ReadOnlyMemory<uint> terms, CancellationToken cancellation)
    {
        var found = await AskAsync(p => p.GetTermStatisticsAsync(fieldId, terms, cancellation)).ConfigureAwait(false);
        return Bm25QueryStatistics.Merge(found);
    }

    private async ValueTask<ShardRows> QueryInOrderAsync(ShardQuery request, CancellationToken cancellation)
    {
        var limit = request.Limit ?? int.MaxValue;
        for (var asked = limit; ; asked = checked(asked * 2))
        {
            var wanted = request with { Limit = asked };
            var found = await AskAsync(p => p.QueryAsync(wanted, cancellation)).ConfigureAwait(false);
            var merged = SortedRowsMerge.Merge(found, request.Order, limit, asked, Outward, out var isComplete);
            if (isComplete) return merged;
        }
    }

    // A part without rows need not know the type of its keys.
    private static DataType KeyType<T>(ImmutableArray<T> found, Func<T, PrimaryKeys> keys)
    {
        foreach (var f in found)
            if (keys(f).Count > 0) return keys(f).Column.Type;
        return keys(found[0]).Column.Type;
    }

    private static PrimaryKeys Keys<T>(ImmutableArray<T> found, RowPick[] picks, Func<T, PrimaryKeys> keys) =>
        ColumnGather.Gather([.. found.Select(keys)], picks, KeyType(found, keys));

    private static RowReference Outward(int part, RowReference row)
    {
        if ((uint)row.Segment >= 1u << SegmentBits) throw new InvalidOperationException($"segment {row.Segment} of a part has no room for the part's number");
        return row with { Segment = (part << SegmentBits) | row.Segment };
    }

    private (int Part, RowReference Row) Inward(RowReference row)
    {
        if (_parts.Length == 1) return (0, row);
        return (row.Segment >> SegmentBits, row with { Segment = row.Segment & ((1 << SegmentBits) - 1) });
    }

    private async ValueTask<ImmutableArray<T>> AskAsync<T>(Func<IShardReader, ValueTask<T>> ask)
    {
        var asked = new Task<T>[_parts.Length];
        for (var i = 0; i < asked.Length; i++) asked[i] = AskAsync(ask, _parts[i]);
        await AllAsync(asked).ConfigureAwait(false);
        var answers = ImmutableArray.CreateBuilder<T>(asked.Length);
        foreach (var answer in asked) answers.Add(await answer.ConfigureAwait(false));
        return answers.MoveToImmutable();
    }

    private static async Task AllAsync(IReadOnlyCollection<Task> asked)
    {
        try
        {
            await Task.WhenAll(asked).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (OperationCanceledException or ShardMovedException))
        {
            // Where one part moved, beginning anew is worth it whatever else went wrong meanwhile.
            foreach (var a in asked)
                if (a.Exception?.InnerException is ShardMovedException moved) throw new ShardMovedException(moved.Message, moved);
            throw;
        }
    }

    // Async methods, so that a part that throws at once does not keep the others from being waited for.
    private static async Task<T> AskAsync<T>(Func<IShardReader, ValueTask<T>> ask, IShardReader part) => await ask(part).ConfigureAwait(false);

    private static async Task<Column> FetchAsync(IShardReader part, long fieldId, RowReference[] rows, CancellationToken cancellation) =>
        await part.FetchAsync(fieldId, rows, cancellation).ConfigureAwait(false);
}
