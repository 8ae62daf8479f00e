using System.Collections.Immutable;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Schema;
using Milvus.Model;

namespace Milvus.Coordinator.Indexes;

/// <summary>Checks index requests against the field's type, with the engine's ranges and messages. Pure.</summary>
public static class IndexRules
{
    /// <summary>
    /// Checks a request and gives the index it stands for, without id, timestamp and final name: <see cref="IndexInfo.Name"/> is what the
    /// request said, possibly empty.
    /// </summary>
    /// <param name="requestedField">The field's name as the client gave it: a dynamic key where <paramref name="field"/> is <c>$meta</c>.</param>
    /// <exception cref="MilvusException">1100.</exception>
    public static IndexInfo Check(FieldSchema field, string requestedField, string indexName, ImmutableArray<Property> parameters)
    {
        var flat = FlatParams.Parse(parameters);
        return field.Type.IsVector()
            ? CheckVector(field, indexName, parameters, flat)
            : CheckScalar(field, requestedField, indexName, parameters, flat);
    }

    /// <summary>The indexes a client's describe or drop request means.</summary>
    /// <param name="indexName">Empty for all.</param>
    /// <exception cref="MilvusException">700: there is none.</exception>
    public static ImmutableArray<IndexInfo> Select(CollectionInfo collection, string indexName = "", string fieldName = "")
    {
        var found = collection.Indexes.Where(i => (indexName.Length == 0 || i.Name == indexName) && (fieldName.Length == 0 || i.FieldName == fieldName)).ToImmutableArray();
        if (!found.IsEmpty) return found;
        throw indexName.Length > 0 ? RuleErrors.IndexNotFound(indexName) : RuleErrors.NoIndex(collection.Name);
    }

    /// <summary>The parameters DescribeIndex shows.</summary>
    public static ImmutableArray<Property> Describe(IndexInfo index) => index.Params;

    /// <summary>The keys of the path that an index on a JSON field covers; none for the whole document.</summary>
    public static ImmutableArray<string> JsonPathOf(FieldSchema field, IndexInfo index) =>
        JsonPaths.Keys(JsonPaths.Normalize(field, index.BuildParams.GetValueOrDefault("json_path", index.FieldName)));

    private static IndexInfo CheckVector(FieldSchema field, string indexName, ImmutableArray<Property> parameters, FlatParams flat)
    {
        var auto = flat.IndexType.Length == 0 || VectorIndexTypes.IsAuto(flat.IndexType);
        if (auto && !flat.Others.IsEmpty) throw MilvusException.InvalidParameter("only metric type can be passed when use AutoIndex");
        if (!auto && VectorIndexTypes.Find(flat.IndexType) is null && ScalarIndexRules.Canonical(flat.IndexType) is null) throw UnknownType(flat.IndexType);
        if (!auto && flat.Metric.Length == 0) throw BadMetric("metric type not set for vector index");
        var metric = flat.Metric.Length == 0 ? VectorIndexTypes.DefaultMetric(field) : CheckMetric(field, flat.Metric);
        if (auto)
        {
            // What Milvus builds by itself over binary vectors knows no structures.
            if (metric is MetricType.Substructure or MetricType.Superstructure)
                throw MilvusException.InvalidParameter($"metric type {metric.Name()} not found or not supported, supported: [HAMMING JACCARD]");
            return Draft(field, field.Name, indexName, VectorIndexTypes.Auto, metric, flat) with
            {
                Params = [new(FlatParams.IndexTypeKey, VectorIndexTypes.Auto), new(FlatParams.MetricTypeKey, metric.Name())],
            };
        }
        if (VectorIndexTypes.Find(flat.IndexType) is not { } type)
            throw MilvusException.InvalidParameter($"{ScalarIndexRules.Canonical(flat.IndexType)} are not supported on {field.Type} field");
        var isList = field.Type == DataType.ArrayOfVector;
        // Single elements are indexed as rows are; only what compares whole lists asks for more.
        if (!type.DataTypes.Contains(isList ? field.ElementType : field.Type) || isList && metric.IsMaxSim() && !type.TakesLists())
        {
            // A server without graphics processors knows none of these; this one answers them by others, where they would have been possible.
            if (type.Name.StartsWith("GPU_", StringComparison.Ordinal)) throw UnknownType(type.Name);
            throw MilvusException.InvalidParameter($"data type {field.Type} can't build with this index {type.Name}");
        }
        CheckMetricOfType(field, type, metric);
        CheckBuildParams(field, type, metric, flat.Others);
        CheckCommon(flat.Others);
        return Draft(field, field.Name, indexName, type.Name, metric, flat) with { Params = Echo(parameters, type.Name, metric) };
    }

