using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

namespace Milvus.Embedded.Shards;

/// <summary>
/// Merges what the segments of a shard found, query by query: best first, equal scores by primary key, one hit (the newest row) per key.
/// </summary>
internal sealed class HitMerge
{
    private readonly ShardSearch _request;
    private readonly bool _largerIsBetter;

    public HitMerge(ShardSearch request, int[] chosen, ImmutableArray<Segment> segments, SegmentHits[][] found, int k)
    {
        _request = request;
        _largerIsBetter = request.Metric.LargerIsBetter();
        IsComplete = true;
        var queries = request.Queries.Rows.Length;
        var counts = new int[queries];
        var scores = new List<float>();
        var rows = new List<RowReference>();
        var times = new List<Timestamp>();
        ColumnBuilder? keys = null;
        ColumnBuilder? groups = null;
        long examined = 0;
        foreach (var i in chosen) examined += segments[i].RowCount;
        for (var q = 0; q < queries; q++)
        {
            var candidates = Collect(q, chosen, segments, found);
            var picked = request.GroupBy is null ? PickBest(candidates) : PickGroups(candidates);
            if (request.GroupBy is null && MayHideBetter(q, found, k, picked)) IsComplete = false;
            counts[q] = picked.Count;
            foreach (var c in picked)
            {
                keys ??= ColumnBuilder.For(c.Keys.Column.Type);
                keys.AppendFrom(c.Keys.Column, c.Position);
                scores.Add(c.Score);
                rows.Add(new RowReference(c.Segment, c.Row));
                times.Add(c.Timestamp);
                if (c.Groups is null) continue;
                groups ??= ColumnBuilder.For(c.Groups.Type);
                groups.AppendFrom(c.Groups, c.Position);
            }
        }
        var keyType = chosen.Length == 0 ? DataType.Int64 : segments[chosen[0]].Schema.PrimaryKey.Type;
        Result = new ShardHits
        {
            Counts = counts,
            Scores = [.. scores],
            Rows = [.. rows],
            Timestamps = [.. times],
            Ids = new PrimaryKeys((keys ?? ColumnBuilder.For(keyType)).Build()),
            GroupValues = groups?.Build() ?? (request.GroupBy is null ? null : ColumnBuilder.For(request.GroupBy).Build()),
            Examined = examined * queries,
        };
    }

    public ShardHits Result { get; }

    /// <summary>False when copies of a key took the places of hits that a segment was not asked for and that belong among the picked.</summary>
    public bool IsComplete { get; }

    private List<Candidate> Collect(int query, int[] chosen, ImmutableArray<Segment> segments, SegmentHits[][] found)
    {
        var list = new List<Candidate>();
        for (var s = 0; s < chosen.Length; s++)
        {
            var hits = found[s][query];
            if (hits.Count == 0) continue;
            var segment = segments[chosen[s]];
            var keys = segment.PrimaryKeysOf(hits.Rows);
            for (var i = 0; i < hits.Count; i++)
                list.Add(new Candidate(hits.Scores[i], chosen[s], hits.Rows[i], keys, i, segment.TimestampOf(hits.Rows[i]), hits.GroupValues));
        }
        list.Sort(Compare);
        return list;
    }

    private int Compare(Candidate a, Candidate b)
    {
        var order = _largerIsBetter ? b.Score.CompareTo(a.Score) : a.Score.CompareTo(b.Score);
        if (order != 0) return order;
        order = KeyOrder.Compare(a.Keys, a.Position, b.Keys, b.Position);
        return order != 0 ? order : b.Timestamp.CompareTo(a.Timestamp);
    }

    private List<Candidate> PickBest(List<Candidate> sorted)
    {
        var picked = new List<Candidate>(Math.Min(sorted.Count, _request.K));
        var outdated = Outdated(sorted);
        for (var i = 0; i < sorted.Count && picked.Count < _request.K; i++)
            if (outdated is null || !outdated[i]) picked.Add(sorted[i]);
        return picked;
    }

    private List<Candidate> PickGroups(List<Candidate> sorted)
    {
        var outdated = Outdated(sorted);
        var groups = new Dictionary<object, List<Candidate>>();
        var order = new List<List<Candidate>>();
        for (var i = 0; i < sorted.Count; i++)
        {
            if (outdated is not null && outdated[i]) continue;
            var c = sorted[i];
            var value = GroupValue(c);
            if (!groups.TryGetValue(value, out var members))
            {
                if (order.Count == _request.K) continue;
                groups.Add(value, members = []);
                order.Add(members);
            }
            if (members.Count < _request.GroupSize) members.Add(c);
        }
        return [.. order.SelectMany(g => g)];
    }

    // True for a hit whose key has a newer row among the hits. Null when no key occurs twice, which is the common case.
    private static bool[]? Outdated(List<Candidate> candidates)
    {
        if (candidates.Count < 2) return null;
        return candidates[0].Keys.IsInt64
            ? Outdated(candidates, new Dictionary<long, int>(candidates.Count), static c => c.Keys.Int64s[c.Position])
            : Outdated(candidates, new Dictionary<string, int>(candidates.Count, StringComparer.Ordinal), static c => c.Keys.Strings.GetString(c.Position));
    }

    private static bool[]? Outdated<TKey>(List<Candidate> candidates, Dictionary<TKey, int> newest, Func<Candidate, TKey> keyOf)
        where TKey : notnull
    {
        bool[]? outdated = null;
        for (var i = 0; i < candidates.Count; i++)
        {
            ref var best = ref CollectionsMarshal.GetValueRefOrAddDefault(newest, keyOf(candidates[i]), out var exists);
            if (!exists)
            {
                best = i;
                continue;
            }
            outdated ??= new bool[candidates.Count];
            var known = candidates[best];
            var c = candidates[i];
            var isNewer = c.Timestamp > known.Timestamp || (c.Timestamp == known.Timestamp && c.Row > known.Row);
            outdated[isNewer ? best : i] = true;
            if (isNewer) best = i;
        }
        return outdated;
    }

    // What a segment did not give is not better than the last it gave. Without copies that is never better than the worst hit picked.
    private bool MayHideBetter(int query, SegmentHits[][] found, int k, List<Candidate> picked)
    {
        foreach (var f in found)
        {
            if (f[query].Count < k) continue;
            if (picked.Count < _request.K || picked.Count == 0) return picked.Count < _request.K;
            var (last, worst) = (f[query].Scores[^1], picked[^1].Score);
            if (_largerIsBetter ? last > worst : last < worst) return true;
        }
        return false;
    }

    private static object GroupValue(Candidate c) => c.Groups switch
    {
        null => "",
        var g when g.IsNull(c.Position) => DBNull.Value,
        FixedColumn<bool> g => g.Values[c.Position],
        FixedColumn<sbyte> g => (long)g.Values[c.Position],
        FixedColumn<short> g => (long)g.Values[c.Position],
        FixedColumn<int> g => (long)g.Values[c.Position],
        FixedColumn<long> g => g.Values[c.Position],
        BinaryColumn g => g.GetString(c.Position),
        _ => throw new MilvusException(ErrorCode.SegcoreUnsupported, $"unsupported data type {c.Groups.Type} for group by operator"),
    };

    private readonly record struct Candidate(float Score, int Segment, int Row, PrimaryKeys Keys, int Position, Timestamp Timestamp, Column? Groups);
}
