using Milvus.Model;

namespace Milvus.Vectors.Tests;

/// <summary>What every index must do, in one table: come back from its file, notice damage, agree with a scan, be built the same twice.</summary>
public sealed class EveryIndexTests
{
    private const int Rows = 1600;
    private const int Dimension = 32;
    private const int WideDimension = 288;

    private static readonly Dictionary<string, (DataType Type, MetricType Metric, int Dimension, Func<VectorStore, MetricType, VectorIndex> Build)> Kinds = new()
    {
        ["FLAT"] = (DataType.FloatVector, MetricType.L2, Dimension, (store, metric) => new FlatIndex(store, metric)),
        ["BIN_FLAT"] = (DataType.BinaryVector, MetricType.Jaccard, 8 * Dimension, (store, metric) => new FlatIndex(store, metric)),
        ["HNSW by vectors"] = (DataType.FloatVector, MetricType.IP, Dimension, Graph(GraphCodes.None)),
        ["HNSW by bytes"] = (DataType.FloatVector, MetricType.L2, Dimension, Graph(GraphCodes.Bytes)),
        ["HNSW of bfloat16"] = (DataType.BFloat16Vector, MetricType.Cosine, Dimension, Graph(GraphCodes.Bytes)),
        ["HNSW of int8"] = (DataType.Int8Vector, MetricType.L2, Dimension, Graph(GraphCodes.Bytes)),
        ["HNSW by 1-bit codes"] = (DataType.FloatVector, MetricType.Cosine, WideDimension, Graph(GraphCodes.Signs)),
        ["HNSW of bits"] = (DataType.BinaryVector, MetricType.Hamming, 8 * Dimension, Graph(GraphCodes.None)),
        ["IVF_FLAT"] = (DataType.FloatVector, MetricType.L2, Dimension, Lists(IvfCoding.Raw, 8)),
        ["IVF_FLAT of float16"] = (DataType.Float16Vector, MetricType.Cosine, Dimension, Lists(IvfCoding.Raw, 8)),
        ["IVF_SQ8"] = (DataType.FloatVector, MetricType.IP, Dimension, Lists(IvfCoding.Scalar, 8)),
        ["IVF with 4-bit scalars"] = (DataType.FloatVector, MetricType.L2, Dimension, Lists(IvfCoding.Scalar, 4)),
        ["IVF_PQ"] = (DataType.FloatVector, MetricType.L2, Dimension, Lists(IvfCoding.Product, 8)),
        ["SCANN"] = (DataType.FloatVector, MetricType.Cosine, Dimension, Lists(IvfCoding.Product, 4)),
        ["IVF_RABITQ"] = (DataType.FloatVector, MetricType.L2, Dimension, Lists(IvfCoding.RaBitQ, 1)),
        ["IVF_RABITQ of 4 bits"] = (DataType.FloatVector, MetricType.IP, Dimension, Lists(IvfCoding.RaBitQ, 4)),
        ["BIN_IVF_FLAT"] = (DataType.BinaryVector, MetricType.Hamming, 8 * Dimension, Lists(IvfCoding.Raw, 8)),
    };

