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
        var numbers = SegmentNumbers.Of(search.IndexParams);
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
            Ef = numbers.Ef,
            ElementBits = numbers.ElementBits,
            BeamWidth = numbers.BeamWidth,
            Nprobe = numbers.Nprobe,
            RefineFactor = numbers.RefineFactor,
            ElementRatio = numbers.ElementRatio,
            MaxEmptyLists = numbers.MaxEmptyLists,
            QueryBits = numbers.QueryBits,
            ComparesSignatures = numbers.ComparesSignatures,
            Radius = (float?)search.Radius,
            RangeFilter = (float?)search.RangeFilter,
            Filter = search.Filter,
            Exhaustive = search.Exhaustive,
            At = at,
            Group = search.GroupBy.IsEmpty ? null : new GroupBy(search.GroupBy, search.GroupSize) { Strict = search.StrictGroupSize, Only = search.OnlyGroups },
            Bm25 = search.Bm25,
            DropRatio = numbers.DropRatio,
            MaxScoreRatio = numbers.MaxScoreRatio,
            SparseAlgorithm = numbers.SparseAlgorithm,
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
}