    private static IndexInfo CheckScalar(FieldSchema field, string requestedField, string indexName, ImmutableArray<Property> parameters, FlatParams flat)
    {
        if (field.Type == DataType.Text) throw MilvusException.InvalidParameter("TEXT field does not support user-created scalar index");
        var name = flat.IndexType.Length == 0 || VectorIndexTypes.IsAuto(flat.IndexType) ? VectorIndexTypes.Auto : ScalarIndexRules.Canonical(flat.IndexType);
        if (name is null)
        {
            if (VectorIndexTypes.Find(flat.IndexType) is { } vector) throw MilvusException.InvalidParameter($"index {vector.Name} only supports vector data type");
            throw UnknownType(flat.IndexType);
        }
        ScalarIndexRules.Check(name, field, flat.Others);
        CheckCommon(flat.Others);
        var shown = name == VectorIndexTypes.Auto
            ? parameters.RemoveAll(p => p.Key == FlatParams.IndexTypeKey).Insert(0, new(FlatParams.IndexTypeKey, name))
            : Echo(parameters, name == "Trie" ? flat.IndexType : name, MetricType.None);
        var draft = Draft(field, requestedField, indexName, name, MetricType.None, flat) with { Params = shown };
        if (field.Type != DataType.Json) return draft;
        var path = flat.Others.GetValueOrDefault("json_path", requestedField);
        JsonPaths.Normalize(field, path);
        return draft with { BuildParams = draft.BuildParams.SetItem("json_path", path) };
    }

    private static IndexInfo Draft(FieldSchema field, string fieldName, string indexName, string type, MetricType metric, FlatParams flat) => new()
    {
        Id = 0,
        Name = indexName,
        FieldId = field.Id,
        FieldName = fieldName,
        IndexType = type,
        Metric = metric,
        BuildParams = flat.Others,
    };

    private static MetricType CheckMetric(FieldSchema field, string name)
    {
        var known = MetricTypes.TryParse(name, out var metric);
        var type = field.Type == DataType.ArrayOfVector ? field.ElementType : field.Type;
        // A plain metric on a field of lists compares single elements.
        if (metric.IsMaxSim())
        {
            var fits = field.Type == DataType.ArrayOfVector && type == DataType.BinaryVector == metric is MetricType.MaxSimHamming or MetricType.MaxSimJaccard;
            return fits ? metric : throw BadMetric($"{Kind(type)} vector index does not support metric type: {name}");
        }
        switch (type)
        {
            case DataType.SparseFloatVector:
                if (metric != MetricType.BM25 && field.IsFunctionOutput)
                    throw MilvusException.InvalidParameter($"index metric type of BM25 function output field must be BM25, got {name}");
                if (metric is not (MetricType.IP or MetricType.BM25)) throw BadMetric("only IP&BM25 is the supported metric type for sparse index");
                if (metric == MetricType.BM25 && !field.IsFunctionOutput) throw BadMetric("only BM25 Function output field support BM25 metric type");
                break;
            case DataType.BinaryVector:
                if (!known || metric is MetricType.L2 or MetricType.IP or MetricType.Cosine or MetricType.BM25)
                    throw BadMetric($"binary vector index does not support metric type: {name}");
                break;
            default:
                if (metric is not (MetricType.L2 or MetricType.IP or MetricType.Cosine))
                    throw BadMetric($"{Kind(type)} vector index does not support metric type: {name}");
                break;
        }
        return metric;
    }

    private static string Kind(DataType type) => type switch
    {
        DataType.SparseFloatVector => "sparse",
        DataType.BinaryVector => "binary",
        DataType.Int8Vector => "int",
        _ => "float",
    };

    private static void CheckMetricOfType(FieldSchema field, VectorIndexType type, MetricType metric)
    {
        metric = metric.OfElements();
        // A type for dense and binary vectors lists the metrics of both.
        if (type.Metrics.Contains(metric)) return;
        var fitting = type.Metrics.Where(m => field.Type == DataType.BinaryVector == m is MetricType.Hamming or MetricType.Jaccard or MetricType.Substructure or MetricType.Superstructure or MetricType.MinHashJaccard);
        throw MilvusException.InvalidParameter($"metric type {metric.Name()} not found or not supported, supported: [{string.Join(" ", fitting.Select(m => m.Name()))}]");
    }

