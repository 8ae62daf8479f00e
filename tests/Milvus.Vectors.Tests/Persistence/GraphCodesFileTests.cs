using Milvus.Model;
using Milvus.Vectors.Tests.Hnsw;

namespace Milvus.Vectors.Tests.Persistence;

/// <summary>Byte codes behind a graph: what comes back is what was there, and files from before they were stored still open.</summary>
public sealed class GraphCodesFileTests
{
    private const int Rows = 4200;

    public static TheoryData<GraphCodes, DataType, MetricType, int, bool> Cases => new()
    {
        { GraphCodes.Bytes, DataType.FloatVector, MetricType.L2, 130, true },
        { GraphCodes.Bytes, DataType.FloatVector, MetricType.IP, 130, false },
        { GraphCodes.Bytes, DataType.Float16Vector, MetricType.Cosine, 136, true },
        { GraphCodes.Bytes, DataType.Int8Vector, MetricType.L2, 20, false },
        { GraphCodes.Signs, DataType.FloatVector, MetricType.Cosine, 270, true },
        { GraphCodes.Signs, DataType.FloatVector, MetricType.L2, 270, false },
        { GraphCodes.Signs, DataType.BFloat16Vector, MetricType.IP, 30, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Codes_come_back_as_they_were(GraphCodes codes, DataType type, MetricType metric, int dimension, bool isNearSubspace)
    {
        VectorStore store = isNearSubspace ? NearSubspace(type, dimension) : TestVectors.Store(type, dimension, TestVectors.Clustered(new Random(3), type, dimension, 1200, 12));
        HnswIndex index = HnswBuilder.Build(store, metric, new HnswParameters { M = 16, EfConstruction = 40, Codes = codes, Threads = 2 });
        Assert.Equal(isNearSubspace, index.Coded!.Rows.Space.IsReduced);
        byte[] saved = TestVectors.Saved(index);
        HnswIndex loaded = Assert.IsType<HnswIndex>(VectorIndexFile.Load(new MemoryStream(saved), store, "index"));
        Assert.Equal(saved, TestVectors.Saved(loaded));
        Assert.Equal(index.Form, loaded.Form);
        Assert.Equal(index.MemoryBytes, loaded.MemoryBytes);
        AssertSameAnswers(index, loaded);

        // Less memory than the file was made for.
        HnswIndex bytes = Assert.IsType<HnswIndex>(VectorIndexFile.Load(new MemoryStream(saved), store, "index", GraphCodes.Bytes));
        Assert.Null(bytes.Coded!.Neighbours);
        AssertSameAnswers(index.Within(GraphCodes.Bytes), bytes);
        Assert.Null(Assert.IsType<HnswIndex>(VectorIndexFile.Load(new MemoryStream(saved), store, "index", GraphCodes.None)).Coded);
    }

    [Fact]
    public void Codes_are_read_and_not_made_again()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 24, TestVectors.Clustered(new Random(3), DataType.FloatVector, 24, 900, 12));
        VectorStore others = TestVectors.Store(DataType.FloatVector, 24, TestVectors.Random(new Random(8), DataType.FloatVector, 24, 900));
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 4, EfConstruction = 40, Codes = GraphCodes.Bytes });
        HnswIndex loaded = Assert.IsType<HnswIndex>(VectorIndexFile.Load(new MemoryStream(TestVectors.Saved(index)), others, "index"));
        Assert.Equal(TestVectors.Saved(index), TestVectors.Saved(loaded));
    }

    [Theory]
    [InlineData(VectorIndexKind.HnswBytes)]
    [InlineData(VectorIndexKind.HnswSigns)]
    public void Files_without_codes_still_open(VectorIndexKind kind)
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 300, TestVectors.Clustered(new Random(3), DataType.FloatVector, 300, 900, 12));
        GraphCodes codes = kind == VectorIndexKind.HnswBytes ? GraphCodes.Bytes : GraphCodes.Signs;
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 16, EfConstruction = 40, Codes = codes });
        var target = new MemoryStream();
        IndexHeader header = Header(index, kind);
        var writer = new BlockWriter(target, header.Write(target));
        GraphFile.Write(index.Graph, writer);
        writer.Flush();
        HnswIndex loaded = Assert.IsType<HnswIndex>(VectorIndexFile.Load(new MemoryStream(target.ToArray()), store, "index"));
        Assert.Equal(TestVectors.Saved(index), TestVectors.Saved(loaded));
        AssertSameAnswers(index, loaded);
    }

    [Fact]
    public void Codes_that_contradict_themselves_are_refused_even_with_right_checksums()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 24, TestVectors.Clustered(new Random(3), DataType.FloatVector, 24, 300, 12));
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 4, EfConstruction = 40, Codes = GraphCodes.Bytes });
        byte[] payload = Payload(index);
        long graph = Header(index, VectorIndexKind.HnswBytes).PayloadBytes;
        Load(payload);
        // Version, flags, components of the subspace, steps, bytes of a code.
        foreach ((int at, byte value) in new (int, byte)[] { (0, 7), (4, 2), (16, 64), (23, 0xFF), (27, 0x7F), (32, 32) })
        {
            byte[] changed = [.. payload];
            changed[graph + at] = value;
            if (at is 23 or 27)
                changed[graph + at - 1] = 0xFF;
            Assert.Throws<IntegrityException>(() => Load(changed));
        }

        Assert.Throws<IntegrityException>(() => Load(payload[..^4]));
        Assert.Throws<IntegrityException>(() => Load(payload[..(int)graph]));
        Assert.Throws<IntegrityException>(() => Load(payload[..(int)(graph + 8)]));

        void Load(byte[] bytes)
        {
            var target = new MemoryStream();
            IndexHeader header = Header(index, VectorIndexKind.HnswBytes) with { FormatVersion = IndexHeader.VersionWithCodes, PayloadBytes = bytes.Length };
            var writer = new BlockWriter(target, header.Write(target));
            writer.Write(bytes);
            writer.Flush();
            VectorIndexFile.Load(new MemoryStream(target.ToArray()), store, "index");
        }
    }

    private static IndexHeader Header(HnswIndex index, VectorIndexKind kind)
    {
        int[] counts = [.. index.Graph.Upper.Select(level => level.Count)];
        return new IndexHeader
        {
            Kind = kind,
            Metric = index.Metric,
            Type = index.Store.Type,
            Dimension = index.Store.Dimension,
            Rows = index.Count,
            M = index.Parameters.M,
            EfConstruction = index.Parameters.EfConstruction,
            Seed = index.Parameters.Seed,
            LevelCounts = counts,
            PayloadBytes = GraphFile.Bytes(index.Count, index.Parameters.M, counts),
        };
    }

    private static byte[] Payload(HnswIndex index)
    {
        var target = new MemoryStream();
        var writer = new BlockWriter(target, 0);
        GraphFile.Write(index.Graph, writer);
        GraphCodesFile.Write(index.Coded!.Rows, writer);
        writer.Flush();
        // One block: its checksum is what comes last.
        return target.ToArray()[..^sizeof(uint)];
    }

    private static void AssertSameAnswers(HnswIndex one, HnswIndex other)
    {
        var before = new TopK();
        var after = new TopK();
        for (int row = 0; row < one.Count; row += 97)
        {
            HnswSearchTests.Traversing(one).Search(one.Store.Row(row), one.Store.Type, new VectorSearchParameters(9) { Ef = 30 }, default, before);
            HnswSearchTests.Traversing(other).Search(one.Store.Row(row), one.Store.Type, new VectorSearchParameters(9) { Ef = 30 }, default, after);
            Assert.Equal(before.Rows, after.Rows);
            Assert.Equal(before.Scores, after.Scores);
        }
    }

    /// <summary>Rows whose components from the 21st on are zero.</summary>
    private static VectorStore NearSubspace(DataType type, int dimension)
    {
        const int Hidden = 20;
        int bytes = type.VectorBytes(1);
        byte[] dense = TestVectors.Random(new Random(4), type, Hidden, Rows);
        var rows = new byte[Rows * dimension * bytes];
        for (int row = 0; row < Rows; row++)
            dense.AsSpan(row * Hidden * bytes, Hidden * bytes).CopyTo(rows.AsSpan(row * dimension * bytes));
        return TestVectors.Store(type, dimension, rows);
    }
}
