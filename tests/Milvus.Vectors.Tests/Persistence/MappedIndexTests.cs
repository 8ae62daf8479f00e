using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using Milvus.Model;
using Milvus.Vectors.Tests.Ivf;
using Milvus.Vectors.Tests.Sparse;

namespace Milvus.Vectors.Tests.Persistence;

/// <summary>An index that is used where it is in its file answers as one that was read, and lets go of the file when nobody needs it.</summary>
public sealed class MappedIndexTests : IDisposable
{
    private const int Rows = 1500;

    private static readonly VectorStore Store = IvfData.Clustered(DataType.FloatVector, 24, Rows);
    private static readonly VectorStore Odd = IvfData.Clustered(DataType.FloatVector, 24, Rows + 1);
    private static readonly VectorStore Bits = IvfData.Clustered(DataType.BinaryVector, 64, Rows);
    private static readonly Lazy<Dictionary<string, VectorIndex>> Built = new(() => Builders().ToDictionary(b => b.Name, b => b.Build()));

    private readonly string _directory = Directory.CreateTempSubdirectory("milvus-test-").FullName;

    public static TheoryData<string> Names => [.. Builders().Select(b => b.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Answers_are_those_from_memory_and_next_to_nothing_is_held(string name)
    {
        VectorIndex built = Built.Value[name];
        string path = Write(TestVectors.Saved(built));
        VectorIndex memory = Load(path, built.Store), mapped = VectorIndexFile.Map(Open(path), built.Store, path);
        // The mapping outlives the name, where the system allows that.
        if (!OperatingSystem.IsWindows())
            File.Delete(path);
        Assert.Equal(name != "FLAT", mapped.IsMapped);
        Assert.False(memory.IsMapped);
        Assert.Equal((memory.Kind, memory.Metric, memory.Count), (mapped.Kind, mapped.Metric, mapped.Count));
        Assert.InRange(mapped.MemoryBytes, 0, (name.Contains("PQ", StringComparison.Ordinal) ? 40_000 : 4_000) + (memory.MemoryBytes / 8));
        AssertSame(memory, mapped);
        Assert.Equal(TestVectors.Saved(memory), TestVectors.Saved(mapped));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Files_from_before_are_read_into_memory(string name)
    {
        VectorIndex built = Built.Value[name];
        string path = Write(TestVectors.Saved(built, isAligned: false));
        VectorIndex read = VectorIndexFile.Map(Open(path), built.Store, path);
        Assert.False(read.IsMapped);
        AssertSame(Load(path, built.Store), read);
        AssertSame(read, Load(Write(TestVectors.Saved(built)), built.Store));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damage_and_truncation_are_noticed_and_named_before_anything_is_served(string name)
    {
        VectorIndex built = Built.Value[name];
        byte[] bytes = TestVectors.Saved(built);
        foreach (int position in Enumerable.Range(0, 160).Concat(Enumerable.Range(0, 60).Select(i => (int)((long)i * bytes.Length / 60))).Append(bytes.Length - 1).Where(p => p < bytes.Length))
        {
            byte[] damaged = [.. bytes];
            damaged[position] ^= (byte)(1 << (position % 8));
            Assert.Equal("v.idx", Assert.Throws<IntegrityException>(() => VectorIndexFile.Map(Open(Write(damaged)), built.Store, "v.idx")).DamagedSource);
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(damaged), built.Store, "v.idx"));
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Map(Open(Write(bytes[..position])), built.Store, "v.idx"));
        }
    }

    [Fact]
    public unsafe void Everything_that_kernels_read_lies_on_cache_lines()
    {
        var graph = (HnswIndex)Map("HNSW, bytes");
        Assert.Equal(0, (nint)graph.Coded!.Rows.Rows.Pointer(0) % 64);
        Assert.Equal(0, (nint)graph.Graph.BaseLayer.Links(0) % 64);
        Assert.Equal(0, (nint)((HnswIndex)Map("HNSW_SQ6, refined")).RowCodes!.Codes.Rows.Pointer(0) % 64);
        Assert.Equal(0, (nint)((HnswIndex)Map("HNSW_SQ6, refined")).Refinement!.Codes.Rows.Pointer(0) % 64);
        var lists = (IvfIndex)Map("IVF_SQ8");
        Assert.Equal(0, (nint)lists.Lists.Rows % 64);
        GC.KeepAlive(graph);
        GC.KeepAlive(lists);
    }

    [Fact]
    public void A_released_index_is_unmapped_and_not_before_its_last_search_has_ended()
    {
        if (!OperatingSystem.IsLinux())
            return;
        foreach (string name in (string[])["HNSW, bytes", "IVF_SQ8", "IVF_PQ 4", "MINHASH_LSH"])
        {
            string path = Write(TestVectors.Saved(Built.Value[name]));
            (Thread[] searches, WeakReference released) = StartSearches(path, Built.Value[name]);
            while (searches.Any(s => s.IsAlive))
                Collect();
            Collect();
            Assert.False(released.IsAlive);
            Assert.DoesNotContain(path, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Sparse_lists_are_mapped_too()
    {
        foreach (MetricType metric in (MetricType[])[MetricType.IP, MetricType.BM25])
        {
            byte[][] rows = SparseData.Rows(new Random(7), 3000, 12, 200, true);
            SparseInvertedIndex built = SparseInvertedIndexBuilder.Build(SparseData.Store(rows), metric);
            var saved = new MemoryStream();
            SparseIndexFile.Save(built, saved);
            string path = Write(saved.ToArray());
            SparseInvertedIndex mapped = SparseIndexFile.Map(Open(path), path);
            if (!OperatingSystem.IsWindows())
                File.Delete(path);
            Assert.True(mapped.IsMapped);
            Assert.InRange(mapped.MemoryBytes, 0, 64);
            AssertSame(built, mapped, rows);

            var before = new MemoryStream();
            SparseIndexFile.Save(built, before, version: 2);
            SparseInvertedIndex read = SparseIndexFile.Map(Open(Write(before.ToArray())), "v.idx");
            Assert.False(read.IsMapped);
            AssertSame(built, read, rows);

            foreach (int position in Enumerable.Range(0, 80).Concat(Enumerable.Range(0, 60).Select(i => (int)((long)i * saved.Length / 60))))
            {
                byte[] damaged = saved.ToArray();
                damaged[position] ^= 4;
                Assert.Equal("v.idx", Assert.Throws<IntegrityException>(() => SparseIndexFile.Map(Open(Write(damaged)), "v.idx")).DamagedSource);
                Assert.Throws<IntegrityException>(() => SparseIndexFile.Map(Open(Write(saved.ToArray()[..position])), "v.idx"));
            }
        }
    }

    [Fact]
    public void As_many_bands_as_there_are_elements_can_be_read_again()
    {
        VectorStore store = IvfData.Clustered(DataType.BinaryVector, 8192, 3);
        MinHashIndex built = MinHashIndex.Build(store, new MinHashParameters { ElementBits = 8, Bands = 1024 });
        string path = Write(TestVectors.Saved(built));
        Assert.Equal(TestVectors.Saved(built), TestVectors.Saved(Load(path, store)));
        Assert.True(VectorIndexFile.Map(Open(path), store, path).IsMapped);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static IEnumerable<(string Name, Func<VectorIndex> Build)> Builders()
    {
        yield return ("FLAT", () => new FlatIndex(Store, MetricType.IP, Rows));
        foreach (GraphCodes codes in Enum.GetValues<GraphCodes>())
            yield return ($"HNSW, {codes.ToString().ToLowerInvariant()}", () => Graph(MetricType.Cosine, codes, null));
        yield return ("HNSW_SQ8", () => Graph(MetricType.L2, GraphCodes.None, new RowCodeParameters(RowCoding.Scalar8)));
        yield return ("HNSW_SQ6, refined", () => Graph(MetricType.L2, GraphCodes.None, new RowCodeParameters(RowCoding.Scalar6) { Refinement = RowCoding.Float16 }));
        yield return ("HNSW_PRQ", () => Graph(MetricType.IP, GraphCodes.None, new RowCodeParameters(RowCoding.Product) { Parts = 6, Stages = 2, Bits = 4 }));
        yield return ("IVF_FLAT", () => Lists(IvfCoding.Raw, 8, 1, null));
        yield return ("IVF_SQ8", () => Lists(IvfCoding.Scalar, 8, 1, null));
        // Codes that end between cache lines, nothing of their own behind them, and a refinement that starts with numbers.
        yield return ("IVF_SQ4, products, refined", () => IvfBuilder.Build(Odd, MetricType.IP, new IvfParameters { Lists = 20, Coding = IvfCoding.Scalar, Bits = 4, Refinement = RowCoding.Scalar8 }));
        yield return ("IVF_PQ 4", () => Lists(IvfCoding.Product, 4, 8, null));
        yield return ("IVF_PQ 9", () => Lists(IvfCoding.Product, 9, 4, null));
        yield return ("IVF_RABITQ", () => Lists(IvfCoding.RaBitQ, 1, 1, RowCoding.Scalar8));
        yield return ("BIN_IVF_FLAT", () => IvfBuilder.Build(Bits, MetricType.Hamming, new IvfParameters { Lists = 20 }));
        yield return ("MINHASH_LSH", () => MinHashIndex.Build(Bits, new MinHashParameters { ElementBits = 8, Bands = 4 }));
    }

    private static HnswIndex Graph(MetricType metric, GraphCodes codes, RowCodeParameters? rows) =>
        HnswBuilder.Build(Store, metric, new HnswParameters { M = 16, EfConstruction = 60, Codes = codes, RowCodes = rows });

    private static IvfIndex Lists(IvfCoding coding, int bits, int parts, RowCoding? refinement) =>
        IvfBuilder.Build(Store, MetricType.L2, new IvfParameters { Lists = 20, Coding = coding, Bits = bits, Parts = parts, Refinement = refinement });

    /// <summary>Threads that search an index which nothing else refers to.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (Thread[] Searches, WeakReference Released) StartSearches(string path, VectorIndex same)
    {
        VectorIndex mapped = VectorIndexFile.Map(Open(path), same.Store, path);
        File.Delete(path);
        Thread[] searches = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() => AssertSame(same, mapped)))];
        foreach (Thread search in searches)
            search.Start();
        return (searches, new WeakReference(mapped));
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static VectorIndex Load(string path, VectorStore store)
    {
        using FileStream file = File.OpenRead(path);
        return VectorIndexFile.Load(file, store, path, GraphCodes.Bytes);
    }

    private VectorIndex Map(string name)
    {
        string path = Write(TestVectors.Saved(Built.Value[name]));
        return VectorIndexFile.Map(Open(path), Built.Value[name].Store, path);
    }

    private static void AssertSame(VectorIndex expected, VectorIndex actual)
    {
        VectorStore store = expected.Store;
        byte[] queries = IvfData.Near(store, 24);
        TopK one = new(), other = new();
        for (int i = 0; i < 24; i++)
        {
            RowFilter filter = i % 3 == 0 ? new RowFilter(TestVectors.Bits(Rows, row => row % (1 << (i % 5)) == 0)) : default;
            var parameters = new VectorSearchParameters(3 + i) { Ef = 20, Nprobe = 5, Radius = i % 8 == 0 && expected.Metric == MetricType.L2 ? 12 : null };
            ReadOnlySpan<byte> query = queries.AsSpan(i * store.RowBytes, store.RowBytes);
            expected.Search(query, store.Type, parameters, filter, one);
            actual.Search(query, store.Type, parameters, filter, other);
            Assert.Equal(one.Rows, other.Rows);
            Assert.Equal(one.Scores, other.Scores);
        }
    }

    private static void AssertSame(SparseInvertedIndex expected, SparseInvertedIndex actual, byte[][] rows)
    {
        TopK one = new(), other = new();
        foreach (SparseAlgorithm algorithm in Enum.GetValues<SparseAlgorithm>())
        {
            for (int i = 0; i < 12; i++)
            {
                var parameters = new SparseSearchParameters(5 + i) { Algorithm = algorithm, Scoring = expected.Metric == MetricType.BM25 ? SparseData.Scoring(rows) : null };
                byte[] query = SparseData.Row(new Random(i), 6, 200, true);
                expected.Search(query, parameters, RowFilter.All, one);
                actual.Search(query, parameters, RowFilter.All, other);
                Assert.Equal(one.Rows, other.Rows);
                Assert.Equal(one.Scores, other.Scores);
            }
        }
    }

    private static SafeFileHandle Open(string path) => File.OpenHandle(path, share: FileShare.Read | FileShare.Delete);

    private string Write(byte[] bytes)
    {
        string path = Path.Combine(_directory, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
