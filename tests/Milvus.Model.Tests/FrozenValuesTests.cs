namespace Milvus.Model.Tests;

/// <summary>Numbers that stand in files and on the wire. Lines may be added, never changed.</summary>
public sealed class FrozenValuesTests
{
    [Fact]
    public void Data_types() => AssertFrozen<DataType>(
        "None=0 Bool=1 Int8=2 Int16=3 Int32=4 Int64=5 Float=10 Double=11 String=20 VarChar=21 Array=22 Json=23 Geometry=24 Text=25 Timestamptz=26 "
        + "BinaryVector=100 FloatVector=101 Float16Vector=102 BFloat16Vector=103 SparseFloatVector=104 Int8Vector=105 ArrayOfVector=106 "
        + "ArrayOfStruct=200 Struct=201");

    [Fact]
    public void Metrics() => AssertFrozen<MetricType>(
        "None=0 L2=1 IP=2 Cosine=3 Hamming=4 Jaccard=5 Substructure=6 Superstructure=7 BM25=8 MinHashJaccard=9 "
        + "MaxSimCosine=10 MaxSimIP=11 MaxSimL2=12 MaxSimHamming=13 MaxSimJaccard=14");

    [Fact]
    public void Consistency_levels() => AssertFrozen<ConsistencyLevel>("Strong=0 Session=1 Bounded=2 Eventually=3 Customized=4");

    [Fact]
    public void Function_types() => AssertFrozen<FunctionType>("Unknown=0 BM25=1 TextEmbedding=2 Rerank=3 MinHash=4 MolFingerprint=5");

    [Fact]
    public void Rows_of_a_block() => Assert.Equal(8192, ColumnLimits.BlockRows);

    [Fact]
    public void Every_metric_is_found_by_its_name()
    {
        foreach (var metric in Enum.GetValues<MetricType>().Where(m => m != MetricType.None))
        {
            Assert.True(MetricTypes.TryParse(metric.Name().ToLowerInvariant(), out var parsed));
            Assert.Equal(metric, parsed);
        }
        Assert.False(MetricTypes.TryParse("", out _));
        Assert.False(MetricTypes.TryParse(null, out _));
    }

    private static void AssertFrozen<T>(string values)
        where T : struct, Enum =>
        Assert.Equal(values, string.Join(' ', Enum.GetValues<T>().Order().Select(v => $"{v}={Convert.ToInt32(v)}")));
}
