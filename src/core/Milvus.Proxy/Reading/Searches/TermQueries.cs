using System.Globalization;
using Milvus.Model;
using Milvus.Proxy.Writing;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>Prepares searches by text: texts become vectors, and for BM25 all shards together give the statistics that scores are made from.</summary>
internal sealed class TermQueries(FunctionOutputs functions)
{
    /// <summary>Texts as the vectors that the field's function makes of them; vectors as they are.</summary>
    public ValueTask<QueryVectors> EmbedAsync(SearchPlan plan, QueryVectors given, CancellationToken cancellation) => given.Type.IsText()
        ? functions.EmbedQueriesAsync(plan.Collection.Schema, plan.Field, given.Rows, plan.Parameters.AnalyzerName, cancellation)
        : ValueTask.FromResult(given);

    /// <summary>Null for metrics other than BM25.</summary>
    public static async Task<Bm25Scoring?> ScoreAsync(ShardReaders readers, SearchPlan plan, QueryVectors queries, CancellationToken cancellation)
    {
        if (plan.Metric != MetricType.BM25) return null;
        var terms = Terms(queries);
        var parts = await readers.AskAsync(r => r.GetTermStatisticsAsync(plan.Field.Id, terms, cancellation)).ConfigureAwait(false);
        var all = Bm25QueryStatistics.Merge(parts);
        var length = plan.IndexParams.Others.GetValueOrDefault("bm25_avgdl") is { } text && ParamText.TryNumber(text, out var given) && given > 0 ? given : all.AverageLength;
        return new Bm25Scoring(all.DocumentCount, length, all.DocumentFrequency)
        {
            K1 = Setting(plan, "bm25_k1", 1.2f),
            B = Setting(plan, "bm25_b", 0.75f),
        };
    }

    private static float Setting(SearchPlan plan, string key, float usual) =>
        plan.Index?.BuildParams.GetValueOrDefault(key) is { } text && float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : usual;

    private static uint[] Terms(QueryVectors queries)
    {
        var terms = new SortedSet<uint>();
        foreach (var row in queries.Rows)
            foreach (var element in SparseRow.Elements(row.Span)) terms.Add(element.Index);
        return [.. terms];
    }
}
