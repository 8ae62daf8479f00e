using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>
/// What a search in a field of lists of vectors may ask for. The metric decides what is ranked: one that compares lists ranks rows by lists of queries, a
/// plain one ranks single elements by single queries.
/// </summary>
internal static class ListSearchRules
{
    public static bool IsElementLevel(FieldSchema field, MetricType metric) => field.Type == DataType.ArrayOfVector && !metric.IsMaxSim();

    /// <summary>The elements of a field of lists as a field.</summary>
    public static FieldSchema ElementOf(FieldSchema field) => field with { Type = field.ElementType, ElementType = DataType.None };

    /// <exception cref="MilvusException">1100: element_filter where no elements of its struct are ranked.</exception>
    public static void CheckFilter(CollectionSchema schema, FieldSchema field, MetricType metric, FilterPlan filter)
    {
        if (filter.ElementFilterStruct is not { } owner || (IsElementLevel(field, metric) && schema.ParentOf(field)?.Name == owner)) return;
        throw MilvusException.InvalidParameter("element_filter is only supported for element-level search on vector sub-fields of the same struct array; use MATCH_ANY/MATCH_* for row-level vector search");
    }

    /// <param name="hybrid">Whether the search is one of a hybrid search, where the same rules are worded differently.</param>
    /// <exception cref="MilvusException">1100: ranges, pages or groups that there are not for such fields.</exception>
    public static void CheckControls(
        CollectionSchema schema, FieldSchema field, MetricType metric, SearchParameters parameters, ImmutableArray<GroupTarget> groupBy, bool isRange, bool hybrid)
    {
        if (field.Type != DataType.ArrayOfVector) return;
        if (IsElementLevel(field, metric))
        {
            if (parameters.IsIterator && parameters.Page is null)
                throw MilvusException.InvalidParameter("legacy search iterator is not supported for element-level search; use search iterator v2");
            foreach (var target in groupBy)
                if (target.Field.Id != schema.PrimaryKey.Id)
                    throw MilvusException.InvalidParameter($"only group by primary key is supported for {(hybrid ? "same-struct element-level vector array fields" : "element-level search")}");
            return;
        }
        if (hybrid && (isRange || !groupBy.IsEmpty))
            throw MilvusException.InvalidParameter($"{(isRange ? "range" : "group by")} search is not supported for vector array (embedding-list) fields in hybrid search");
        if (isRange) throw MilvusException.InvalidParameter("range search is not supported for multi-search-multi on embedding list fields");
        if (parameters.IsIterator) throw MilvusException.InvalidParameter("search iterator is not supported for multi-search-multi on embedding list fields");
        if (!groupBy.IsEmpty) throw MilvusException.InvalidParameter("group by is not supported for multi-search-multi on embedding list fields");
    }
}
