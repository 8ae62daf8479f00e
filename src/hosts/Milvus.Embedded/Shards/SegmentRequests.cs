using System.Globalization;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

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
            Radius = (float?)search.Radius,
            RangeFilter = (float?)search.RangeFilter,
            Filter = search.Filter,
            Exhaustive = search.Exhaustive,
            At = at,
            Group = search.GroupBy.IsEmpty ? null : new GroupBy(search.GroupBy, search.GroupSize) { Strict = search.StrictGroupSize, Only = search.OnlyGroups },
            Bm25 = search.Bm25,
            DropRatio = search.IndexParams.TryGetValue("drop_ratio_search", out var ratio) && float.TryParse(ratio, NumberStyles.Float, CultureInfo.InvariantCulture, out var drop) ? drop : 0,
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

    private static int? Number(ShardSearch search, string key) =>
        search.IndexParams.TryGetValue(key, out var text) && int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var n) ? n : null;
}
