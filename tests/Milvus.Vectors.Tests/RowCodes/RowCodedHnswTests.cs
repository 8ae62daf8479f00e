using Milvus.Model;
using Milvus.Vectors.Tests.Hnsw;

namespace Milvus.Vectors.Tests.Coded;

/// <summary>Graphs with codes of their rows: what HNSW_SQ, HNSW_PQ and HNSW_PRQ are.</summary>
public sealed class RowCodedHnswTests
{
    private const int Rows = 3000;
    private const int Dimension = 48;

    public static TheoryData<RowCoding, MetricType> Codings
    {
        get
        {
            var cases = new TheoryData<RowCoding, MetricType>();
            foreach (RowCoding coding in new[] { RowCoding.Scalar4, RowCoding.Scalar6, RowCoding.Float16, RowCoding.BFloat16, RowCoding.Product })
            {
                foreach (MetricType metric in new[] { MetricType.L2, MetricType.IP, MetricType.Cosine })
                    cases.Add(coding, metric);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Refinement_finds_the_neighbours_and_scores_are_exact(RowCoding coding, MetricType metric)
    {
        (VectorStore store, byte[] queries) = Data(DataType.FloatVector);
        HnswIndex plain = Build(store, metric, Parameters(coding));
        HnswIndex exact = Build(store, metric, Parameters(coding) with { Refinement = RowCoding.Exact });
        HnswIndex halves = Build(store, metric, Parameters(coding) with { Refinement = RowCoding.Float16 });
        double without = Recall(plain, queries, null), with = Recall(exact, queries, 5), approximate = Recall(halves, queries, 5);
        Assert.True(with >= 0.94, $"recall {with}");
        Assert.True(approximate >= 0.93, $"recall {approximate}");
        Assert.True(without >= (coding is RowCoding.Float16 or RowCoding.BFloat16 ? 0.95 : coding == RowCoding.Scalar6 ? 0.85 : 0.5), $"recall {without}");
        Assert.True(without <= with + 0.02);
        Assert.True(plain.MemoryBytes == exact.MemoryBytes && halves.MemoryBytes > exact.MemoryBytes);

        var flat = new FlatIndex(store, metric);
        var all = new TopK();
        var found = new TopK();
        flat.Search(queries.AsSpan(0, store.RowBytes), DataType.FloatVector, new VectorSearchParameters(Rows), default, all);
        Dictionary<int, float> scores = all.Rows.ToArray().Zip(all.Scores.ToArray()).ToDictionary();
        HnswSearchTests.Traversing(plain).Search(queries.AsSpan(0, store.RowBytes), DataType.FloatVector, new VectorSearchParameters(25) { Ef = 60 }, default, found);
        Assert.Equal(25, found.Count);
        for (int i = 0; i < found.Count; i++)
            Assert.Equal(scores[found.Rows[i]], found.Scores[i]);
    }

    [Theory]
    [InlineData(RowCoding.Scalar4, DataType.Int8Vector)]
    [InlineData(RowCoding.Scalar6, DataType.Float16Vector)]
    [InlineData(RowCoding.Float16, DataType.BFloat16Vector)]
    [InlineData(RowCoding.Product, DataType.Int8Vector)]
    public void Other_types_of_vectors_are_coded_too(RowCoding coding, DataType type)
    {
        (VectorStore store, byte[] queries) = Data(type);
        double recall = Recall(Build(store, MetricType.L2, Parameters(coding) with { Refinement = RowCoding.Exact }), queries, 5);
        Assert.True(recall >= 0.93, $"recall {recall}");
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Comes_back_from_a_file_as_it_was_and_notices_damage(RowCoding coding, MetricType metric)
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 20, TestVectors.Clustered(new Random(4), DataType.FloatVector, 20, 1200, 20));
        HnswIndex index = Build(store, metric, RowCodesTests.Parameters(coding, 20) with { Refinement = metric == MetricType.IP ? RowCoding.Scalar8 : RowCoding.None });
        byte[] saved = TestVectors.Saved(index);
        Assert.Equal(saved, TestVectors.Saved(Build(store, metric, index.Parameters.RowCodes!)));
        HnswIndex loaded = Assert.IsType<HnswIndex>(VectorIndexFile.Load(new MemoryStream(saved), store, "index"));
        Assert.Equal(VectorIndexKind.HnswRowCodes, loaded.Kind);
        Assert.Equal(index.Parameters with { Threads = 1 }, loaded.Parameters);
        Assert.Equal(index.MemoryBytes, loaded.MemoryBytes);
        Assert.Equal(saved, TestVectors.Saved(loaded));
        TopK before = new(), after = new();
        for (int row = 0; row < 1200; row += 40)
        {
            var parameters = new VectorSearchParameters(9) { RefineFactor = 2 };
            HnswSearchTests.Traversing(index).Search(store.Row(row), DataType.FloatVector, parameters, default, before);
            HnswSearchTests.Traversing(loaded).Search(store.Row(row), DataType.FloatVector, parameters, default, after);
            Assert.Equal(before.Rows, after.Rows);
            Assert.Equal(before.Scores, after.Scores);
        }

        for (int position = 0; position < saved.Length; position += 1999)
        {
            byte[] damaged = [.. saved];
            damaged[position] ^= 4;
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(damaged), store, "index"));
        }

        foreach (int length in new[] { saved.Length - 1, saved.Length / 2, 30 })
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(saved, 0, length), store, "index"));
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Filters_and_ranges_give_what_passes(RowCoding coding, MetricType metric)
    {
        (VectorStore store, byte[] queries) = Data(DataType.FloatVector);
        HnswIndex index = HnswSearchTests.Traversing(Build(store, metric, Parameters(coding) with { Refinement = RowCoding.Exact }));
        var random = new Random(6);
        var found = new TopK();
        for (int round = 0; round < 30; round++)
        {
            int share = 1 << (round % 7);
            var words = new ulong[(Rows + 63) / 64];
            for (int row = 0; row < Rows; row++)
            {
                if (random.Next(share) == 0)
                    words[row >> 6] |= 1UL << row;
            }

            bool Passes(int row) => (words[row >> 6] >> row & 1) != 0;
            byte[] query = queries.AsSpan(round * store.RowBytes, store.RowBytes).ToArray();
            (int Row, double Score)[] exact = TestVectors.Scan(store, metric, query, Passes);
            float radius = (float)exact[Math.Min(exact.Length - 1, 15)].Score;
            var parameters = new VectorSearchParameters(12) { Ef = 100, RefineFactor = 4, Radius = round % 3 == 0 ? radius : null };
            index.Search(query, DataType.FloatVector, parameters, new RowFilter(words), found);
            foreach (int row in found.Rows)
                Assert.True(Passes(row));
            if (round % 3 != 0)
                Assert.Equal(Math.Min(12, exact.Length), found.Count);
            foreach (float score in found.Scores)
                Assert.True(round % 3 != 0 || (metric.LargerIsBetter() ? score > radius : score < radius));
            HashSet<int> best = [.. exact.Take(12).Select(e => e.Row)];
            int within = round % 3 == 0 ? exact.Count(e => metric.LargerIsBetter() ? e.Score > radius : e.Score < radius) : exact.Length;
            Assert.True(within > 0 && found.Rows.ToArray().Count(best.Contains) >= Math.Min(12, within) * 2 / 3);
        }
    }

    [Fact]
    public void Eight_bits_with_vectors_in_a_file_take_a_third_of_the_vectors()
    {
        // 100 000 rows of 768 floats: 110 MB are 1 100 bytes a row, with the graph's links by default.
        long perRow = GraphMemory.CodeBytes(DataType.FloatVector, 768, GraphCodes.Bytes) + HnswIndex.EstimateMemoryBytes(1000, 30) / 1000;
        Assert.InRange(perRow, 900, 1100);
    }

    [Fact]
    public void Nonsense_is_refused()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 6, new byte[24 * 10]);
        foreach (RowCodeParameters bad in new[]
        {
            new RowCodeParameters(RowCoding.None), new RowCodeParameters(RowCoding.Exact), new RowCodeParameters((RowCoding)99),
            new RowCodeParameters(RowCoding.Product) { Parts = 4, Bits = 8 }, new RowCodeParameters(RowCoding.Product) { Parts = 3, Bits = 13 },
            new RowCodeParameters(RowCoding.Scalar4) { Refinement = RowCoding.Product },
        })
        {
            Assert.Throws<ArgumentException>(() => Build(store, MetricType.L2, bad));
        }
    }

    private static RowCodeParameters Parameters(RowCoding coding) => coding == RowCoding.Product
        ? new RowCodeParameters(coding) { Parts = Dimension / 4, Bits = 8 }
        : new RowCodeParameters(coding);

    private static (VectorStore Store, byte[] Queries) Data(DataType type)
    {
        byte[] all = TestVectors.Clustered(new Random(2), type, Dimension, Rows + 40, 40, 0.6);
        int bytes = type.VectorBytes(Dimension);
        return (TestVectors.Store(type, Dimension, all[..(Rows * bytes)]), all[(Rows * bytes)..]);
    }

    private static HnswIndex Build(VectorStore store, MetricType metric, RowCodeParameters codes) =>
        HnswBuilder.Build(store, metric, new HnswParameters { M = 16, EfConstruction = 120, RowCodes = codes });

    private static double Recall(HnswIndex index, byte[] queries, float? refine)
    {
        HnswIndex traversing = HnswSearchTests.Traversing(index);
        int bytes = index.Store.RowBytes, hits = 0, count = queries.Length / bytes;
        var found = new TopK();
        for (int i = 0; i < count; i++)
        {
            byte[] query = queries.AsSpan(i * bytes, bytes).ToArray();
            HashSet<int> best = [.. TestVectors.Scan(index.Store, index.Metric, query).Take(10).Select(e => e.Row)];
            traversing.Search(query, index.Store.Type, new VectorSearchParameters(10) { Ef = 120, RefineFactor = refine }, default, found);
            hits += found.Rows.ToArray().Count(best.Contains);
        }

        return hits / (10.0 * count);
    }
}
