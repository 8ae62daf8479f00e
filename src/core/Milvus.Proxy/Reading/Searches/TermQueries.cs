using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Milvus.Model;
using Milvus.Proxy.Writing;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>Prepares BM25 searches: texts become term rows, and all shards together give the statistics that scores are made from.</summary>
internal sealed class TermQueries(FunctionOutputs functions)
{
    /// <summary>Texts as sparse rows of term frequencies; vectors as they are.</summary>
    public QueryVectors Embed(SearchPlan plan, QueryVectors given)
    {
        if (!given.Type.IsText()) return given;
        var function = functions.ForQuery(plan.Collection.Schema, plan.Field);
        var rows = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(given.Rows.Length);
        foreach (var text in given.Rows) rows.Add(function.Embed(Encoding.UTF8.GetString(text.Span), plan.Parameters.AnalyzerName));
        return new QueryVectors(DataType.SparseFloatVector, rows.MoveToImmutable());
    }

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
