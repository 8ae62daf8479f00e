using Milvus.Model;
using Milvus.Vectors.Tests.Ivf;

namespace Milvus.Vectors.Tests.Persistence;

public sealed class IvfFileTests
{
    private static readonly VectorStore Store = IvfData.Clustered(DataType.FloatVector, 16, 1500);

    public static TheoryData<IvfCoding, int, int> Codings => new()
    {
        { IvfCoding.Raw, 8, 1 },
        { IvfCoding.Scalar, 8, 1 },
        { IvfCoding.Scalar, 6, 1 },
        { IvfCoding.Scalar, 4, 1 },
        { IvfCoding.Product, 4, 8 },
        { IvfCoding.Product, 6, 4 },
        { IvfCoding.Product, 9, 2 },
        { IvfCoding.RaBitQ, 1, 1 },
        { IvfCoding.RaBitQ, 5, 1 },
    };

    [Theory]
    [MemberData(nameof(Codings))]
    public void What_was_saved_answers_the_same(IvfCoding coding, int bits, int parts)
    {
        IvfIndex index = Build(coding, bits, parts);
        byte[] bytes = TestVectors.Saved(index);
        IvfIndex loaded = Assert.IsType<IvfIndex>(VectorIndexFile.Load(new MemoryStream([.. bytes, 1, 2]), Store, "index"));
        Assert.Equal(index.Parameters, loaded.Parameters);
        Assert.Equal((index.Metric, index.MemoryBytes, index.ListCount), (loaded.Metric, loaded.MemoryBytes, loaded.ListCount));
        Assert.Equal(bytes, TestVectors.Saved(loaded));
        Assert.Equal(bytes, TestVectors.Saved(Build(coding, bits, parts)));
        TopK before = new(), after = new();
        for (int row = 0; row < 1500; row += 100)
        {
            index.Search(Store.Row(row), DataType.FloatVector, new VectorSearchParameters(7), default, before);
            loaded.Search(Store.Row(row), DataType.FloatVector, new VectorSearchParameters(7), default, after);
            Assert.Equal(before.Rows, after.Rows);
            Assert.Equal(before.Scores, after.Scores);
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Damage_and_truncation_are_noticed_and_named(IvfCoding coding, int bits, int parts)
    {
        byte[] bytes = TestVectors.Saved(Build(coding, bits, parts));
        foreach (int position in Enumerable.Range(0, 110).Concat(Enumerable.Range(0, 100).Select(i => (int)((long)i * bytes.Length / 100))).Append(bytes.Length - 1))
        {
            byte[] damaged = [.. bytes];
            damaged[position] ^= (byte)(1 << (position % 8));
            IntegrityException problem = Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(damaged), Store, "v.idx"));
            Assert.Equal("v.idx", problem.DamagedSource);
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(bytes[..position]), Store, "v.idx"));
        }
    }

    [Fact]
    public void Damage_of_codes_that_refine_is_noticed()
    {
        byte[] bytes = TestVectors.Saved(IvfBuilder.Build(
            Store, MetricType.L2, new IvfParameters { Lists = 20, Coding = IvfCoding.RaBitQ, Bits = 1, Refinement = RowCoding.Scalar8 }));
        foreach (int position in Enumerable.Range(0, 110).Concat(Enumerable.Range(0, 60).Select(i => (int)((long)i * bytes.Length / 60))).Append(bytes.Length - 1))
        {
            byte[] damaged = [.. bytes];
            damaged[position] ^= (byte)(1 << (position % 8));
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(damaged), Store, "v.idx"));
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(bytes[..position]), Store, "v.idx"));
        }
    }

    [Fact]
    public void Files_with_a_refinement_say_so_by_their_version_and_those_that_did_not_still_open()
    {
        IvfIndex index = IvfBuilder.Build(Store, MetricType.L2, new IvfParameters { Lists = 20, Coding = IvfCoding.Scalar, Bits = 4, Refinement = RowCoding.Float16 });
        IndexHeader described = IvfFile.Describe(index, new IndexHeader { Kind = VectorIndexKind.Ivf, Metric = MetricType.L2, Type = Store.Type, Dimension = Store.Dimension, Rows = Store.Count });
        Assert.Equal(IndexHeader.VersionWithCodes, described.FormatVersion);
        Assert.Equal(TestVectors.Saved(index, isAligned: false), Written(index, described));
        IvfIndex older = Assert.IsType<IvfIndex>(VectorIndexFile.Load(new MemoryStream(Written(index, described with { FormatVersion = IndexHeader.Version })), Store, "v.idx"));
        Assert.Equal(index.Parameters, older.Parameters);
        Assert.Equal(TestVectors.Saved(index), TestVectors.Saved(older));

        IvfIndex plain = Build(IvfCoding.Scalar, 4, 1);
        IndexHeader without = IvfFile.Describe(plain, described with { FormatVersion = IndexHeader.Version });
        Assert.Equal(IndexHeader.Version, without.FormatVersion);
        Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(Written(plain, without with { FormatVersion = IndexHeader.VersionWithCodes })), Store, "v.idx"));
    }

    private static byte[] Written(IvfIndex index, IndexHeader header)
    {
        var target = new MemoryStream();
        var writer = new BlockWriter(target, header.Write(target));
        IvfFile.Write(index, writer);
        writer.Flush();
        return target.ToArray();
    }

    [Fact]
    public unsafe void Lists_that_name_a_row_twice_are_refused_even_with_right_checksums()
    {
        IvfIndex index = Build(IvfCoding.Raw, 8, 1);
        index.Lists.Rows[3] = index.Lists.Rows[4];
        Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(TestVectors.Saved(index)), Store, "v.idx"));
    }

    private static IvfIndex Build(IvfCoding coding, int bits, int parts) =>
        IvfBuilder.Build(Store, MetricType.L2, new IvfParameters { Lists = 20, Coding = coding, Bits = bits, Parts = parts });
}
