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
        while (true)
        {
            var k = (int)Math.Min(wanted, candidates.Count);
            var hits = candidates.Search(k, scratch, cancellationToken);
            var complete = true;
            for (var query = 0; query < hits.Length; query++)
            {
                var values = new Column[group.Targets.Length];
                for (var i = 0; i < values.Length; i++) values[i] = group.Targets[i].Project(segment.Fetch(group.Targets[i].Field, hits[query].Rows));
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
    private static (SegmentHits Hits, bool Enough) Select(SegmentHits hits, Column[] values, int groups, GroupBy group)
    {
        var keys = new GroupNumbers();
        var members = new List<List<int>>(groups);
        var full = 0;
        for (var i = 0; i < hits.Count; i++)
        {
            var key = keys.Add(values, i);
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
        int[] elements = hits.Elements.Length == 0 ? [] : Array.ConvertAll(picks, i => hits.Elements[i]);
        var enough = members.Count == groups && (!group.Strict || full == groups);
        return (new SegmentHits(rows, scores) { GroupValues = [.. values.Select(v => v.Take(picks))], Elements = elements }, enough);
    }

    /// <summary>The rows that belong to one of the groups wanted.</summary>
    public static RowSet Narrow(Segment segment, GroupBy group, RowSet rows, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        if (group.Only.IsEmpty || rows.RowCount == 0) return rows;
        var wanted = new GroupNumbers();
        for (var i = 0; i < group.Only[0].Count; i++) wanted.Add(group.Only.AsSpan(), i);
        var words = scratch.Own(rows);
        var values = new Column[group.Targets.Length];
        for (var first = 0; first < rows.RowCount; first += ColumnLimits.BlockRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(ColumnLimits.BlockRows, rows.RowCount - first);
            if (!words.AsSpan(first >> 6, Validity.WordCount(count)).ContainsAnyExcept(0UL)) continue;
            for (var i = 0; i < values.Length; i++)
                values[i] = group.Targets[i].Project(segment.ReadBlock(group.Targets[i].Field, first >> ColumnLimits.BlockShift, rows.RowCount));
            for (var row = 0; row < count; row++)
                if (RowBits.IsSet(words, first + row) && !wanted.Contains(values, row)) words[(first + row) >> 6] &= ~(1UL << (row & 63));
        }
        return new RowSet(rows.RowCount, words);
    }
}
