using System.Collections.Immutable;
using Milvus.Coordinator.Indexes;
using Milvus.Model;
using Milvus.Vectors;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Indexes;

public class IndexRulesTests
{
    private static readonly Dictionary<string, FieldSchema> Fields = new()
    {
        ["float"] = Vector("v"),
        ["half"] = Vector("v", 8, DataType.Float16Vector),
        ["int8"] = Vector("v", 8, DataType.Int8Vector),
        ["binary"] = Vector("v", 64, DataType.BinaryVector),
        ["lists"] = Vector("s[v]", 8, DataType.ArrayOfVector) with { ElementType = DataType.FloatVector },
        ["sparse"] = Sparse("v"),
        ["bm25"] = Sparse("v") with { IsFunctionOutput = true },
        ["key"] = Key,
        ["int"] = Field("n", DataType.Int32),
        ["bool"] = Field("n", DataType.Bool),
        ["double"] = Field("n", DataType.Double),
        ["text"] = VarChar("s"),
        ["json"] = Field("j", DataType.Json),
        ["dynamic"] = Field("$meta", DataType.Json) with { IsDynamic = true },
        ["tags"] = Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Int64 },
        ["sub text"] = Field("s[t]", DataType.Array, ("max_capacity", "4"), ("max_length", "9")) with { ElementType = DataType.VarChar },
        ["sub int"] = Field("s[n]", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Int64 },
        ["sub flag"] = Field("s[b]", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Bool },
        ["weights"] = Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Double },
    };

    // "index_type metric {json}", any part may be missing.
    private static ImmutableArray<Property> Parse(string request)
    {
        var brace = request.IndexOf('{');
        var words = (brace < 0 ? request : request[..brace]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var list = ImmutableArray.CreateBuilder<Property>();
        if (words.Length > 0) list.Add(new("index_type", words[0]));
        if (words.Length > 1) list.Add(new("metric_type", words[1]));
        if (brace >= 0) list.Add(new("params", request[brace..]));
        return list.ToImmutable();
    }

    private static IndexInfo Check(string field, string request) => IndexRules.Check(Fields[field], Fields[field].Name, "i", Parse(request));

    [Theory]
    [InlineData("float", "HNSW L2 {\"M\":2049}", "Out of range in json: param 'M' (2049) should be in range [2, 2048]")]
    [InlineData("float", "HNSW L2 {\"M\":1}", "Out of range in json: param 'M' (1) should be in range [2, 2048]")]
    [InlineData("float", "HNSW L2 {\"M\":\"abc\"}", "invalid integer value, key: 'M', value: 'abc'")]
    [InlineData("float", "HNSW L2 {\"M\":16.0}", "wrong data type in json, key: 'M', value: '16.0'")]
    [InlineData("float", "HNSW L2 {\"efConstruction\":0}", "Out of range in json: param 'efConstruction' (0) should be in range [1, 2147483647]")]
    [InlineData("float", "IVF_FLAT L2 {\"nlist\":0}", "Out of range in json: param 'nlist' (0) should be in range [1, 65536]")]
    [InlineData("float", "IVF_FLAT L2 {\"nlist\":65537}", "param 'nlist' (65537)")]
    [InlineData("float", "IVF_PQ L2 {\"nlist\":8}", "param 'm' not exist in json")]
    [InlineData("float", "IVF_PQ L2 {\"m\":3}", "The dimension of a vector (dim) should be a multiple of the number of subquantizers (m)")]
    [InlineData("float", "HNSW_PQ L2 {\"m\":3}", "The dimension of the vector (dim) should be a multiple of the number of subquantizers (m)")]
    [InlineData("float", "HNSW_PRQ L2 {\"m\":3}", "The dimension of a vector (dim) should be a multiple of the number of subquantizers (m)")]
    [InlineData("float", "IVF_PQ L2 {\"m\":4,\"nbits\":\"8.0\"}", "wrong data type in json, key: 'nbits', value: '8.0'")]
    [InlineData("lists", "DISKANN MAX_SIM {\"emb_list_strategy\":\"muvera\"}", "DiskANN only supports TokenANN strategy")]
    [InlineData("float", "HNSW_SQ L2 {\"sq_type\":\"SQ5\"}", "invalid scalar quantizer type")]
    [InlineData("float", "HNSW_SQ L2 {\"refine\":\"yes\"}", "Type conflict in json: param 'refine' (\"yes\") should be a boolean")]
    [InlineData("float", "IVF_RABITQ L2 {\"refine\":1}", "Type conflict in json: param 'refine' (\"1\") should be a boolean: invalid parameter")]
    [InlineData("float", "HNSW_SQ L2 {\"refine_type\":\"SQ9\"}", "invalid refine type : SQ9, optional types are [sq4u, sq6, sq8, fp16, bf16, fp32, flat]: invalid parameter")]
    [InlineData("float", "HNSW_PRQ L2 {\"refine_type\":\"SQ4U\"}", "invalid refine type : SQ4U, optional types are [sq6, sq8, fp16, bf16, fp32, flat]")]
    [InlineData("float", "IVF_RABITQ L2 {\"refine_type\":\" SQ8 \"}", "invalid refine type :  SQ8 , optional types are [sq6, sq8, fp16, bf16, fp32, flat]")]
    [InlineData("sparse", "SPARSE_INVERTED_INDEX IP {\"inverted_index_algo\":\"X\"}", "sparse inverted index algo X not found or not supported, supported: [TAAT_NAIVE DAAT_WAND DAAT_MAXSCORE")]
    [InlineData("sparse", "SPARSE_INVERTED_INDEX IP {\"drop_ratio_build\":1}", "Out of range in json: param 'drop_ratio_build' (1.0) should be in range [0.000000, 1.000000)")]
    [InlineData("sparse", "SPARSE_INVERTED_INDEX L2", "only IP&BM25 is the supported metric type for sparse index: invalid parameter[expected=valid index params][actual=invalid index params]")]
    [InlineData("sparse", "SPARSE_INVERTED_INDEX IP {\"inverted_index_codec\":\"zip\"}", "inverted_index_codec zip not found or not supported, supported: [block_streamvbyte block_maskedvbyte]: invalid parameter")]
    [InlineData("sparse", "SPARSE_INVERTED_INDEX IP {\"block_max_block_size\":0}", "Out of range in json: param 'block_max_block_size' (0) should be in range [1, 2147483647]")]
    [InlineData("sparse", "SPARSE_INVERTED_INDEX IP {\"sindi_window_size\":1023}", "Out of range in json: param 'sindi_window_size' (1023) should be in range [1024, 65535]")]
    [InlineData("sparse", "SPARSE_INVERTED_INDEX IP {\"sindi_window_size\":65536}", "param 'sindi_window_size' (65536)")]
    [InlineData("sparse", "SPARSE_INVERTED_INDEX IP {\"quant_type\":\"u16\"}", "quant_type u16 not found or not supported for metric type IP, supported: [fp16 fp32]")]
    [InlineData("bm25", "SPARSE_WAND BM25 {\"quant_type\":\"fp16\"}", "quant_type fp16 not found or not supported for metric type BM25, supported: [u16 u32]")]
    [InlineData("sparse", "SPARSE_INVERTED_INDEX BM25", "only BM25 Function output field support BM25 metric type")]
    [InlineData("bm25", "SPARSE_INVERTED_INDEX IP", "index metric type of BM25 function output field must be BM25, got IP")]
    [InlineData("bm25", "SPARSE_INVERTED_INDEX COSINE", "index metric type of BM25 function output field must be BM25, got COSINE")]
    [InlineData("bm25", "AUTOINDEX IP", "index metric type of BM25 function output field must be BM25, got IP")]
    [InlineData("float", "HNSW", "metric type not set for vector index")]
    [InlineData("float", "HNSW HAMMING", "float vector index does not support metric type: HAMMING")]
    [InlineData("float", "AUTOINDEX NOPE", "float vector index does not support metric type: NOPE")]
    [InlineData("int8", "HNSW BM25", "int vector index does not support metric type: BM25")]
    [InlineData("binary", "BIN_FLAT L2", "binary vector index does not support metric type: L2")]
    [InlineData("binary", "BIN_IVF_FLAT SUBSTRUCTURE", "metric type SUBSTRUCTURE not found or not supported, supported: [HAMMING JACCARD]")]
    [InlineData("binary", "AUTOINDEX SUBSTRUCTURE", "metric type SUBSTRUCTURE not found or not supported, supported: [HAMMING JACCARD]")]
    [InlineData("binary", "MINHASH_LSH HAMMING", "supported: [MHJACCARD]")]
    [InlineData("binary", "MINHASH_LSH MHJACCARD {\"mh_lsh_code_in_mem\":2}", "should be a boolean")]
    [InlineData("lists", "SCANN MAX_SIM {\"nlist\":4}", "can't build with this index SCANN")]
    [InlineData("float", "NOPE L2", "invalid index type: NOPE")]
    [InlineData("float", "12-s", "invalid index type: 12-s")]
    [InlineData("float", "HYBRID L2", "invalid index type: HYBRID")]
    [InlineData("int", "HYBRID", "invalid index type: HYBRID")]
    [InlineData("binary", "IVF_FLAT HAMMING", "data type BinaryVector can't build with this index IVF_FLAT")]
    [InlineData("sparse", "HNSW IP", "data type SparseFloatVector can't build with this index HNSW")]
    [InlineData("float", "SPARSE_INVERTED_INDEX IP", "data type FloatVector can't build with this index SPARSE_INVERTED_INDEX")]
    [InlineData("int", "HNSW L2", "index HNSW only supports vector data type")]
    [InlineData("float", "INVERTED L2", "INVERTED are not supported on FloatVector field")]
    [InlineData("float", "AUTOINDEX L2 {\"M\":8}", "only metric type can be passed when use AutoIndex")]
    [InlineData("float", "{\"mmap.enabled\":true}", "only metric type can be passed when use AutoIndex")]
    [InlineData("key", "BITMAP", "create bitmap index on primary key not supported")]
    [InlineData("double", "BITMAP", "bitmap index are only supported on bool, int, string")]
    [InlineData("weights", "BITMAP", "bitmap index are only supported on bool, int, string")]
    [InlineData("bool", "STL_SORT", "STL_SORT are only supported on numeric, varchar or timestamptz field")]
    [InlineData("tags", "STL_SORT", "STL_SORT are only supported on numeric, varchar or timestamptz field")]
    [InlineData("sub text", "TRIE", "TRIE are only supported on varchar field")]
    [InlineData("sub text", "NGRAM {\"min_gram\":1,\"max_gram\":2}", "ngram index can only be created on VARCHAR or JSON field")]
    [InlineData("sub flag", "STL_SORT", "STL_SORT are only supported on numeric, varchar or timestamptz field")]
    [InlineData("json", "TRIE", "TRIE are only supported on varchar field")]
    [InlineData("int", "Trie", "TRIE are only supported on varchar field")]
    [InlineData("int", "RTREE", "RTREE index can only be built on geometry field")]
    [InlineData("int", "NGRAM {\"min_gram\":1,\"max_gram\":2}", "ngram index can only be created on VARCHAR or JSON field")]
    [InlineData("text", "NGRAM {\"min_gram\":1}", "Ngram index must specify both min_gram and max_gram")]
    [InlineData("text", "NGRAM {\"min_gram\":3,\"max_gram\":2}", "invalid min_gram or max_gram value for Ngram index")]
    [InlineData("json", "INVERTED", "json index must specify cast type: missing parameter")]
    [InlineData("json", "NGRAM {\"min_gram\":1,\"max_gram\":2}", "JSON field with ngram index must specify json_cast_type: missing parameter")]
    [InlineData("json", "NGRAM {\"min_gram\":1,\"max_gram\":2,\"json_cast_type\":\"double\"}", "JSON field with ngram index only supports VARCHAR cast type, got: DOUBLE")]
    [InlineData("json", "INVERTED {\"json_cast_type\":\"INT\"}", "json_cast_type INT is not supported")]
    [InlineData("json", "AUTOINDEX {\"json_cast_type\":\"array_double\"}", "is not supported by AUTOINDEX")]
    [InlineData("json", "INVERTED {\"json_cast_type\":\"VARCHAR\",\"json_cast_function\":\"STRING_TO_DOUBLE\"}", "is not supported for json_cast_type VARCHAR")]
    [InlineData("json", "INVERTED {\"json_cast_type\":\"DOUBLE\",\"json_path\":\"other[\\\"a\\\"]\"}", "it is not a path into field j")]
    [InlineData("json", "INVERTED {\"json_cast_type\":\"DOUBLE\",\"json_path\":\"j[\\\"a\"}", "cannot parse identifier")]
    [InlineData("float", "HNSW L2 {\"M\":", "invalid JSON in index params")]
    [InlineData("float", "HNSW L2 {\"mmap.enabled\":\"on\"}", "invalid mmap.enabled value: on")]
    public void A_request_with_a_fault_is_refused(string field, string request, string text)
    {
        var error = Assert.Throws<MilvusException>(() => Check(field, request));
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Equal(text.Contains("missing parameter", StringComparison.Ordinal) ? ErrorCode.MissingParameter : ErrorCode.InvalidParameter, error.Code);
    }

    [Theory]
    [InlineData("float", "", "AUTOINDEX", MetricType.Cosine)]
    [InlineData("half", "AUTOINDEX ip", "AUTOINDEX", MetricType.IP)]
    [InlineData("int8", "", "AUTOINDEX", MetricType.Cosine)]
    [InlineData("binary", "", "AUTOINDEX", MetricType.Hamming)]
    [InlineData("sparse", "", "AUTOINDEX", MetricType.IP)]
    [InlineData("bm25", "", "AUTOINDEX", MetricType.BM25)]
    [InlineData("float", "hnsw l2 {\"M\":\"16\",\"efConstruction\":200,\"unknown\":[1]}", "HNSW", MetricType.L2)]
    [InlineData("half", "HNSW_PRQ COSINE {\"m\":2,\"nrq\":3,\"nbits\":8,\"refine\":true,\"refine_type\":\"fp32\"}", "HNSW_PRQ", MetricType.Cosine)]
    [InlineData("int8", "HNSW_SQ IP", "HNSW_SQ", MetricType.IP)]
    [InlineData("binary", "HNSW JACCARD {\"M\":8}", "HNSW", MetricType.Jaccard)]
    [InlineData("float", "FLAT L2", "FLAT", MetricType.L2)]
    [InlineData("float", "IVF_RABITQ COSINE {\"rbq_bits\":4}", "IVF_RABITQ", MetricType.Cosine)]
    [InlineData("float", "SCANN IP {\"sub_dim\":2}", "SCANN", MetricType.IP)]
    [InlineData("float", "DISKANN L2", "DISKANN", MetricType.L2)]
    [InlineData("float", "FAISS L2 {\"faiss_index_name\":\"HNSW16,Flat\"}", "FAISS", MetricType.L2)]
    [InlineData("binary", "BIN_FLAT SUPERSTRUCTURE", "BIN_FLAT", MetricType.Superstructure)]
    [InlineData("sparse", "SPARSE_WAND IP {\"drop_ratio_build\":0.2}", "SPARSE_WAND", MetricType.IP)]
    [InlineData("bm25", "SPARSE_INVERTED_INDEX BM25 {\"bm25_k1\":1.5,\"bm25_b\":0.5}", "SPARSE_INVERTED_INDEX", MetricType.BM25)]
    [InlineData("int", "", "AUTOINDEX", MetricType.None)]
    [InlineData("text", "TRIE", "Trie", MetricType.None)]
    [InlineData("tags", "BITMAP", "BITMAP", MetricType.None)]
    [InlineData("weights", "INVERTED", "INVERTED", MetricType.None)]
    [InlineData("double", "STL_SORT", "STL_SORT", MetricType.None)]
    [InlineData("sub text", "stl_sort", "STL_SORT", MetricType.None)]
    [InlineData("sub int", "INVERTED", "INVERTED", MetricType.None)]
    [InlineData("sub flag", "BITMAP", "BITMAP", MetricType.None)]
    [InlineData("sub int", "", "AUTOINDEX", MetricType.None)]
    [InlineData("sub int", "STL_SORT", "STL_SORT", MetricType.None)]
    [InlineData("text", "NGRAM {\"min_gram\":\"2\",\"max_gram\":3}", "NGRAM", MetricType.None)]
    [InlineData("json", "INVERTED {\"json_cast_type\":\"double\",\"json_path\":\"j[\\\"a\\\"][0]\"}", "INVERTED", MetricType.None)]
    public void A_sound_request_is_accepted(string field, string request, string type, MetricType metric)
    {
        var index = Check(field, request);
        Assert.Equal((type, metric), (index.IndexType, index.Metric));
    }

    [Fact]
    public void Autoindex_shows_exactly_type_and_metric()
    {
        Same(Properties(("index_type", "AUTOINDEX"), ("metric_type", "COSINE")), Check("float", "").Params);
        Same(Properties(("index_type", "AUTOINDEX"), ("metric_type", "IP")), IndexRules.Check(Fields["int"], "n", "", Properties(("metric_type", "IP"), ("index_type", "AUTOINDEX"))).Params);
        Same(Properties(("index_type", "AUTOINDEX"), ("metric_type", "L2")), IndexRules.Check(Fields["float"], "v", "", Properties(("metric_type", "l2"), ("params", "{}"))).Params);
    }

    [Fact]
    public void A_trie_keeps_the_spelling_of_the_request() => Same(Properties(("index_type", "TRIE")), Check("text", "TRIE").Params);

    [Fact]
    public void An_explicit_type_shows_what_was_sent()
    {
        var sent = Properties(("metric_type", "L2"), ("index_type", "HNSW"), ("params", "{\"M\":16,\"efConstruction\":200}"), ("mmap.enabled", "true"));
        var index = IndexRules.Check(Fields["float"], "v", "", sent);
        Same(sent, index.Params);
        Assert.Equal("M=16 efConstruction=200 mmap.enabled=true", string.Join(' ', index.BuildParams.Select(p => $"{p.Key}={p.Value}")));
    }

    [Fact]
    public void Type_and_metric_may_come_inside_the_nested_parameters()
    {
        var index = IndexRules.Check(Fields["float"], "v", "", Properties(("params", "{\"index_type\":\"HNSW\",\"metric_type\":\"ip\",\"M\":4}")));
        Assert.Equal(("HNSW", MetricType.IP), (index.IndexType, index.Metric));
        Assert.Contains(new Property("index_type", "HNSW"), index.Params);
        Assert.Contains(new Property("metric_type", "IP"), index.Params);
    }

    [Fact]
    public void Too_many_bytes_of_parameters_are_refused() =>
        Assert.Contains("index params size exceeds limit", Assert.Throws<MilvusException>(() => IndexRules.Check(Fields["float"], "v", "", Properties(("x", new string('y', 102400))))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("float", "", IndexPlanKind.Hnsw, 16, 128)]
    [InlineData("binary", "", IndexPlanKind.Hnsw, 18, 240)]
    [InlineData("sparse", "", IndexPlanKind.SparseInverted, 30, 360)]
    [InlineData("float", "HNSW L2", IndexPlanKind.Hnsw, 30, 360)]
    [InlineData("float", "HNSW_SQ L2 {\"M\":16,\"efConstruction\":\"200\"}", IndexPlanKind.Hnsw, 16, 200)]
    [InlineData("binary", "HNSW HAMMING {\"M\":5}", IndexPlanKind.Hnsw, 5, 360)]
    [InlineData("float", "DISKANN L2", IndexPlanKind.DiskGraph, 30, 360)]
    [InlineData("float", "AISAQ L2 {\"max_degree\":32}", IndexPlanKind.DiskGraph, 30, 360)]
    [InlineData("float", "IVF_FLAT L2", IndexPlanKind.Ivf, 30, 360)]
    [InlineData("float", "SCANN L2", IndexPlanKind.Ivf, 30, 360)]
    [InlineData("float", "FLAT L2", IndexPlanKind.Flat, 30, 360)]
    [InlineData("float", "GPU_CAGRA L2 {\"graph_degree\":64}", IndexPlanKind.Hnsw, 32, 240)]
    [InlineData("binary", "BIN_IVF_FLAT HAMMING", IndexPlanKind.Ivf, 30, 360)]
    [InlineData("bm25", "SPARSE_WAND BM25", IndexPlanKind.SparseInverted, 30, 360)]
    [InlineData("int", "INVERTED", IndexPlanKind.None, 30, 360)]
    public void A_plan_says_what_is_built(string field, string request, IndexPlanKind kind, int m, int efConstruction)
    {
        var plan = IndexPlan.Resolve(Check(field, request), Fields[field]);
        Assert.Equal((kind, m, efConstruction), (plan.Kind, plan.M, plan.EfConstruction));
    }

    [Theory]
    [InlineData("HNSW L2", RowCoding.None, 1, 1, 0, RowCoding.None)]
    [InlineData("HNSW_SQ L2 {\"sq_type\":\"SQ8\",\"refine\":true}", RowCoding.None, 1, 1, 0, RowCoding.None)]
    [InlineData("HNSW_SQ L2 {\"sq_type\":\"sq4u\",\"refine\":\"true\",\"refine_type\":\"fp16\"}", RowCoding.Scalar4, 1, 1, 0, RowCoding.Float16)]
    [InlineData("HNSW_SQ IP {\"sq_type\":\"SQ6\",\"refine_type\":\"SQ8\"}", RowCoding.Scalar6, 1, 1, 0, RowCoding.None)]
    [InlineData("HNSW_SQ IP {\"sq_type\":\"BF16\",\"refine\":true,\"refine_type\":\"FP32\"}", RowCoding.BFloat16, 1, 1, 0, RowCoding.Exact)]
    [InlineData("HNSW_PQ L2 {\"m\":4,\"nbits\":24,\"refine\":true}", RowCoding.Product, 4, 1, 12, RowCoding.Exact)]
    [InlineData("HNSW_PRQ COSINE {\"nrq\":3}", RowCoding.Product, 2, 3, 8, RowCoding.None)]
    public void A_plan_says_by_what_a_graph_is_searched(string request, RowCoding coding, int parts, int stages, int bits, RowCoding refinement)
    {
        var codes = IndexPlan.Resolve(Check("float", request), Fields["float"]).RowCodes;
        Assert.Equal(coding == RowCoding.None ? null : new RowCodeParameters(coding) { Parts = parts, Stages = stages, Bits = bits, Refinement = refinement }, codes);
    }

    [Theory]
    [InlineData("DISKANN L2", 56, 100, 0.125, 0.1, null, null, false, 256)]
    [InlineData("DISKANN L2 {\"max_degree\":-1,\"search_list_size\":100.0,\"pq_code_budget_gb_ratio\":-0.1,\"search_cache_budget_gb_ratio\":true}", 56, 100, 0.125, 0.1, null, null, false, 256)]
    [InlineData("DISKANN L2 {\"max_degree\":2049,\"search_list_size\":0}", 56, 100, 0.125, 0.1, null, null, false, 256)]
    [InlineData("DISKANN L2 {\"max_degree\":24,\"search_list_size\":50,\"pq_code_budget_gb_ratio\":0.05,\"search_cache_budget_gb_ratio\":\"0.5\"}", 24, 50, 0.05, 0.5, null, null, false, 256)]
    [InlineData("DISKANN IP {\"pq_code_budget_gb\":0.5,\"search_cache_budget_gb\":0.25}", 56, 100, 0.125, 0.1, 1L << 29, 1L << 28, false, 256)]
    [InlineData("AISAQ COSINE", 56, 100, 0.125, 0.0, null, null, true, 100)]
    [InlineData("AISAQ COSINE {\"num_entry_points\":7,\"max_degree\":32}", 32, 100, 0.125, 0.0, null, null, true, 7)]
    [InlineData("AISAQ COSINE {\"inline_pq\":-1,\"pq_cache_size\":1000000}", 56, 100, 0.125, 0.0, null, 1000000L, true, 100)]
    [InlineData("AISAQ COSINE {\"inline_pq\":20}", 20, 100, 0.125, 0.0, null, null, true, 100)]
    [InlineData("AISAQ COSINE {\"inline_pq\":0}", 56, 100, 0.125, 0.0, null, null, false, 100)]
    public void A_plan_says_how_a_graph_on_disk_is_made(
        string request, int degree, int list, double codeRatio, double cacheRatio, long? codeBytes, long? cacheBytes, bool inline, int entries)
    {
        var disk = IndexPlan.Resolve(Check("float", request), Fields["float"]).Disk!;
        Assert.Equal((degree, list, inline, entries), (disk.MaxDegree, disk.BuildList, disk.InlineCodes, disk.EntryPoints));
        Assert.Equal((codeRatio, cacheRatio, codeBytes, cacheBytes), (disk.CodeRatio, disk.CacheRatio, disk.CodeBytes, disk.CacheBytes));
    }

    [Theory]
    [InlineData("DISKANN L2", 1f)]
    [InlineData("DISKANN L2 {\"alpha\":1.2}", 1.2f)]
    [InlineData("DISKANN L2 {\"alpha\":0.5}", 1f)]
    public void A_plan_says_how_links_are_thinned(string request, float alpha) =>
        Assert.Equal(alpha, IndexPlan.Resolve(Check("float", request), Fields["float"]).Disk!.Alpha);

    [Theory]
    [InlineData("IVF_SQ8 L2", null)]
    [InlineData("IVF_SQ8 L2 {\"refine\":false,\"refine_type\":\"SQ8\"}", RowCoding.None)]
    [InlineData("IVF_SQ8 L2 {\"refine\":true}", RowCoding.Exact)]
    [InlineData("IVF_RABITQ L2 {\"refine\":\"true\",\"refine_type\":\"sq6\"}", RowCoding.Scalar6)]
    [InlineData("IVF_RABITQ_FASTSCAN L2 {\"refine\":true,\"refine_type\":\"SQ8\"}", RowCoding.Scalar8)]
    [InlineData("IVF_PQ L2 {\"m\":4,\"refine\":true,\"refine_type\":\"FP16\"}", RowCoding.Float16)]
    [InlineData("IVF_PQ L2 {\"m\":4,\"refine\":true,\"refine_type\":\"flat\"}", RowCoding.Exact)]
    [InlineData("SCANN L2", null)]
    [InlineData("SCANN L2 {\"with_raw_data\":true}", null)]
    [InlineData("SCANN L2 {\"with_raw_data\":false}", RowCoding.None)]
    [InlineData("IVF_FLAT L2 {\"refine\":true}", null)]
    public void A_plan_says_what_refines_lists(string request, RowCoding? refinement) =>
        Assert.Equal(refinement, IndexPlan.Resolve(Check("float", request), Fields["float"]).Ivf!.Refinement);

    [Theory]
    [InlineData("IVF_FLAT L2", 128, IvfCoding.Raw, 8, 1)]
    [InlineData("IVF_FLAT L2 {\"nlist\":\"77\"}", 77, IvfCoding.Raw, 8, 1)]
    [InlineData("IVF_SQ8 L2", 128, IvfCoding.Scalar, 8, 1)]
    [InlineData("IVF_SQ8 L2 {\"sq_type\":\"sq4\"}", 128, IvfCoding.Scalar, 4, 1)]
    [InlineData("IVF_PQ IP {\"m\":4}", 128, IvfCoding.Product, 8, 4)]
    [InlineData("IVF_PQ IP {\"m\":4,\"nbits\":24}", 128, IvfCoding.Product, 12, 4)]
    [InlineData("IVF_RABITQ COSINE", 128, IvfCoding.RaBitQ, 1, 1)]
    [InlineData("IVF_RABITQ COSINE {\"rbq_bits\":9}", 128, IvfCoding.RaBitQ, 9, 1)]
    [InlineData("IVF_RABITQ_FASTSCAN COSINE", 128, IvfCoding.RaBitQ, 1, 1)]
    [InlineData("SCANN L2 {\"sub_dim\":4}", 128, IvfCoding.Product, 4, 0)]
    public void A_plan_says_how_lists_are_coded(string request, int lists, IvfCoding coding, int bits, int parts)
    {
        var plan = IndexPlan.Resolve(Check("float", request), Fields["float"]).Ivf!;
        if (parts == 0) parts = Fields["float"].Dimension / 4;
        Assert.Equal((lists, coding, bits, parts), (plan.Lists, plan.Coding, plan.Bits, plan.Parts));
    }

    [Theory]
    [InlineData("json", "j", "")]
    [InlineData("json", "j[\"a\"]['b']", "/a/b")]
    [InlineData("json", "j[\"a/b~\"][12]", "/a~1b~0/12")]
    [InlineData("dynamic", "color", "/color")]
    [InlineData("dynamic", "$meta[\"color\"]", "/color")]
    [InlineData("dynamic", "a[\"b\"]", "/a/b")]
    public void Json_paths_have_one_spelling(string field, string path, string expected) => Assert.Equal(expected, JsonPaths.Normalize(Fields[field], path));
}