    private static void CheckBuildParams(FieldSchema field, VectorIndexType type, MetricType metric, ImmutableSortedDictionary<string, string> given)
    {
        foreach (var spec in type.BuildParams)
        {
            if (given.TryGetValue(spec.Name, out var value)) spec.Check(value);
            else if (spec.Required) throw MilvusException.InvalidParameter($"param '{spec.Name}' not exist in json");
        }
        if (type.Name is "IVF_PQ" or "HNSW_PQ" or "HNSW_PRQ" && given.TryGetValue("m", out var m)) CheckSubquantizers(type, field, int.Parse(m, System.Globalization.CultureInfo.InvariantCulture));
        if (type.Plan == IndexPlanKind.SparseInverted && given.TryGetValue("quant_type", out var kept)) CheckKeptScores(metric, kept);
        if (type.Name == "MINHASH_LSH") CheckSignatures(field, given);
        if (type.Name == "DISKANN" && given.TryGetValue("emb_list_strategy", out var strategy) && !strategy.Equals("tokenann", StringComparison.OrdinalIgnoreCase))
            throw MilvusException.InvalidParameter("DiskANN only supports TokenANN strategy");
        if (type.Name == "SCANN" && given.TryGetValue("sub_dim", out var sub) && field.Dimension % int.Parse(sub, System.Globalization.CultureInfo.InvariantCulture) != 0)
            throw MilvusException.InvalidParameter($"The dimension of a vector (dim) should be a multiple of sub_dim. Dimension:{field.Dimension}, sub_dim:{sub}");
    }

    // Frequencies are whole numbers, weights are not.
    private static void CheckKeptScores(MetricType metric, string kept)
    {
        string[] known = metric == MetricType.BM25 ? ["u16", "u32"] : ["fp16", "fp32"];
        if (!known.Contains(kept)) throw MilvusException.InvalidParameter($"quant_type {kept} not found or not supported for metric type {metric.Name()}, supported: [{string.Join(" ", known)}]");
    }

    private static void CheckSignatures(FieldSchema field, ImmutableSortedDictionary<string, string> given)
    {
        int Number(string key, int otherwise) => given.TryGetValue(key, out var text) ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : otherwise;
        var bits = Number("mh_element_bit_width", 8);
        var bands = Number("mh_lsh_band", 1);
        if (bits % 8 != 0 || field.Dimension % bits != 0)
            throw MilvusException.InvalidParameter($"The dimension of a vector (dim) should be a multiple of mh_element_bit_width. Dimension:{field.Dimension}, mh_element_bit_width:{bits}");
        if (field.Dimension / bits % bands != 0)
            throw MilvusException.InvalidParameter($"The number of elements of a signature should be a multiple of mh_lsh_band. Elements:{field.Dimension / bits}, mh_lsh_band:{bands}");
    }

    // The article is Milvus', which has another one for one of the types.
    private static void CheckSubquantizers(VectorIndexType type, FieldSchema field, int m)
    {
        if (field.Dimension % m != 0)
            throw MilvusException.InvalidParameter($"The dimension of {(type.Name == "HNSW_PQ" ? "the" : "a")} vector (dim) should be a multiple of the number of subquantizers (m). Dimension:{field.Dimension}, m:{m}");
    }

    /// <summary>Parameters that every index type takes.</summary>
    internal static void CheckCommon(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        foreach (var (key, value) in parameters)
        {
            if (key is "mmap.enabled" or "indexoffsetcache.enabled" && value.ToLowerInvariant() is not ("true" or "false"))
                throw MilvusException.InvalidParameter($"invalid {key} value: {value}, expected: true, false");
            if (key == PropertyRules.Warmup && !PropertyRules.IsWarmupPolicy(value)) throw MilvusException.InvalidParameter($"invalid warmup params: {PropertyRules.BadWarmup(value)}");
        }
    }

    // The client's own entries, with the two names in canonical spelling and never missing.
    private static ImmutableArray<Property> Echo(ImmutableArray<Property> parameters, string indexType, MetricType metric)
    {
        var echoed = parameters.Set(FlatParams.IndexTypeKey, indexType);
        return metric == MetricType.None ? echoed : echoed.Set(FlatParams.MetricTypeKey, metric.Name());
    }

    private static MilvusException BadMetric(string text) => MilvusException.InvalidParameter(text, "valid index params", "invalid index params");

    private static MilvusException UnknownType(string indexType) =>
        new(ErrorCode.InvalidParameter, $"invalid parameter[expected=valid index][actual=invalid index type: {indexType}]") { IsInputError = true };
}
