using Milvus.Model;

namespace Milvus.Vectors.Tests.Search;

/// <summary>
/// Recall at default parameters, whatever share of the rows passes the filter and wherever those rows lie: at random, near the query, or far from it.
/// </summary>
public sealed class FilteredRecallTests
{
    private const int Rows = 12_000;
    private const int Dimension = 24;
    private const int K = 10;
    private const int Rounds = 12;

    private static readonly VectorStore Store = TestVectors.Store(
        DataType.FloatVector, Dimension, TestVectors.Clustered(new Random(3), DataType.FloatVector, Dimension, Rows, 60));

    private static readonly double[] Percents = [0.1, 1, 10, 50, 90, 99, 99.9];

    public static TheoryData<string, string[]> Kinds => new()
    {
        { "HNSW", ["random", "near", "far"] },
        { "HNSW by bytes", ["random", "near", "far"] },
        { "AUTOINDEX", ["random", "near", "far"] },
        { "IVF_FLAT", ["random", "near", "far"] },
        { "IVF_SQ8", ["random", "near", "far"] },
        { "IVF_RABITQ", ["random", "near", "far"] },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Filters_do_not_cost_recall(string kind, string[] places)
    {
        VectorIndex index = Build(kind);
        var exact = new FlatIndex(Store, MetricType.L2);
        TopK expected = new(), found = new();
        var failures = new List<string>();
        foreach (string place in places)
        {
            foreach (double percent in Percents)
            {
                int passing = Math.Max(K, (int)(Rows * percent / 100)), hits = 0;
                var random = new Random((int)(percent * 10));
                for (int round = 0; round < Rounds; round++)
                {
                    byte[] query = Store.Row(random.Next(Rows)).ToArray();
                    ulong[] bits = Bits(place, query, passing, random);
                    exact.Search(query, DataType.FloatVector, new VectorSearchParameters(K), new RowFilter(bits), expected);
                    index.Search(query, DataType.FloatVector, new VectorSearchParameters(K), new RowFilter(bits), found);
                    Assert.Equal(K, found.Count);
                    // As near as the last of the nearest counts as well.
                    float worst = expected.Scores[^1];
                    foreach (float score in found.Scores)
                        hits += score <= worst ? 1 : 0;
                }

                double recall = hits / (double)(K * Rounds);
                if (recall < 0.95)
                    failures.Add($"{place} {percent} %: {recall:F3}");
            }
        }

        Assert.True(failures.Count == 0, $"{kind}: {string.Join(", ", failures)}");
    }

    private static VectorIndex Build(string kind) => kind switch
    {
        "HNSW" => HnswBuilder.Build(Store, MetricType.L2, new HnswParameters()),
        "HNSW by bytes" => HnswBuilder.Build(Store, MetricType.L2, new HnswParameters { Codes = GraphCodes.Bytes }),
        "AUTOINDEX" => HnswBuilder.Build(Store, MetricType.L2, new HnswParameters { Codes = GraphCodes.Signs, EfConstruction = 128 }),
        "IVF_FLAT" => IvfBuilder.Build(Store, MetricType.L2, new IvfParameters()),
        "IVF_SQ8" => IvfBuilder.Build(Store, MetricType.L2, new IvfParameters { Coding = IvfCoding.Scalar }),
        _ => IvfBuilder.Build(Store, MetricType.L2, new IvfParameters { Coding = IvfCoding.RaBitQ, Bits = 1 }),
    };

    internal static ulong[] Bits(string place, byte[] query, int passing, Random random)
    {
        if (place == "random")
        {
            int[] order = [.. Enumerable.Range(0, Rows)];
            random.Shuffle(order);
            var chosen = order.AsSpan(0, passing).ToArray().ToHashSet();
            return TestVectors.Bits(Rows, chosen.Contains);
        }

        IEnumerable<int> sorted = TestVectors.Scan(Store, MetricType.L2, query).Select(hit => hit.Row);
        var rows = (place == "near" ? sorted.Take(passing) : sorted.Skip(Rows - passing)).ToHashSet();
        return TestVectors.Bits(Rows, rows.Contains);
    }
}
