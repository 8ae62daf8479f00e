using Milvus.Model;

namespace Milvus.Vectors.Tests.Ivf;

/// <summary>What chooses the hits of coded lists: their codes, other codes, or the vectors.</summary>
public sealed class IvfRefinementTests
{
    private const int Dimension = 48;
    private const int Lists = 40;

    private static readonly VectorStore Store = IvfData.Clustered(DataType.FloatVector, Dimension, 4000);
    private static readonly byte[] Queries = IvfData.Near(Store, 60);
    private static readonly VectorSearchParameters All = new(10) { Nprobe = Lists };

    public static TheoryData<IvfCoding, int, int> Coarse => new()
    {
        { IvfCoding.Scalar, 4, 1 },
        { IvfCoding.Product, 4, 6 },
        { IvfCoding.Product, 8, 4 },
        { IvfCoding.RaBitQ, 1, 1 },
    };

    [Theory]
    [MemberData(nameof(Coarse))]
    public void Codes_alone_choose_worse_and_take_no_heed_of_candidates(IvfCoding coding, int bits, int parts)
    {
        foreach (MetricType metric in new[] { MetricType.L2, MetricType.IP, MetricType.Cosine })
        {
            IvfIndex alone = Build(metric, coding, bits, parts, RowCoding.None);
            double own = Recall(Build(metric, coding, bits, parts, null), All), codes = Recall(alone, All);
            Assert.True(codes < own - 0.03, $"{metric}: {codes} by codes alone, {own} otherwise");
            Assert.Equal(codes, Recall(alone, All with { RefineFactor = 8 }));
        }
    }

    [Theory]
    [MemberData(nameof(Coarse))]
    public void More_candidates_find_more_up_to_what_the_refinement_tells_apart(IvfCoding coding, int bits, int parts)
    {
        double codes = Recall(Build(MetricType.L2, coding, bits, parts, RowCoding.None), All);
        foreach (RowCoding refinement in new[] { RowCoding.Scalar6, RowCoding.Scalar8, RowCoding.Float16, RowCoding.BFloat16, RowCoding.Exact })
        {
            IvfIndex index = Build(MetricType.L2, coding, bits, parts, refinement);
            double[] recalls = [.. new[] { 1.01f, 2f, 8f, 400f }.Select(factor => Recall(index, All with { RefineFactor = factor }))];
            Assert.True(recalls[0] < recalls[2] && recalls[1] <= recalls[2] && codes < recalls[1], $"{refinement}: {string.Join(' ', recalls)}, {codes} by codes alone");

            // With every row a candidate the refinement alone decides.
            Assert.True(recalls[3] >= refinement switch { RowCoding.Exact => 1, RowCoding.Scalar6 => 0.9, _ => 0.97 }, $"{refinement}: {recalls[3]}");
        }
    }

    [Fact]
    public void Codes_that_refine_take_room_and_are_kept()
    {
        foreach ((RowCoding refinement, int bytes) in new[] { (RowCoding.Scalar6, 48 * 64 / 48 * 6 / 8), (RowCoding.Scalar8, 64), (RowCoding.Float16, 96), (RowCoding.BFloat16, 96) })
        {
            IvfIndex plain = Build(MetricType.Cosine, IvfCoding.Product, 4, 12, null), refined = Build(MetricType.Cosine, IvfCoding.Product, 4, 12, refinement);
            Assert.InRange((refined.MemoryBytes - plain.MemoryBytes) / 4000.0, bytes, bytes + 6);
            var stream = new MemoryStream();
            VectorIndexFile.Save(refined, stream);
            stream.Position = 0;
            IvfIndex loaded = Assert.IsType<IvfIndex>(VectorIndexFile.Load(stream, Store, "v"));
            Assert.Equal(refined.Parameters, loaded.Parameters);
            Assert.Equal(refined.MemoryBytes, loaded.MemoryBytes);
            TopK before = new(), after = new();
            for (int q = 0; q < 20; q++)
            {
                refined.Search(Queries.AsSpan(q * Store.RowBytes, Store.RowBytes), DataType.FloatVector, new VectorSearchParameters(7), default, before);
                loaded.Search(Queries.AsSpan(q * Store.RowBytes, Store.RowBytes), DataType.FloatVector, new VectorSearchParameters(7), default, after);
                Assert.Equal(before.Rows, after.Rows);
            }
        }
    }

    [Fact]
    public void A_query_of_few_bits_ranks_worse_but_rules_nothing_out()
    {
        IvfIndex codes = Build(MetricType.L2, IvfCoding.RaBitQ, 5, 1, RowCoding.None), own = Build(MetricType.L2, IvfCoding.RaBitQ, 5, 1, null);
        double[] recalls = [.. new int?[] { 1, 3, 8, 0, null }.Select(bits => Recall(codes, All with { QueryBits = bits }))];
        Assert.True(recalls[0] < recalls[1] - 0.03 && recalls[1] < recalls[2], string.Join(' ', recalls));
        Assert.Equal(recalls[2], recalls[4], 0.02);
        Assert.Equal(recalls[3], recalls[4]);
        foreach (int bits in new[] { 1, 3, 8 })
        {
            double recall = Recall(own, All with { QueryBits = bits });
            Assert.True(recall > 0.97, $"{bits} bits: {recall}");
        }
    }

    [Fact]
    public void Only_codes_are_refined_and_not_by_product_codes()
    {
        Assert.Throws<ArgumentException>(() => IvfBuilder.Build(Store, MetricType.L2, new IvfParameters { Refinement = RowCoding.Exact }));
        Assert.Throws<ArgumentException>(() => Build(MetricType.L2, IvfCoding.Scalar, 8, 1, RowCoding.Product));
    }

    [Fact]
    public void Lists_of_vectors_hold_little_beside_them()
    {
        VectorStore wide = IvfData.Clustered(DataType.FloatVector, 256, 6000);
        IvfIndex index = IvfBuilder.Build(wide, MetricType.L2, new IvfParameters { Lists = 64 });
        Assert.InRange(index.MemoryBytes, 0, wide.MemoryBytes * 0.03);
    }

    private static double Recall(IvfIndex index, VectorSearchParameters parameters) => IvfData.Recall(index, Queries, parameters);

    private static IvfIndex Build(MetricType metric, IvfCoding coding, int bits, int parts, RowCoding? refinement)
    {
        var parameters = new IvfParameters { Lists = Lists, Coding = coding, Bits = bits, Parts = parts, Refinement = refinement };
        IvfIndex index = IvfBuilder.Build(Store, metric, parameters);
        return new IvfIndex(index.Store, metric, index.Parameters, index.Centroids, index.Lists, index.Codes, index.Refinement) { AlwaysProbe = true };
    }
}
