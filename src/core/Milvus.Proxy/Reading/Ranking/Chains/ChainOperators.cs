using Milvus.Model;

namespace Milvus.Proxy.Reading.Ranking.Chains;

/// <summary>One step of a chain, checked.</summary>
internal abstract class ChainOperator
{
    /// <exception cref="MilvusException">2 and 2400: a model could not be asked.</exception>
    public abstract ValueTask RunAsync(HitFrame frame, CancellationToken cancellation);
}

/// <summary>Writes what an expression gives into a column.</summary>
internal sealed class MapOperator(string output, ChainExpression expression) : ChainOperator
{
    public override async ValueTask RunAsync(HitFrame frame, CancellationToken cancellation) =>
        frame[output] = await expression.EvaluateAsync(frame, cancellation).ConfigureAwait(false);
}

/// <summary>Orders each query's hits by a column.</summary>
/// <param name="tieBreak">Ascending among equals; null where these keep their order.</param>
internal sealed class SortOperator(string by, bool descending, string? tieBreak) : ChainOperator
{
    public override ValueTask RunAsync(HitFrame frame, CancellationToken cancellation)
    {
        frame.Sort(by, descending, tieBreak);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Keeps some of each query's hits.</summary>
internal sealed class LimitOperator(int offset, int count) : ChainOperator
{
    public override ValueTask RunAsync(HitFrame frame, CancellationToken cancellation)
    {
        frame.Limit(offset, count);
        return ValueTask.CompletedTask;
    }
}

/// <summary>How the scores of a group's hits become the group's.</summary>
internal enum GroupScorer
{
    Max,
    Sum,
    Average,
}

/// <summary>
/// Puts hits with equal values together: of every group the hits with the highest scores, the groups by their own score, which becomes a column. Groups that score alike go by size, then by
/// the key of their first hit. Hits without a value are one group.
/// </summary>
/// <param name="size">Most hits of a group; the others do not count for its score.</param>
/// <param name="offset">Groups of each query to leave out.</param>
/// <param name="count">Groups of each query to keep behind them.</param>
internal sealed class GroupOperator(string by, int size, int offset, int count, GroupScorer scorer) : ChainOperator
{
    private sealed record Group(int[] Hits, float Score);

    public override ValueTask RunAsync(HitFrame frame, CancellationToken cancellation)
    {
        // The first hits of the groups are then the best ones, as are those of each group.
        frame.Sort(HitFrame.Score, descending: true, HitFrame.Key);
        var (column, scores, keys) = (frame[by], frame[HitFrame.Score], frame[HitFrame.Key]);
        var groupScores = new double?[frame.Count];
        for (var query = 0; query < frame.Left.Length; query++)
        {
            var groups = frame.Left[query].GroupBy(column.ValueOf).Select(g => Make(g, scores)).ToArray();
            var kept = groups
                .OrderByDescending(g => g.Score).ThenByDescending(g => g.Hits.Length).ThenBy(g => g.Hits[0], Comparer<int>.Create((a, b) => keys.Compare(a, b, descending: false)))
                .Skip(offset).Take(count).ToArray();
            foreach (var group in kept)
                foreach (var hit in group.Hits) groupScores[hit] = group.Score;
            frame.Left[query] = [.. kept.SelectMany(g => g.Hits)];
        }
        frame[HitFrame.GroupScore] = new FrameColumn(groupScores);
        return ValueTask.CompletedTask;
    }

    private Group Make(IEnumerable<int> hits, FrameColumn scores)
    {
        int[] best = [.. hits.Take(size)];
        var first = (float)(scores.Number(best[0]) ?? 0);
        if (scorer == GroupScorer.Max) return new Group(best, first);
        double sum = 0;
        foreach (var hit in best) sum += scores.Number(hit) ?? 0;
        return new Group(best, (float)(scorer == GroupScorer.Sum ? sum : sum / best.Length));
    }
}