    public static TheoryData<string> Names
    {
        get
        {
            var names = new TheoryData<string>();
            foreach (string name in Kinds.Keys)
                names.Add(name);
            return names;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Comes_back_from_its_file_and_answers_the_same(string name)
    {
        (VectorIndex index, byte[] queries) = Build(name);
        byte[] saved = TestVectors.Saved(index);
        VectorIndex loaded = VectorIndexFile.Load(new MemoryStream(saved), index.Store, name);
        Assert.Equal((index.Kind, index.Metric, index.Count, index.MemoryBytes), (loaded.Kind, loaded.Metric, loaded.Count, loaded.MemoryBytes));
        Assert.Equal(saved, TestVectors.Saved(loaded));
        var before = new TopK();
        var after = new TopK();
        for (int at = 0; at < queries.Length; at += index.Store.RowBytes)
        {
            index.Search(queries.AsSpan(at, index.Store.RowBytes), index.Store.Type, new VectorSearchParameters(9), default, before);
            loaded.Search(queries.AsSpan(at, index.Store.RowBytes), index.Store.Type, new VectorSearchParameters(9), default, after);
            Assert.Equal(before.Rows, after.Rows);
            Assert.Equal(before.Scores, after.Scores);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damage_anywhere_is_noticed(string name)
    {
        (VectorIndex index, _) = Build(name);
        byte[] saved = TestVectors.Saved(index);
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = [.. saved];
            int position = i < 30 ? Math.Min(i, saved.Length - 1) : (int)((long)i * (saved.Length - 1) / 59);
            damaged[position] ^= (byte)(1 << (i % 8));
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(damaged), index.Store, name));
        }

        Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(saved[..^1]), index.Store, name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Agrees_with_a_scan(string name)
    {
        (VectorIndex index, byte[] queries) = Build(name);
        VectorStore store = index.Store;
        var flat = new FlatIndex(store, index.Metric);
        var random = new Random(3);
        var exact = new TopK();
        var found = new TopK();
        double hits = 0, expected = 0;
        for (int at = 0, round = 0; at < queries.Length; at += store.RowBytes, round++)
        {
            byte[] query = queries.AsSpan(at, store.RowBytes).ToArray();
            int percent = random.Next(1, 100);
            ulong[] bits = TestVectors.Bits(Rows, _ => random.Next(100) < percent);
            RowFilter filter = round % 2 == 0 ? default : new RowFilter(bits);
            var parameters = new VectorSearchParameters(10) { Ef = 150, Nprobe = 12 };
            flat.Search(query, store.Type, new VectorSearchParameters(Rows), filter, exact);
            Dictionary<int, float> scores = exact.Rows.ToArray().Zip(exact.Scores.ToArray()).ToDictionary();
            float last = exact.Scores[Math.Min(10, exact.Count) - 1];
            index.Search(query, store.Type, parameters, filter, found);
            Assert.Equal(Math.Min(10, exact.Count), found.Count);
            Assert.Equal(found.Rows.Length, found.Rows.ToArray().Distinct().Count());
            for (int i = 0; i < found.Count; i++)
            {
                Assert.True(scores.TryGetValue(found.Rows[i], out float score), "a row that does not pass");
                Assert.Equal(score, found.Scores[i], 1e-4 * (1 + Math.Abs(score)));
                hits += (index.Metric.LargerIsBetter() ? score >= last : score <= last) ? 1 : 0;
                expected++;
            }
        }

        Assert.True(hits >= 0.93 * expected, $"{hits} of {expected}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_seed_and_one_thread_give_one_file(string name) => Assert.Equal(TestVectors.Saved(Build(name).Index), TestVectors.Saved(Build(name).Index));

    private static Func<VectorStore, MetricType, VectorIndex> Graph(GraphCodes codes) =>
        (store, metric) => HnswBuilder.Build(store, metric, new HnswParameters { M = 16, EfConstruction = 80, Codes = codes });

    private static Func<VectorStore, MetricType, VectorIndex> Lists(IvfCoding coding, int bits) =>
        (store, metric) => IvfBuilder.Build(store, metric, new IvfParameters { Lists = 16, Coding = coding, Bits = bits, Parts = coding == IvfCoding.Product ? Dimension / 2 : 1 });

    private static (VectorIndex Index, byte[] Queries) Build(string name)
    {
        (DataType type, MetricType metric, int dimension, Func<VectorStore, MetricType, VectorIndex> build) = Kinds[name];
        byte[] all = TestVectors.Clustered(new Random(21), type, dimension, Rows + 30, 25, 0.6);
        int bytes = type.VectorBytes(dimension);
        return (build(TestVectors.Store(type, dimension, all[..(Rows * bytes)]), metric), all[(Rows * bytes)..]);
    }
}
