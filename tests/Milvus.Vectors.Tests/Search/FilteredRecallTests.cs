using Milvus.Model;
using Milvus.Vectors.Tests.Disk;

namespace Milvus.Vectors.Tests.Search;

/// <summary>
/// Recall at default parameters, whatever share of the rows passes the filter and wherever those rows lie: at random, near the query, or far from it.
/// </summary>
public sealed class FilteredRecallTests : IDisposable
{
    internal const int Rows = 12_000;
    private const int K = 10;
    private const int Rounds = 12;

    internal static readonly VectorStore Narrow = TestVectors.Store(
        DataType.FloatVector, 24, TestVectors.Clustered(new Random(3), DataType.FloatVector, 24, Rows, 60));

    /// <summary>Few directions tell these rows from others, if not quite from each other.</summary>
    private static readonly Lazy<VectorStore> Wide = new(
        () => TestVectors.Store(DataType.FloatVector, 264, TestVectors.Embedded(new Random(3), 264, Rows, 60, 24, 0.2)));

    /// <summary>1-bit codes are made of vectors of more than 256 components that lie near few directions, but each group of rows near its own.</summary>
    private static readonly Lazy<VectorStore> Apart = new(
        () => TestVectors.Store(DataType.FloatVector, 264, TestVectors.Embedded(new Random(3), 264, Rows, 60, 24, 0.2, apart: true)));

    /// <summary>Rows around their centres in all directions alike: all neighbours are about as far.</summary>
    private static readonly Lazy<VectorStore> Round = new(
        () => TestVectors.Store(DataType.FloatVector, 264, TestVectors.Clustered(new Random(3), DataType.FloatVector, 264, Rows, 60)));

    private readonly DiskFixture _disk = new();

    private static readonly string[] Places = ["random", "near", "far"];

    private static readonly double[] Percents = [0.1, 1, 10, 50, 90, 99, 99.9];

    [Theory]
    [InlineData("HNSW")]
    [InlineData("HNSW by bytes")]
    [InlineData("HNSW by bytes, round")]
    [InlineData("HNSW by halves")]
    [InlineData("AUTOINDEX by bytes")]
    [InlineData("AUTOINDEX by few directions")]
    [InlineData("AUTOINDEX by 1-bit codes")]
    [InlineData("IVF_FLAT")]
    [InlineData("IVF_SQ8")]
    [InlineData("IVF_RABITQ")]
    [InlineData("DISKANN")]
    [InlineData("DISKANN, wide")]
    [InlineData("DISKANN, round")]
    [InlineData("AISAQ")]
    public void Filters_do_not_cost_recall(string kind)
    {
        VectorIndex index = Build(kind);
        VectorStore store = index.Store;
        var exact = new FlatIndex(store, MetricType.L2);
        TopK expected = new(), found = new();
        var failures = new List<string>();

        // Where one search in a hundred ends among the wrong rows, a few searches say nothing.
        int rounds = kind.EndsWith("round", StringComparison.Ordinal) ? 3 * Rounds : Rounds;
        foreach (string place in Places)
        {
            foreach (double percent in Percents)
            {
                int passing = Math.Max(K, (int)(Rows * percent / 100)), hits = 0;
                var random = new Random((int)(percent * 10));
                for (int round = 0; round < rounds; round++)
                {
                    byte[] query = store.Row(random.Next(Rows)).ToArray();
                    ulong[] bits = Bits(store, place, query, passing, random);
                    exact.Search(query, DataType.FloatVector, new VectorSearchParameters(K), new RowFilter(bits), expected);
                    index.Search(query, DataType.FloatVector, new VectorSearchParameters(K), new RowFilter(bits), found);
                    Assert.Equal(K, found.Count);
                    // As near as the last of the nearest counts as well.
                    float worst = expected.Scores[^1];
                    foreach (float score in found.Scores)
                        hits += score <= worst ? 1 : 0;
                }

                double recall = hits / (double)(K * rounds);
                if (recall < 0.95)
                    failures.Add($"{place} {percent} %: {recall:F3}");
            }
        }

        Assert.True(failures.Count == 0, $"{kind}: {string.Join(", ", failures)}");
    }

