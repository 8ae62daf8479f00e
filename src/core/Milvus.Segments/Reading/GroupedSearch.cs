using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// Search for the best groups of rows that share a value. Takes the best hits, groups them, and asks for more until there are enough
/// groups or no hits are left.
/// </summary>
internal static class GroupedSearch
{
    private const int FirstFactor = 2;
    private const int WideningFactor = 4;
    private const int FirstAtLeast = 64;

    public static SegmentHits[] Search(
        Segment segment, SegmentSearchRequest request, GroupBy group, SearchCandidates candidates, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        var wanted = Math.Max(FirstAtLeast, (long)request.K * group.GroupSize * FirstFactor);
        var field = segment.Schema.Find(group.FieldId) ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={group.FieldId}]");
        while (true)
        {
            var k = (int)Math.Min(wanted, candidates.Count);
            var hits = candidates.Search(k, scratch, cancellationToken);
            var complete = true;
            for (var query = 0; query < hits.Length; query++)
            {
                var values = segment.Fetch(field, hits[query].Rows);
                if (group.Project is { } project) values = project(values);
                // Fewer hits than asked for: there are no more.
                var exhausted = hits[query].Count < k || k == candidates.Count;
                (hits[query], var enough) = Select(hits[query], values, request.K, group);
                complete &= enough || exhausted;
            }
            if (complete) return hits;
            wanted = k * (long)WideningFactor;
        }
    }

    /// <summary>The first <paramref name="groups"/> groups of the hits, by best hit and inside a group best first.</summary>
    private static (SegmentHits Hits, bool Enough) Select(SegmentHits hits, Column values, int groups, GroupBy group)
    {
        var keys = GroupKeys.For(values);
        var members = new List<List<int>>(groups);
        var full = 0;
        for (var i = 0; i < hits.Count; i++)
        {
            var key = keys.Add(i);
            if (key >= groups) continue;
            if (key == members.Count) members.Add(new List<int>(group.GroupSize));
            if (members[key].Count == group.GroupSize) continue;
            members[key].Add(i);
            if (members[key].Count == group.GroupSize) full++;
        }
        var picks = new int[members.Sum(m => m.Count)];
        var next = 0;
        foreach (var member in members)
            foreach (var i in member) picks[next++] = i;
        var rows = new int[picks.Length];
        var scores = new float[picks.Length];
        for (var i = 0; i < picks.Length; i++) (rows[i], scores[i]) = (hits.Rows[picks[i]], hits.Scores[picks[i]]);
        var enough = members.Count == groups && (!group.Strict || full == groups);
        return (new SegmentHits(rows, scores) { GroupValues = values.Take(picks) }, enough);
    }
}
