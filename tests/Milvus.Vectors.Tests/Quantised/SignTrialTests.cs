using Milvus.Model;

namespace Milvus.Vectors.Tests.Quantised;

public sealed class SignTrialTests
{
    private const int Rows = 4000;
    private const int Dimension = CodedTraversal.WidestInsteadOfSigns + 8;

    [Fact]
    public void Signs_lead_searches_of_rows_near_a_subspace()
    {
        HnswIndex index = Build(TestVectors.Embedded(new Random(3), Dimension, Rows, 20, 24, 0.2));
        Assert.NotNull(index.Coded!.Neighbours);
    }

    [Fact]
    public void Rows_around_centres_in_all_directions_alike_are_searched_by_bytes()
    {
        HnswIndex index = Build(TestVectors.Clustered(new Random(3), DataType.FloatVector, Dimension, Rows, 20));
        Assert.Null(index.Coded!.Neighbours);
        var exact = new FlatIndex(index.Store, MetricType.L2);
        TopK expected = new(), found = new();
        int hits = 0;
        for (int row = 0; row < Rows; row += 40)
        {
            byte[] query = index.Store.Row(row).ToArray();
            exact.Search(query, DataType.FloatVector, new VectorSearchParameters(10), RowFilter.All, expected);
            index.Search(query, DataType.FloatVector, new VectorSearchParameters(10) { Ef = 64 }, RowFilter.All, found);
            hits += expected.Rows.ToArray().Intersect(found.Rows.ToArray()).Count();
        }

        Assert.True(hits >= 950, $"{hits} of 1000");
    }

    private static HnswIndex Build(byte[] rows) => HnswBuilder.Build(
        TestVectors.Store(DataType.FloatVector, Dimension, rows), MetricType.L2, new HnswParameters { M = 16, EfConstruction = 128, Codes = GraphCodes.Signs, Threads = 2 });
}
