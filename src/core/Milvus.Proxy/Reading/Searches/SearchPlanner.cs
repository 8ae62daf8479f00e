using Milvus.Coordinator.Indexes;
using Milvus.Model;
using Milvus.Proxy.Reading.Ranking;
using Milvus.Proxy.Reading.Ranking.Chains;
using Milvus.Vectors;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>Checks a search against its collection.</summary>
internal sealed class SearchPlanner(Filters filters, IModelGateway models)
{
    /// <param name="group">How a hybrid search groups; null to take it from the request.</param>
    /// <param name="hybrid">Whether this is one search of a hybrid search.</param>
    /// <exception cref="MilvusException">The request is wrong.</exception>
    public SearchPlan Plan(CollectionInfo collection, SearchRequest request, GroupParameters? group = null, bool hybrid = false)
    {
        // What is asked is counted before what is wanted of it is read.
        if ((request.Keys?.Count ?? request.Vectors?.Rows.Length) is { } queries) QueryVectorChecks.CheckCount(queries);
        var parameters = SearchParameters.Parse(request.Params, collection);
        if (group is not null) parameters = parameters with { Group = group };
        CollectionIdCheck.Check(collection, request.Params);
        var field = FindField(collection.Schema, parameters.AnnsField, request.Keys is not null);
        var index = collection.FindIndexOnField(field.Id);
        SearchParamRules.CheckRangeIsWhole(parameters.IndexParams);
        var metric = FindMetric(field, index, parameters);
        CheckQueries(field, metric, request, parameters);
        // Searches that group follow the index as far as their groups need, so that what they keep of it need not cover them.
        var indexParams = SearchParamRules.Parse(index, metric, parameters.IndexParams, parameters.Group is null ? (long)parameters.TopK + parameters.Offset : 0);
        var groupBy = parameters.Group?.Resolve(collection.Schema) ?? [];
        if (!groupBy.IsEmpty && indexParams.Radius is not null)
            throw MilvusException.InvalidParameter("Not allowed to do range-search when doing search-group-by");
        var filter = filters.Compile(collection, request.Expression, request.Templates, request.Params.GetValueOrDefault("timezone"));
        PartitionPruning.CheckIsolation(collection, filter);
        ListSearchRules.CheckFilter(collection.Schema, field, metric, filter);
        ListSearchRules.CheckControls(collection.Schema, field, metric, parameters, groupBy, indexParams.Radius is not null, hybrid);
        var boost = BoostPlan.Find(collection, request.Score);
        if (boost is not null && (parameters.IsIterator || !groupBy.IsEmpty)) throw MilvusException.InvalidParameter("failed to create query plan: don't support use segment scorer with group_by or search_iterator");
        boost?.CheckFilters(filters, collection);
        var reranker = Reranker.Find(collection, request.Score, request.Vectors?.Rows.Length ?? request.Keys?.Count ?? 0, models);
        if (reranker is not null && parameters.IsIterator) throw MilvusException.InvalidParameter("rerank is not supported when doing iteration");
        if (reranker is null && request.Score?.Functions.FirstOrDefault(f => f.Kind() != "boost") is { } other)
            throw MilvusException.InvalidParameter($"rerank type {other.Kind()} is for hybrid search only");
        return new SearchPlan
        {
            Collection = collection,
            Field = field,
            Index = index,
            Metric = metric,
            Parameters = parameters,
            IndexParams = indexParams,
            Filter = filter,
            GroupBy = groupBy,
            Boost = boost,
            Reranker = reranker,
            Chains = FunctionChainPlan.Find(collection, request, parameters, request.Vectors?.Rows.Length ?? request.Keys?.Count ?? 0, models),
            Vectors = request.Keys is null ? request.Vectors : null,
            Keys = request.Keys,
        };
    }

    private static FieldSchema FindField(CollectionSchema schema, string name, bool byKeys)
    {
        if (name.Length > 0)
        {
            var field = schema.Find(name)
                ?? throw MilvusException.InvalidParameter($"failed to create query plan: failed to get field schema by name: fieldName({name}) not found");
            return field.Type.IsVector()
                ? field
                : throw MilvusException.InvalidParameter($"failed to create query plan: field ({name}) to search is not of vector data type");
        }
        FieldSchema? only = null;
        foreach (var field in schema.VectorFields)
        {
            if (only is not null && byKeys)
                throw MilvusException.InvalidParameter("multiple vector fields exist, please specify anns_field in search_params", "valid anns_field in search_params", "missing");
            if (only is not null) throw MilvusException.InvalidParameter("multiple anns_fields exist, please specify a anns_field in search_params");
            only = field;
        }
        return only ?? throw MilvusException.InvalidParameter("no vector field to search");
    }

    private static MetricType FindMetric(FieldSchema field, IndexInfo? index, SearchParameters parameters)
    {
        if (index is not null)
        {
            SearchParamRules.CheckMetric(index.Metric, parameters.Metric);
            return index.Metric;
        }
        // A field that was added to a loaded collection may lack its index for a while: search it by what the client asks for.
        var usual = field.Type switch
        {
            DataType.SparseFloatVector => field.IsFunctionOutput ? MetricType.BM25 : MetricType.IP,
            DataType.BinaryVector => MetricType.Hamming,
            DataType.ArrayOfVector => field.ElementType == DataType.BinaryVector ? MetricType.MaxSimHamming : MetricType.MaxSimCosine,
            _ => MetricType.Cosine,
        };
        if (parameters.Metric.Length == 0) return usual;
        var fits = MetricTypes.TryParse(parameters.Metric, out var metric)
            && field.Type switch
            {
                DataType.SparseFloatVector => metric == usual,
                // A plain metric compares single elements.
                DataType.ArrayOfVector => metric.OfElements().IsValidFor(field.ElementType),
                _ => metric.IsValidFor(field.Type),
            };
        return fits ? metric : throw MilvusException.InvalidParameter("metric type not match", usual.Name(), parameters.Metric);
    }

    public static void CheckQueries(FieldSchema field, MetricType metric, SearchRequest request, SearchParameters parameters)
    {
        if (request.Keys is { } keys)
        {
            if (field.Type == DataType.ArrayOfVector) throw MilvusException.InvalidParameter("array of vector is not supported for search by IDs");
            if (request.Vectors is not null) throw MilvusException.InvalidParameter("ids and vectors can not be given both");
            if (parameters.IsIterator) throw MilvusException.InvalidParameter("search by ids is not supported when doing iteration");
            QueryVectorChecks.CheckCount(keys.Count);
            if (Enumerable.Range(0, keys.Count).Select(i => KeyValue.Of(keys, i)).Distinct().Count() != keys.Count)
                throw MilvusException.InvalidParameter("duplicate IDs found in search request");
            return;
        }
        if (request.Vectors is not { } vectors) throw MilvusException.InvalidParameter("empty search request");
        if (vectors.Type.IsText())
        {
            QueryVectorChecks.CheckCount(vectors.Rows.Length);
            if (!field.IsFunctionOutput) throw QueryVectorChecks.TypeMismatch(field, DataType.VarChar);
        }
        else QueryVectorChecks.Check(ListSearchRules.IsElementLevel(field, metric) ? ListSearchRules.ElementOf(field) : field, vectors);
        if (parameters.Page is not null && vectors.Rows.Length != 1)
            throw MilvusException.InvalidParameter("not support search iteration over multiple vectors at present");
    }
}
