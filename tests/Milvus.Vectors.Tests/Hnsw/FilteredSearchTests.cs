using FsCheck;
using FsCheck.Fluent;
using Milvus.Model;

namespace Milvus.Vectors.Tests.Hnsw;

public sealed class FilteredSearchTests
{
    private const int Rows = 2000;
    private const int Dimension = 12;

    private static readonly VectorStore Store = TestVectors.Store(
        DataType.FloatVector, Dimension, TestVectors.Clustered(new Random(1), DataType.FloatVector, Dimension, Rows, 25));

    private static readonly HnswIndex Index = HnswBuilder.Build(Store, MetricType.L2, new HnswParameters { M = 8, EfConstruction = 60 });

    [Fact]
    public void Returns_min_of_k_and_matches_and_only_rows_that_pass()
    {
        Gen<(int Seed, int Permille, int K, int Ef, bool Traverse)> cases =
            from seed in Gen.Choose(0, int.MaxValue)
            from permille in Gen.OneOf(Gen.Choose(0, 20), Gen.Choose(0, 1000))
            from k in Gen.OneOf(Gen.Choose(1, 20), Gen.Choose(1, 2500))
            from ef in Gen.Choose(1, 200)
            from traverse in Gen.Elements(true, false)
            select (seed, permille, k, ef, traverse);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(new Replay(new Rnd(42, 1), Microsoft.FSharp.Core.FSharpOption<int>.None)),
            Prop.ForAll(cases.ToArbitrary(), c => Holds(c.Seed, c.Permille, c.K, c.Ef, c.Traverse)));
    }

    [Fact]
    public void Few_passing_rows_are_answered_exactly()
    {
        var random = new Random(9);
        var found = new TopK();
        for (int round = 0; round < 40; round++)
        {
            ulong[] bits = TestVectors.Bits(Rows, _ => random.Next(50) == 0);
            byte[] query = TestVectors.Random(random, DataType.FloatVector, Dimension, 1);
            Index.Search(query, DataType.FloatVector, new VectorSearchParameters(10), new RowFilter(bits), found);
            int[] expected = [.. TestVectors.Scan(Store, MetricType.L2, query, row => ((bits[row / 64] >> (row % 64)) & 1) != 0).Take(10).Select(hit => hit.Row)];
            Assert.Equal(expected, found.Rows);
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(50)]
    [InlineData(90)]
    public void Traversal_keeps_its_recall_under_a_filter(int percent)
    {
        var random = new Random(percent);
        ulong[] bits = TestVectors.Bits(Rows, _ => random.Next(100) < percent);
        HnswIndex index = HnswSearchTests.Traversing(Index);
        var exact = new FlatIndex(Store, MetricType.L2);
        var expected = new TopK();
        var found = new TopK();
        int hits = 0;
        for (int round = 0; round < 50; round++)
        {
            byte[] query = Store.Row(random.Next(Rows)).ToArray();
            exact.Search(query, DataType.FloatVector, new VectorSearchParameters(10), new RowFilter(bits), expected);
            index.Search(query, DataType.FloatVector, new VectorSearchParameters(10) { Ef = 64 }, new RowFilter(bits), found);
            hits += found.Rows.ToArray().Intersect(expected.Rows.ToArray()).Count();
        }

        Assert.True(hits >= 490, $"{hits} of 500");
    }

    [Fact]
    public void A_filter_that_keeps_only_far_rows_is_still_answered_fully()
    {
        byte[] query = Store.Row(0).ToArray();
        int[] far = [.. TestVectors.Scan(Store, MetricType.L2, query).Skip(Rows - 700).Select(hit => hit.Row)];
        ulong[] bits = TestVectors.Bits(Rows, far.Contains);
        var found = new TopK();
        HnswSearchTests.Traversing(Index).Search(query, DataType.FloatVector, new VectorSearchParameters(300), new RowFilter(bits), found);
        Assert.Equal(far[..300], found.Rows);
    }

    private static bool Holds(int seed, int permille, int k, int ef, bool traverse)
    {
        var random = new Random(seed);
        bool[] passes = [.. Enumerable.Range(0, Rows).Select(_ => random.Next(1000) < permille)];
        ulong[] bits = TestVectors.Bits(Rows, row => passes[row]);
        byte[] query = TestVectors.Random(random, DataType.FloatVector, Dimension, 1);
        var found = new TopK();
        HnswIndex index = traverse ? HnswSearchTests.Traversing(Index) : Index;
        index.Search(query, DataType.FloatVector, new VectorSearchParameters(k) { Ef = ef }, new RowFilter(bits), found);
        int[] rows = found.Rows.ToArray();
        float[] scores = found.Scores.ToArray();
        return rows.All(row => passes[row])
            && rows.Distinct().Count() == rows.Length
            && rows.Length == Math.Min(k, passes.Count(pass => pass))
            && scores.SequenceEqual(scores.Order());
    }
}
