using Milvus.Model;
using Milvus.Proxy.Reading.Searches;

namespace Milvus.Proxy.Reading.Ranking;

/// <summary>Runs a search and scores its hits anew, by boosts and a reranker or by function chains, before the offset is taken off.</summary>
internal sealed class HitScoring(SearchRunner runner, Filters filters)
{
    public async Task<MergedHits> SearchAsync(ShardReaders readers, SearchPlan plan, CancellationToken cancellation)
    {
        var (offset, topK) = (plan.Parameters.Offset, plan.Parameters.TopK);
        var whole = plan with { Parameters = plan.Parameters with { Offset = 0, TopK = topK + offset } };
        var hits = await runner.RunAsync(readers, whole, null, cancellation).ConfigureAwait(false);
        if (hits.Scores.Length == 0) return hits;
        var largerIsBetter = plan.Metric.LargerIsBetter();
        if (plan.Chains is { } chains) return (await chains.ApplyAsync(readers, hits, largerIsBetter, cancellation).ConfigureAwait(false)).Window(offset, topK);
        var scores = plan.Boost is null
            ? Array.ConvertAll(hits.Scores, s => (double)s)
            : await plan.Boost.ScoreAsync(readers, filters, hits, largerIsBetter, cancellation).ConfigureAwait(false);
        if (plan.Reranker is { } reranker)
        {
            for (var i = 0; i < scores.Length; i++)
                scores[i] = reranker.NormalizeScores ? ScoreScale.Normalize(plan.Metric, scores[i]) : ScoreScale.ToSimilarity(plan.Metric, scores[i]);
            scores = await reranker.ScoreAsync(new RowFetch(readers, hits.Rows()), scores, hits.Counts, cancellation).ConfigureAwait(false);
            largerIsBetter = true;
        }
        return hits.Rescore(Array.ConvertAll(scores, s => (float)s), largerIsBetter, offset, topK);
    }
}
