using Milvus.Model;

namespace Milvus.Vectors.Tests.Hnsw;

/// <summary>A beam that nobody names is as wide as the rows need it.</summary>
public sealed class BeamTrialTests
{
    private const int Rows = 6000;

    [Fact]
    public void Rows_that_are_all_about_as_far_get_a_wider_beam_and_are_found()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 200, TestVectors.Clustered(new Random(3), DataType.FloatVector, 200, Rows, 2));
        HnswIndex index = HnswSearchTests.Traversing(HnswBuilder.Build(store, MetricType.L2, Parameters));
        Assert.InRange(index.DefaultBeam, 24, 64);
        Assert.InRange(Recall(index, null), 0.95, 1);
        Assert.True(Recall(index, null) > Recall(index, 16));
    }

    [Fact]
    public void The_width_is_found_when_a_graph_is_built_and_kept_with_it()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 200, TestVectors.Clustered(new Random(3), DataType.FloatVector, 200, Rows, 2));
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, Parameters);
        int found = index.DefaultBeam;
        Assert.Equal(found, Loaded(TestVectors.Saved(index, isAligned: false), GraphCodes.Bytes).DefaultBeam);

        // A width that no trial finds: whoever loads or narrows the index does not try again.
        byte[] saved = TestVectors.Saved(index.Tried(40));
        Assert.Equal(40, Loaded(saved, GraphCodes.Bytes).DefaultBeam);
        Assert.Equal(40, Loaded(saved, GraphCodes.None).DefaultBeam);
        Assert.Equal(40, index.Within(GraphCodes.None).DefaultBeam);

        HnswIndex Loaded(byte[] file, GraphCodes codes) => (HnswIndex)VectorIndexFile.Load(new MemoryStream(file), store, "v.idx", codes);
    }

    [Fact]
    public void Others_keep_the_narrow_one()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 200, TestVectors.Embedded(new Random(3), 200, Rows, 60, 16, 0.1));
        Assert.Equal(16, HnswBuilder.Build(store, MetricType.Cosine, Parameters).DefaultBeam);
        VectorStore few = TestVectors.Store(DataType.FloatVector, 200, TestVectors.Clustered(new Random(3), DataType.FloatVector, 200, 1000, 2));
        Assert.Equal(16, HnswBuilder.Build(few, MetricType.L2, Parameters).DefaultBeam);
        VectorStore equal = TestVectors.Store(DataType.Int8Vector, 8, new byte[8 * Rows]);
        Assert.Equal(16, HnswBuilder.Build(equal, MetricType.L2, Parameters).DefaultBeam);
    }

    private static HnswParameters Parameters => new() { M = 16, EfConstruction = 100, Codes = GraphCodes.Bytes, Threads = 2 };

    private static double Recall(HnswIndex index, int? ef)
    {
        var exact = new FlatIndex(index.Store, index.Metric);
        TopK found = new(), expected = new();
        int hits = 0;
        for (int i = 0; i < 40; i++)
        {
            ReadOnlySpan<byte> query = index.Store.Row(i * 149);
            index.Search(query, DataType.FloatVector, new VectorSearchParameters(10) { Ef = ef }, RowFilter.All, found);
            exact.Search(query, DataType.FloatVector, new VectorSearchParameters(10), RowFilter.All, expected);
            hits += found.Rows.ToArray().Intersect(expected.Rows.ToArray()).Count();
        }

        return hits / 400.0;
    }
}
