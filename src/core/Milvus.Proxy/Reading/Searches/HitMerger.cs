using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>
/// Reduces the lists of several shards, or parts of one, to one list per query: by score, ties by smaller primary key, of rows with the same key only the
/// newest, of which every element that was found is a hit. Buffers are reused from query to query; one instance serves one request.
/// </summary>
internal sealed class HitMerger
{
    private readonly ImmutableArray<ShardHits> _shards;
    private readonly bool _largerIsBetter;
    private readonly HitOrder _order;
    private readonly DataType _keyType;
    private readonly List<Hit> _hits = [];
    private readonly List<Hit> _kept = [];
    private readonly List<float> _scores = [];
    private readonly List<RowPick> _picks = [];
    private Dictionary<Hit, Hit>? _newest;

    public HitMerger(ImmutableArray<ShardHits> shards, MetricType metric, DataType keyType)
    {
        _shards = shards;
        _largerIsBetter = metric.LargerIsBetter();
        _order = new HitOrder(shards, _largerIsBetter);
        _keyType = keyType;
    }

    /// <param name="queries">Queries each shard answered.</param>
    /// <param name="offset">Hits, or groups when grouping, to skip.</param>
    /// <param name="topK">Hits, or groups, to keep behind them.</param>
    /// <param name="groupSize">Hits per group; null without grouping.</param>
    public MergedHits Merge(int queries, int offset, int topK, int? groupSize)
    {
        if (offset == 0 && groupSize is null && _shards.Length == 1 && FinalHits.IsFinal(_shards[0], queries, topK, _largerIsBetter)) return Whole(_shards[0]);
        var counts = new int[queries];
        var starts = new int[_shards.Length];
        for (var q = 0; q < queries; q++)
        {
            Collect(q, starts);
            Deduplicate();
            var before = _picks.Count;
            if (groupSize is { } size) GroupSelection.Append(_shards, _kept, offset, topK, size, Append);
            else
                for (var i = offset; i < _kept.Count && i < offset + topK; i++) Append(_kept[i]);
            counts[q] = _picks.Count - before;
        }
        return Result(counts, groupSize is not null);
    }

    private void Append(Hit hit)
    {
        _scores.Add(hit.Score);
        _picks.Add(new RowPick(hit.Shard, hit.Index));
    }

    private void Collect(int query, int[] starts)
    {
        _hits.Clear();
        for (var shard = 0; shard < _shards.Length; shard++)
        {
            var hits = _shards[shard];
            var end = starts[shard] + hits.Counts[query];
            for (var i = starts[shard]; i < end; i++) _hits.Add(new Hit(hits.Scores[i], shard, i));
            starts[shard] = end;
        }
        // A single shard's list is in order already but for ties; sorting a sorted span is cheap.
        CollectionsMarshal.AsSpan(_hits).Sort(_order);
    }

    /// <summary>Leaves in <see cref="_kept"/>, of the hits with one key, the newest row only.</summary>
    private void Deduplicate()
    {
        var byKey = _newest ??= new Dictionary<Hit, Hit>(new HitKeyComparer(_shards));
        byKey.Clear();
        foreach (var hit in _hits)
        {
            ref var newest = ref CollectionsMarshal.GetValueRefOrAddDefault(byKey, hit, out var known);
            if (!known || IsNewer(hit, newest)) newest = hit;
        }
        _kept.Clear();
        if (byKey.Count == _hits.Count)
        {
            _kept.AddRange(_hits);
            return;
        }
        foreach (var hit in _hits)
            if (IsSameRow(byKey[hit], hit)) _kept.Add(hit);
    }

    // Several elements of one row are several hits.
    private bool IsSameRow(Hit a, Hit b) => a.Shard == b.Shard && _shards[a.Shard].Rows[a.Index] == _shards[b.Shard].Rows[b.Index];

    // Of copies that were written together the later row counts.
    private bool IsNewer(Hit a, Hit b)
    {
        var order = TimestampOf(a).CompareTo(TimestampOf(b));
        return order != 0 ? order > 0 : a.Shard == b.Shard && _shards[a.Shard].Rows[a.Index].Row > _shards[b.Shard].Rows[b.Index].Row;
    }

    private Timestamp TimestampOf(Hit hit) => _shards[hit.Shard].Timestamps[hit.Index];

    private MergedHits Whole(ShardHits hits)
    {
        var picks = new RowPick[hits.Scores.Length];
        for (var i = 0; i < picks.Length; i++) picks[i] = new RowPick(0, i);
        return new MergedHits { Counts = hits.Counts, Scores = hits.Scores, Picks = picks, Ids = hits.Ids, Shards = _shards };
    }

    private MergedHits Result(int[] counts, bool grouped)
    {
        var picks = _picks.ToArray();
        var ids = new PrimaryKeys[_shards.Length];
        for (var i = 0; i < ids.Length; i++) ids[i] = _shards[i].Ids;
        return new MergedHits
        {
            Counts = counts,
            Scores = [.. _scores],
            Picks = picks,
            Ids = ColumnGather.Gather(ids, picks, _keyType),
            GroupValues = grouped ? GroupValues(picks) : [],
            Shards = _shards,
        };
    }

    private ImmutableArray<Column> GroupValues(RowPick[] picks)
    {
        // Without hits any empty columns of the right types will do.
        if (picks.Length == 0) return [.. _shards.Select(s => s.GroupValues).FirstOrDefault(v => !v.IsEmpty, []).Select(v => v.Slice(0, 0))];
        var targets = _shards[picks[0].Shard].GroupValues.Length;
        var columns = ImmutableArray.CreateBuilder<Column>(targets);
        for (var t = 0; t < targets; t++) columns.Add(ColumnGather.Gather([.. _shards.Select(s => s.GroupValues.IsEmpty ? null : s.GroupValues[t])], picks));
        return columns.MoveToImmutable();
    }
}
