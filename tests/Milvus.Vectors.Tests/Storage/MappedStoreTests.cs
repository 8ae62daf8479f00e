using Milvus.Model;

namespace Milvus.Vectors.Tests.Storage;

/// <summary>Rows that stay in a file are the same rows.</summary>
public sealed class MappedStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("milvus-test-").FullName;

    [Theory]
    [InlineData(DataType.FloatVector, 31)]
    [InlineData(DataType.Float16Vector, 31)]
    [InlineData(DataType.Int8Vector, 33)]
    [InlineData(DataType.BinaryVector, 40)]
    public void Rows_of_a_file_are_those_written(DataType type, int dimension)
    {
        byte[] rows = TestVectors.Random(new Random(1), type, dimension, 700);
        string path = Write(rows, 64);
        VectorStore store = VectorStore.Map(type, dimension, 700, path, 64);
        File.Delete(path);
        Assert.True(store.IsMapped);
        Assert.Equal(700, store.Count);
        Assert.InRange(store.MemoryBytes, 0, 64);
        for (int pass = 0; pass < 2; pass++)
        {
            for (int row = 0; row < 700; row++)
                Assert.Equal(rows.AsSpan(row * store.RowBytes, store.RowBytes), store.Row(row));
            store.Settle(isRandom: pass == 0);
        }

        Assert.Throws<InvalidOperationException>(() => store.Append(rows));
    }

    [Fact]
    public void A_store_in_a_new_file_fills_like_any_other_and_leaves_no_file()
    {
        byte[] rows = TestVectors.Random(new Random(2), DataType.FloatVector, 10, 500);
        VectorStore store = VectorStore.CreateMapped(DataType.FloatVector, 10, 500, Path.Combine(_directory, "copies"));
        store.Append(rows.AsSpan(0, 40 * 7));
        store.EnsureNorms();
        store.Append(rows.AsSpan(40 * 7));
        Assert.Equal(500, store.Count);
        Assert.Equal(rows.AsSpan(40 * 499), store.Row(499));
        Assert.InRange(store.MemoryBytes, 500 * sizeof(float), (500 * sizeof(float)) + 128);
        if (!OperatingSystem.IsWindows())
            Assert.Empty(Directory.GetFiles(Path.Combine(_directory, "copies")));
        Assert.False(VectorStore.CreateMapped(DataType.FloatVector, 10, 0, _directory).IsMapped);
    }

    [Fact]
    public void A_file_that_is_too_short_is_refused()
    {
        string path = Write(new byte[400], 64);
        Assert.Throws<IOException>(() => VectorStore.Map(DataType.FloatVector, 10, 11, path, 64));
        Assert.Throws<FileNotFoundException>(() => VectorStore.Map(DataType.FloatVector, 10, 1, path + "x", 64));
        Assert.Equal(10, VectorStore.Map(DataType.FloatVector, 10, 10, path, 64).Count);
    }

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.Cosine)]
    public void Every_index_answers_as_over_memory(MetricType metric)
    {
        const int Dimension = 24, Rows = 1500;
        byte[] rows = TestVectors.Clustered(new Random(5), DataType.FloatVector, Dimension, Rows, 12);
        VectorStore memory = TestVectors.Store(DataType.FloatVector, Dimension, rows);
        VectorStore mapped = VectorStore.Map(DataType.FloatVector, Dimension, Rows, Write(rows, 64), 64);
        Func<VectorStore, VectorIndex>[] builders =
        [
            store => new FlatIndex(store, metric, Rows),
            .. Enum.GetValues<GraphCodes>().Select(codes => (Func<VectorStore, VectorIndex>)(store =>
                HnswBuilder.Build(store, metric, new HnswParameters { M = 16, EfConstruction = 60, Codes = codes }))),
            store => IvfBuilder.Build(store, metric, new IvfParameters { Lists = 10 }),
            store => IvfBuilder.Build(store, metric, new IvfParameters { Lists = 10, Coding = IvfCoding.Scalar, Bits = 8 }),
        ];
        foreach (Func<VectorStore, VectorIndex> build in builders)
        {
            VectorIndex expected = build(memory), actual = build(mapped);
            mapped.Settle(isRandom: true);
            TopK one = new(), other = new();
            for (int i = 0; i < 20; i++)
            {
                var parameters = new VectorSearchParameters(7 + i) { Ef = 40, Radius = i % 3 == 0 && metric == MetricType.L2 ? 30 : null };
                expected.Search(memory.Row(i * 70), DataType.FloatVector, parameters, default, one);
                actual.Search(memory.Row(i * 70), DataType.FloatVector, parameters, default, other);
                Assert.Equal(one.Rows, other.Rows);
                Assert.Equal(one.Scores, other.Scores);
            }
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string Write(byte[] rows, int offset)
    {
        string path = Path.Combine(_directory, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, [.. new byte[offset], .. rows]);
        return path;
    }
}
