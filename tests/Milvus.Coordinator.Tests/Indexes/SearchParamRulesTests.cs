using Milvus.Coordinator.Indexes;
using Milvus.Model;

namespace Milvus.Coordinator.Tests.Indexes;

public class SearchParamRulesTests
{
    private static IndexInfo Index(string type) => new() { Id = 1, Name = "i", FieldId = 101, FieldName = "v", IndexType = type };

    [Theory]
    [InlineData("HNSW", "{\"ef\":1}", 10, "ef(1) should be larger than k(10)")]
    [InlineData("HNSW", "{\"ef\":\"9\"}", 10, "ef(9) should be larger than k(10)")]
    [InlineData("HNSW", "{\"ef\":32.0}", 10, "Type conflict in json: param 'ef' (32.0) should be integer")]
    [InlineData("HNSW", "{\"ef\":true}", 10, "Type conflict in json: param 'ef' (true) should be integer")]
    [InlineData("HNSW", "{\"ef\":null}", 10, "Type conflict in json: param 'ef' (null) should be integer")]
    [InlineData("HNSW", "{\"ef\":[32]}", 10, "Type conflict in json: param 'ef' ([32]) should be integer")]
    [InlineData("HNSW_SQ", "{\"refine_k\":true}", 10, "Type conflict in json: param 'refine_k' (true) should be a number")]
    [InlineData("HNSW_SQ", "{\"refine_k\":null}", 10, "Type conflict in json: param 'refine_k' (null) should be a number")]
    [InlineData("HNSW_SQ", "{\"refine_k\":-1.0}", 10, "Out of range in json: param 'refine_k' (-1.0)")]
    [InlineData("HNSW_SQ", "{\"refine_k\":\"\"}", 10, "invalid float value")]
    [InlineData("SPARSE_WAND", "{\"search_algo\":null}", 10, "Type conflict in json: param 'search_algo' (null) should be a string")]
    [InlineData("HNSW", "{\"ef\":\"x\"}", 10, "invalid integer value, key: 'ef', value: 'x'")]
    [InlineData("HNSW", "{\"ef\":0}", 10, "Out of range in json: param 'ef' (0) should be in range [1, 2147483647]")]
    [InlineData("AUTOINDEX", "{\"ef\":0}", 10, "Out of range in json: param 'ef' (0)")]
    [InlineData("HNSW_SQ", "{\"ef\":64,\"refine_k\":0.5}", 10, "Out of range in json: param 'refine_k' (0.5) should be in range [1.000000, 340282346638528859811704183484516925440.000000]")]
    [InlineData("IVF_FLAT", "{\"nprobe\":0}", 10, "Out of range in json: param 'nprobe' (0) should be in range [1, 65536]")]
    [InlineData("IVF_FLAT", "{\"nprobe\":65537}", 10, "param 'nprobe' (65537)")]
    [InlineData("DISKANN", "{\"search_list\":1}", 10, "search_list_size(1) should be larger than k(10)")]
    [InlineData("DISKANN", "{\"search_list_size\":1}", 10, "search_list_size(1) should be larger than k(10)")]
    [InlineData("SCANN", "{\"reorder_k\":5}", 10, "reorder_k(5) should be larger than k(10)")]
    [InlineData("SPARSE_INVERTED_INDEX", "{\"drop_ratio_search\":1.0}", 10, "param 'drop_ratio_search' (1.0) should be in range [0.000000, 1.000000)")]
    [InlineData("SPARSE_WAND", "{\"dim_max_score_ratio\":\"0.49\"}", 10, "param 'dim_max_score_ratio' (0.49) should be in range [0.500000, 1.300000]")]
    [InlineData("HNSW", "{\"range_filter\":1}", 10, "range_filter requires radius to be set")]
    [InlineData("HNSW", "{\"radius\":1,\"range_filter\":1}", 10, "metric type (L2), range_filter(1) must be less than radius(1)")]
    [InlineData("HNSW", "{\"radius\":[0.1]}", 10, "type must be number, but is array")]
    [InlineData("HNSW", "{\"radius\":1,\"range_filter\":\"str\"}", 10, "type must be number, but is string")]
    [InlineData("HNSW", "{\"radius\":true}", 10, "type must be number, but is boolean")]
    [InlineData("HNSW", "{\"radius\":\"NaN\"}", 10, "type must be number, but is string")]
    [InlineData("FAISS", "{\"efSearch\":\"invalid\"}", 10, "param 'efSearch' expects a number, but got invalid")]
    [InlineData("FAISS", "{\"nprobe\":true}", 10, "param 'nprobe' expects a number, but got true")]
    [InlineData("FAISS", "{\"k_factor\":\"0\"}", 10, "Out of range in json: param 'k_factor' (0.0) should be in range [1.000000, 2147483647.000000]")]
    [InlineData("HNSW", "[1]", 10, "search params should be a JSON object")]
    [InlineData("HNSW", "{", 10, "failed to parse search params")]
    public void A_parameter_with_a_fault_is_refused(string type, string json, long k, string text)
    {
        var error = Assert.Throws<MilvusException>(() => SearchParamRules.Parse(Index(type), MetricType.L2, json, k));
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.InvalidParameter, error.Code);
    }

    [Fact]
    public void Similarities_range_the_other_way()
    {
        Assert.Contains("metric type (IP), range_filter(0.5) must be greater than radius(0.8)",
            Assert.Throws<MilvusException>(() => SearchParamRules.Parse(Index("HNSW"), MetricType.IP, "{\"radius\":0.8,\"range_filter\":0.5}", 1)).Message, StringComparison.Ordinal);
        var p = SearchParamRules.Parse(Index("HNSW"), MetricType.Cosine, "{\"radius\":\"-0.5\",\"range_filter\":0.8,\"ef\":1}", 10);
        Assert.Equal((-0.5, 0.8, 1), (p.Radius, p.RangeFilter, p.Candidates));
    }

    [Fact]
    public void Sound_parameters_are_read()
    {
        var p = SearchParamRules.Parse(Index("HNSW"), MetricType.L2, "{\"ef\":64,\"nprobe\":8,\"hints\":\"iterative_filter\",\"level\":2,\"x\":null}", 10);
        Assert.Equal((64, (int?)null), (p.Candidates, p.Nprobe));
        Assert.Equal("hints=iterative_filter level=2 nprobe=8", string.Join(' ', p.Others.Select(o => $"{o.Key}={o.Value}")));
        Assert.Equal(0.3, SearchParamRules.Parse(Index("SPARSE_WAND"), MetricType.IP, "{\"drop_ratio_search\":0.3}", 10).DropRatio);
        Assert.Equal(16, SearchParamRules.Parse(Index("IVF_FLAT"), MetricType.L2, "{\"nprobe\":\"16\"}", 10).Nprobe);
        Assert.Equal(5, SearchParamRules.Parse(Index("AUTOINDEX"), MetricType.L2, "{\"ef\":5}", 10).Candidates);
        Assert.Equal(80, SearchParamRules.Parse(Index("FAISS"), MetricType.L2, "{\"efSearch\":\"80\",\"nprobe\":8,\"k_factor\":4}", 10).Candidates);
        foreach (var none in new[] { null, "", "null", "{}" }) Assert.Null(SearchParamRules.Parse(null, MetricType.L2, none, 10).Candidates);
    }

    [Fact]
    public void A_metric_must_be_the_indexs()
    {
        SearchParamRules.CheckMetric(MetricType.Cosine, "");
        SearchParamRules.CheckMetric(MetricType.Cosine, "cosine");
        Assert.Equal("metric type not match: invalid parameter[expected=COSINE][actual=L2]",
            Assert.Throws<MilvusException>(() => SearchParamRules.CheckMetric(MetricType.Cosine, "L2")).Message);
    }
}
