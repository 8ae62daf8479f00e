using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Proxy.Reading.Ranking;
using Milvus.Proxy.Reading.Searches;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Fusion;

/// <summary>One primary key, or one element of its row, in the fused list of one query.</summary>
/// <param name="Element">−1 for the whole row.</param>
/// <param name="List">The list that has the newest of the rows with this key.</param>
/// <param name="Hit">Its position in that list.</param>
/// <param name="Lists">How many lists have the key.</param>
internal readonly record struct FusedHit(KeyValue Key, int Element, double Score, int List, int Hit, int Lists);

/// <summary>Fuses the lists of one query after the other and picks the hits to return.</summary>
/// <param name="byElement">Elements are fused, not rows.</param>
internal sealed class FusedHits(ImmutableArray<MergedHits> lists, RankFusion fusion, RankParameters parameters, bool byElement = false)
{
    private readonly int[] _starts = new int[lists.Length];
    private readonly Dictionary<(KeyValue Key, int Element), FusedHit> _fused = [];

    /// <summary>Everything the lists have for the next query, in no order.</summary>
    public List<FusedHit> Next(int query)
    {
        _fused.Clear();
        for (var list = 0; list < lists.Length; list++)
        {
            var count = lists[list].Counts[query];
            for (var rank = 0; rank < count; rank++)
            {
                var hit = _starts[list] + rank;
                Add(list, hit, fusion.Contribution(list, rank, lists[list].Scores[hit]));
            }
            _starts[list] += count;
        }
        return fusion.Mode == ScoreMode.Average ? [.. _fused.Values.Select(h => h with { Score = h.Score / h.Lists })] : [.. _fused.Values];
    }

    /// <summary>The hits to return, best first.</summary>
    public List<FusedHit> Select(List<FusedHit> hits)
    {
        hits.Sort(Compare);
        if (parameters.Group is { } group) return Groups(hits, group.Size);
        var from = Math.Min(parameters.Offset, hits.Count);
        return hits.GetRange(from, Math.Min(parameters.Limit, hits.Count - from));
    }

    private void Add(int list, int hit, double contribution)
    {
        var key = KeyValue.Of(lists[list].Ids, hit);
        var element = byElement ? lists[list].ElementOf(hit) : -1;
        ref var fused = ref CollectionsMarshal.GetValueRefOrAddDefault(_fused, (key, element), out var known);
        if (!known)
        {
            fused = new FusedHit(key, element, contribution, list, hit, 1);
            return;
        }
        var isNewer = lists[list].TimestampOf(hit) > lists[fused.List].TimestampOf(fused.Hit);
        var score = fusion.Mode == ScoreMode.Max ? Math.Max(fused.Score, contribution) : fused.Score + contribution;
        fused = new FusedHit(key, element, score, isNewer ? list : fused.List, isNewer ? hit : fused.Hit, fused.Lists + 1);
    }

    private List<FusedHit> Groups(List<FusedHit> hits, int size)
    {
        var numbers = new GroupNumbers();
        var groups = new List<List<FusedHit>>();
        foreach (var hit in hits)
        {
            var number = numbers.Add(lists[hit.List].GroupValues.AsSpan(), hit.Hit);
            if (number == groups.Count) groups.Add([]);
            if (groups[number].Count < size) groups[number].Add(hit);
        }
        var scored = groups.Select(g => (Score: GroupScore(g), Hits: g)).ToList();
        scored.Sort((a, b) =>
        {
            var order = ByScore(a.Score, b.Score);
            return order != 0 ? order : Compare(a.Hits[0], b.Hits[0]);
        });
        return [.. scored.Skip(parameters.Offset).Take(parameters.Limit).SelectMany(g => g.Hits)];
    }

    private double GroupScore(List<FusedHit> group) => parameters.GroupScorer switch
    {
        GroupScorer.Sum => group.Sum(h => h.Score),
        GroupScorer.Average => group.Average(h => h.Score),
        _ => group[0].Score,
    };

    private int Compare(FusedHit a, FusedHit b)
    {
        var order = ByScore(a.Score, b.Score);
        if (order == 0) order = a.Key.CompareTo(b.Key);
        return order != 0 ? order : a.Element.CompareTo(b.Element);
    }

    private int ByScore(double a, double b) => fusion.LargerIsBetter ? b.CompareTo(a) : a.CompareTo(b);
}
