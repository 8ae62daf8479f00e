using Milvus.Model;
using Milvus.Vectors.Tests.Hnsw;

namespace Milvus.Vectors.Tests.Persistence;

public sealed class VectorIndexFileTests
{
    private static readonly VectorStore Store = TestVectors.Store(
        DataType.FloatVector, 8, TestVectors.Clustered(new Random(1), DataType.FloatVector, 8, 900, 9));

    private static readonly HnswIndex Index = HnswBuilder.Build(Store, MetricType.Cosine, new HnswParameters { M = 4, EfConstruction = 40, Seed = 3 });

    [Fact]
    public void What_was_saved_answers_the_same()
    {
        VectorIndex loaded = VectorIndexFile.Load(new MemoryStream(TestVectors.Saved(Index)), Store, "index");
        HnswIndex graph = Assert.IsType<HnswIndex>(loaded);
        Assert.Equal(Index.Parameters, graph.Parameters);
        Assert.Equal(MetricType.Cosine, graph.Metric);
        Assert.Equal(Index.MemoryBytes, graph.MemoryBytes);
        Assert.Equal(TestVectors.Saved(Index), TestVectors.Saved(graph));
        var before = new TopK();
        var after = new TopK();
        for (int row = 0; row < 900; row += 50)
        {
            Index.Search(Store.Row(row), DataType.FloatVector, new VectorSearchParameters(7), default, before);
            loaded.Search(Store.Row(row), DataType.FloatVector, new VectorSearchParameters(7), default, after);
            Assert.Equal(before.Rows, after.Rows);
            Assert.Equal(before.Scores, after.Scores);
        }
    }

    [Fact]
    public void Flat_and_empty_indexes_come_back()
    {
        VectorIndex flat = VectorIndexFile.Load(new MemoryStream(TestVectors.Saved(new FlatIndex(Store, MetricType.IP))), Store, "index");
        Assert.Equal((VectorIndexKind.Flat, MetricType.IP, 900), (flat.Kind, flat.Metric, flat.Count));
        VectorStore none = VectorStore.Create(DataType.BinaryVector, 16, 0);
        HnswIndex empty = HnswBuilder.Build(none, MetricType.Jaccard, new HnswParameters());
        Assert.Equal(0, VectorIndexFile.Load(new MemoryStream(TestVectors.Saved(empty)), none, "index").Count);
    }

