using Milvus.Model;

namespace Milvus.Vectors.Tests.Quantised;

/// <summary>AUTOINDEX takes what is fastest within its means.</summary>
public sealed class AutoIndexPolicyTests
{
    private const long Plenty = 64L << 30;

    [Theory]
    [InlineData(DataType.FloatVector, 768, AutoIndexForm.NeighbourCodes)]
    [InlineData(DataType.FloatVector, 384, AutoIndexForm.NeighbourCodes)]
    [InlineData(DataType.FloatVector, 128, AutoIndexForm.ByteCodes)]
    [InlineData(DataType.Float16Vector, 768, AutoIndexForm.ByteCodes)]
    [InlineData(DataType.Int8Vector, 768, AutoIndexForm.ByteCodes)]
    public void Codes_stay_in_proportion_to_the_vectors(DataType type, int dimension, AutoIndexForm form) =>
        Assert.Equal(form, AutoIndexPolicy.Pick(type, dimension, 100_000, Plenty, mayUseDisk: true));

    [Fact]
    public void Less_memory_gives_smaller_forms()
    {
        AutoIndexForm last = AutoIndexForm.NeighbourCodes;
        var met = new HashSet<AutoIndexForm>();
        for (long available = 2L << 30; available >= 0; available -= 16 << 20)
        {
            AutoIndexForm form = AutoIndexPolicy.Pick(DataType.FloatVector, 768, 100_000, available, mayUseDisk: true);
            Assert.True(form >= last);
            Assert.True(100_000 * AutoIndexPolicy.BytesPerRow(form, DataType.FloatVector, 768) <= available);
            met.Add(last = form);
        }

        Assert.Equal(3, met.Count);
        Assert.Equal(AutoIndexForm.ByteCodes, AutoIndexPolicy.Pick(DataType.FloatVector, 768, 100_000, 0, mayUseDisk: false));
    }

    [Fact]
    public void The_default_takes_at_most_1_6_times_768_floats() =>
        Assert.InRange(AutoIndexPolicy.BytesPerRow(AutoIndexForm.NeighbourCodes, DataType.FloatVector, 768), 3072, 3072 * 16 / 10);

    [Theory]
    [InlineData(GraphCodes.Bytes, 70)]
    [InlineData(GraphCodes.Signs, 70)]
    [InlineData(GraphCodes.Signs, 128)]
    [InlineData(GraphCodes.Signs, 300)]
    public void Estimates_are_what_an_index_takes(GraphCodes codes, int dimension)
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, dimension, TestVectors.Embedded(new Random(1), dimension, 4000, 8, 24, 0.2));
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 16, EfConstruction = 20, Codes = codes });
        long estimate = 4000 * GraphMemory.AutoIndexBytes(DataType.FloatVector, dimension, codes);
        Assert.InRange(index.MemoryBytes, estimate * 95 / 100, estimate * 105 / 100);
    }

    [Fact]
    public void A_graph_made_for_more_codes_is_searched_by_fewer()
    {
        const int Dimension = 304;
        byte[] all = TestVectors.Embedded(new Random(1), Dimension, 3030, 40, 24, 0.2);
        VectorStore store = TestVectors.Store(DataType.FloatVector, Dimension, all[..(3000 * Dimension * sizeof(float))]);
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 16, EfConstruction = 80, Codes = GraphCodes.Signs });
        var saved = new MemoryStream();
        VectorIndexFile.Save(index, saved);
        saved.Position = 0;
        var loaded = (HnswIndex)VectorIndexFile.Load(saved, store, "index", GraphCodes.Bytes);
        HnswIndex narrowed = index.Within(GraphCodes.Bytes);
        Assert.Same(index, index.Within(GraphCodes.Signs));
        Assert.Equal(narrowed.MemoryBytes, loaded.MemoryBytes);
        Assert.True(loaded.MemoryBytes < index.MemoryBytes);
        var again = new MemoryStream();
        VectorIndexFile.Save(loaded, again);
        Assert.Equal(saved.ToArray(), again.ToArray());
        double recall = Hnsw.HnswSearchTests.Recall(loaded, all[(3000 * Dimension * sizeof(float))..], 10, 120);
        Assert.True(recall >= 0.97, $"recall {recall}");
    }
}
