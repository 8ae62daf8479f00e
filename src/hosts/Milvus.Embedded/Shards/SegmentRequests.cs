using System.Globalization;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;
using Milvus.Vectors;

namespace Milvus.Embedded.Shards;

/// <summary>Translates a shard's search into the request that every segment gets.</summary>
internal static class SegmentRequests
{
    public static SegmentSearchRequest Of(ShardSearch search, int k, ReadPoint at)
    {
        var isSparse = search.Field.Type == DataType.SparseFloatVector;
        return new SegmentSearchRequest
        {
            FieldId = search.Field.Id,
            Metric = search.Metric,
            Queries = isSparse ? default : Concatenate(search.Queries),
            QueryLists = search.Queries.AreLists ? [.. search.Queries.Rows.Select(r => r.Length / search.Queries.Type.VectorBytes(search.Field.Dimension))] : [],
            SparseQueries = isSparse ? search.Queries.Rows : [],
            QueryType = search.Queries.Type,
            QueryCount = search.Queries.Rows.Length,
            K = k,
            Ef = Number(search, "ef") ?? Number(search, "search_list") ?? Number(search, "search_list_size"),
            ElementBits = Number(search, "mh_element_bit_width") ?? 8,
            Nprobe = Number(search, "nprobe"),
            RefineFactor = Real(search, "refine_k"),
            ElementRatio = Real(search, "retrieval_ann_ratio"),
            MaxEmptyLists = Number(search, "max_empty_result_buckets"),
            Radius = (float?)search.Radius,
            RangeFilter = (float?)search.RangeFilter,
            Filter = search.Filter,
            Exhaustive = search.Exhaustive,
            At = at,
            Group = search.GroupBy.IsEmpty ? null : new GroupBy(search.GroupBy, search.GroupSize) { Strict = search.StrictGroupSize, Only = search.OnlyGroups },
            Bm25 = search.Bm25,
            DropRatio = Real(search, "drop_ratio_search") ?? 0,
            MaxScoreRatio = Real(search, "dim_max_score_ratio") ?? 1,
            SparseAlgorithm = SparseAlgorithms.TryParse(search.IndexParams.GetValueOrDefault("search_algo"), out var algorithm) ? algorithm : SparseAlgorithm.Default,
        };
    }

    private static ReadOnlyMemory<byte> Concatenate(QueryVectors queries)
    {
        if (queries.Rows.Length == 1) return queries.Rows[0];
        var all = new byte[queries.Rows.Sum(r => r.Length)];
        var at = 0;
        foreach (var row in queries.Rows)
        {
            row.Span.CopyTo(all.AsSpan(at));
            at += row.Length;
        }
        return all;
    }

    private static float? Real(ShardSearch search, string key) =>
        search.IndexParams.TryGetValue(key, out var text) && float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static int? Number(ShardSearch search, string key) =>
        search.IndexParams.TryGetValue(key, out var text) && int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var n) ? n : null;
}