    public void Dispose() => _disk.Dispose();

    private VectorIndex Build(string kind)
    {
        switch (kind)
        {
            case "HNSW":
                return HnswBuilder.Build(Narrow, MetricType.L2, new HnswParameters());
            case "HNSW by bytes":
                HnswIndex narrow = HnswBuilder.Build(Narrow, MetricType.L2, new HnswParameters { Codes = GraphCodes.Bytes });

                // Nobody pays for a wide beam who does not need one.
                Assert.Equal(16, narrow.DefaultBeam);
                return narrow;
            case "HNSW by bytes, round":
                return HnswBuilder.Build(Round.Value, MetricType.L2, AutoIndex with { Codes = GraphCodes.Bytes });
            case "HNSW by halves":
                return HnswBuilder.Build(Narrow, MetricType.L2, new HnswParameters { RowCodes = new RowCodeParameters(RowCoding.Float16) });
            case "AUTOINDEX by bytes":
                HnswIndex byBytes = HnswBuilder.Build(Narrow, MetricType.L2, AutoIndex);
                Assert.Null(byBytes.Coded!.Neighbours);
                return byBytes;
            case "AUTOINDEX by few directions":
                HnswIndex byDirections = HnswBuilder.Build(Wide.Value, MetricType.L2, AutoIndex);
                Assert.Equal(64, byDirections.Coded!.Rows.Space.Width);
                Assert.Equal(16, byDirections.DefaultBeam);
                return byDirections;
            case "AUTOINDEX by 1-bit codes":
                HnswIndex bySigns = HnswBuilder.Build(Apart.Value, MetricType.L2, AutoIndex);
                Assert.NotNull(bySigns.Coded!.Neighbours);
                return bySigns;
            case "IVF_FLAT":
                return IvfBuilder.Build(Narrow, MetricType.L2, new IvfParameters());
            case "IVF_SQ8":
                return IvfBuilder.Build(Narrow, MetricType.L2, new IvfParameters { Coding = IvfCoding.Scalar });
            case "DISKANN":
                return _disk.Build(Narrow, MetricType.L2, new DiskGraphParameters { Threads = 2 });
            case "DISKANN, wide":
                DiskGraphIndex wide = _disk.Build(Wide.Value, MetricType.L2, new DiskGraphParameters { Threads = 2 });
                Assert.Equal((2, 32), (wide.CodeBits, wide.DefaultList));
                return wide;
            case "DISKANN, round":
                DiskGraphIndex round = _disk.Build(Round.Value, MetricType.L2, new DiskGraphParameters { Threads = 2 });
                Assert.InRange(round.DefaultList, 64, 256);
                return round;
            case "AISAQ":
                return _disk.Build(Narrow, MetricType.L2, DiskGraphParameters.AllOnDisk with { Threads = 2 });
            default:
                return IvfBuilder.Build(Narrow, MetricType.L2, new IvfParameters { Coding = IvfCoding.RaBitQ, Bits = 1 });
        }
    }

    private static HnswParameters AutoIndex => new() { M = 16, Codes = GraphCodes.Signs, EfConstruction = 128, Threads = 2 };

    internal static ulong[] Bits(VectorStore store, string place, byte[] query, int passing, Random random)
    {
        int rows = store.Count;
        if (place == "random")
        {
            int[] order = [.. Enumerable.Range(0, rows)];
            random.Shuffle(order);
            var chosen = order.AsSpan(0, passing).ToArray().ToHashSet();
            return TestVectors.Bits(rows, chosen.Contains);
        }

        IEnumerable<int> sorted = TestVectors.Scan(store, MetricType.L2, query).Select(hit => hit.Row);
        var kept = (place == "near" ? sorted.Take(passing) : sorted.Skip(rows - passing)).ToHashSet();
        return TestVectors.Bits(rows, kept.Contains);
    }
}