    [Fact]
    public void Reads_nothing_behind_the_index_and_survives_short_reads()
    {
        byte[] bytes = [.. TestVectors.Saved(Index), 1, 2, 3];
        using var stream = new Dribble(bytes);
        VectorIndexFile.Load(stream, Store, "index");
        Assert.Equal(bytes.Length - 3, stream.Position);
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_noticed_and_named()
    {
        byte[] bytes = TestVectors.Saved(Index);
        foreach (int position in Enumerable.Range(0, 100).Concat(Enumerable.Range(0, 200).Select(i => (int)((long)i * bytes.Length / 200))).Append(bytes.Length - 1))
        {
            byte[] damaged = [.. bytes];
            damaged[position] ^= (byte)(1 << (position % 8));
            IntegrityException problem = Assert.Throws<IntegrityException>(
                () => VectorIndexFile.Load(new MemoryStream(damaged), Store, "segments/7/vector.idx"));
            Assert.Equal("segments/7/vector.idx", problem.DamagedSource);
        }
    }

    [Fact]
    public void Every_truncation_is_noticed()
    {
        byte[] bytes = TestVectors.Saved(Index);
        foreach (int length in Enumerable.Range(0, 90).Concat(Enumerable.Range(0, 50).Select(i => (int)((long)i * bytes.Length / 50))).Append(bytes.Length - 1))
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(bytes[..length]), Store, "index"));
    }

    [Fact]
    public void Links_out_of_bounds_are_refused_even_with_right_checksums()
    {
        HnswGraph broken = HnswLevels.Draw(900, 4, 3);
        unsafe
        {
            broken.BaseLayer.Links(17)[0] = 900;
        }

        byte[] bytes = TestVectors.Saved(new HnswIndex(Store, MetricType.Cosine, Index.Parameters, broken));
        Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(bytes), Store, "index"));
    }

    [Fact]
    public void An_index_of_other_data_is_refused()
    {
        byte[] bytes = TestVectors.Saved(Index);
        VectorStore fewer = TestVectors.Store(DataType.FloatVector, 8, TestVectors.Random(new Random(1), DataType.FloatVector, 8, 899));
        VectorStore wider = TestVectors.Store(DataType.FloatVector, 9, TestVectors.Random(new Random(1), DataType.FloatVector, 9, 900));
        Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(bytes), fewer, "index"));
        Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(bytes), wider, "index"));
    }

    [Fact]
    public void Exchanged_blocks_are_noticed()
    {
        var target = new MemoryStream();
        var writer = new BlockWriter(target, 5);
        writer.Write(new byte[3 * BlockWriter.BlockBytes]);
        writer.Flush();
        byte[] bytes = target.ToArray();
        int stride = BlockWriter.BlockBytes + 4;
        byte[] exchanged = [.. bytes[..stride], .. bytes[(2 * stride)..], .. bytes[stride..(2 * stride)]];
        new BlockReader(new MemoryStream(bytes), "index", 5, 3 * BlockWriter.BlockBytes).Read(new byte[3 * BlockWriter.BlockBytes]);
        Assert.Throws<IntegrityException>(
            () => new BlockReader(new MemoryStream(exchanged), "index", 5, 3 * BlockWriter.BlockBytes).Read(new byte[3 * BlockWriter.BlockBytes]));
    }

    /// <summary>Version 1 is frozen: these bytes must load for ever.</summary>
    [Fact]
    public void Version_1_still_loads()
    {
        VectorStore store = TestVectors.Store(DataType.Int8Vector, 2, [1, 0, 2, 0, 3, 0]);
        VectorIndex index = VectorIndexFile.Load(new MemoryStream(Convert.FromHexString(Version1)), store, "index");
        Assert.Equal(Version1, Convert.ToHexString(TestVectors.Saved(index, isAligned: false)));
        var found = new TopK();
        HnswSearchTests.Traversing((HnswIndex)index).Search([3, 0], DataType.Int8Vector, new VectorSearchParameters(2), default, found);
        Assert.Equal([2, 1], found.Rows);
    }

    /// <summary>So is the layout of version 17, and what is written now: the same with the width of the beam.</summary>
    [Fact]
    public void Version_17_still_opens_and_version_49_is_what_is_written()
    {
        VectorStore store = TestVectors.Store(DataType.Int8Vector, 2, [1, 0, 2, 0, 3, 0]);
        VectorIndex index = VectorIndexFile.Load(new MemoryStream(Convert.FromHexString(Version1)), store, "index");
        Assert.Equal(Version49, Convert.ToHexString(TestVectors.Saved(index)));
        foreach (string file in (string[])[Version17, Version49])
            Assert.Equal(Version49, Convert.ToHexString(TestVectors.Saved(VectorIndexFile.Load(new MemoryStream(Convert.FromHexString(file)), store, "index"))));
    }

    private const string Version49 =
        "4D564543494E445831000000500000000200000001000000690000000200000003000000020000000800000005000000000000006000000000000000030000000200"
        + "0000010000001000000053DA0B9B88010000000000002CCEB39600000000000000000000000000000000000000000000000000000000000000002455490301000000"
        + "02000000FFFFFFFFFFFFFFFF0000000002000000FFFFFFFFFFFFFFFF0100000000000000FFFFFFFFFFFFFFFF00000000000000000000000000000000000000000200"
        + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000002000000"
        + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001000000FFFFFFFF0000"
        + "0000FFFFFFFF000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000020000000000000000000000"
        + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000"
        + "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000FFFFFFFFFFFFFFFF";

    private const string Version17 =
        "4D564543494E4458110000004C0000000200000001000000690000000200000003000000020000000800000005000000000000006000000000000000020000000200"
        + "00000100000032D0074288010000000000002CCEB396000000000000000000000000000000000000000000000000000000000000000000000000260742E501000000"
        + "02000000FFFFFFFFFFFFFFFF0000000002000000FFFFFFFFFFFFFFFF0100000000000000FFFFFFFFFFFFFFFF00000000000000000000000000000000000000000200"
        + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000002000000"
        + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001000000FFFFFFFF0000"
        + "0000FFFFFFFF000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000020000000000000000000000"
        + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000"
        + "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000FFFFFFFFFFFFFFFF";

    private const string Version1 =
        "4D564543494E4458010000004C0000000200000001000000690000000200000003000000020000000800000005000000000000006000000000000000020000000200"
        + "000001000000C5606C1B0100000002000000FFFFFFFFFFFFFFFF0000000002000000FFFFFFFFFFFFFFFF0100000000000000FFFFFFFFFFFFFFFF0000000002000000"
        + "000000000200000001000000FFFFFFFF00000000FFFFFFFF0200000001000000FFFFFFFFFFFFFFFFAD1DC92B";

    [Fact]
    public void Kinds_without_a_second_version_have_none()
    {
        var header = new IndexHeader
        {
            Kind = VectorIndexKind.Flat,
            Metric = MetricType.L2,
            Type = DataType.Int8Vector,
            Dimension = 2,
            Rows = 1,
            FormatVersion = IndexHeader.VersionWithCodes,
        };
        var target = new MemoryStream();
        header.Write(target);
        VectorStore store = TestVectors.Store(DataType.Int8Vector, 2, [1, 0]);
        Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(target.ToArray()), store, "index"));
    }

    private sealed class Dribble(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1000));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 1000)]);
    }
}
