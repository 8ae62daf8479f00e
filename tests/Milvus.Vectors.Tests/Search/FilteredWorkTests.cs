using Milvus.Model;

namespace Milvus.Vectors.Tests.Search;

/// <summary>
/// Work under filters, counted in rows compared: as the share of passing rows falls from all to a thousandth it grows from what a search without
/// a filter costs to where a scan is cheaper and falls with the scan, without a jump.
/// </summary>
public sealed class FilteredWorkTests
{
    private const int Rows = 12_000;
    private const int Dimension = 24;
    private const int K = 10;
    private const int Rounds = 8;

    /// <summary>What a row costs that links lead to, in rows of a scan.</summary>
    private const double RowOfGraph = 1.5;

    private static readonly VectorStore Store = TestVectors.Store(
        DataType.FloatVector, Dimension, TestVectors.Clustered(new Random(3), DataType.FloatVector, Dimension, Rows, 60));

    private static readonly double[] Percents = [0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 17, 25, 35, 50, 70, 85, 90, 95, 99, 99.9];

    [Theory]
    [InlineData(GraphCodes.None)]
    [InlineData(GraphCodes.Bytes)]
    public void Work_has_no_cliff(GraphCodes codes)
    {
        HnswIndex index = HnswBuilder.Build(Store, MetricType.L2, new HnswParameters { Codes = codes });
        var scratch = new HnswScratch();
        double unfiltered = Average(index, "random", Rows, scratch);
        Assert.InRange(unfiltered, 50, Rows / 8.0);
        var failures = new List<string>();
        foreach (string place in new[] { "random", "near", "far" })
        {
            double before = 0;
            foreach (double percent in Percents)
            {
                int passing = Math.Max(K, (int)(Rows * percent / 100));
                double work = Average(index, place, passing, scratch), share = (double)Rows / passing;
                string what = $"{codes} {place} {percent} %: {work:F0} rows of {passing}, {unfiltered:F0} without a filter";
                // Never much more than comparing every row that passes, and as long as those that pass lie everywhere, or where the query is, the search
                // without a filter thinned out.
                bool isWithin = work <= WorstOfScan(codes) * passing && (place == "far" || work <= 4 * unfiltered * share);
                // From one share to the next, at most twice as large, work changes by the same order: most where the scan gives way to the graph, which it
                // does late on data that graphs find easy.
                bool isSteady = before == 0 || place == "far" || (work <= 6 * before && before <= 6 * work);
                if (!isWithin || !isSteady)
                    failures.Add($"{what}, {before:F0} before");
                before = work;
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    // Codes are compared up to four times as often as rows pass; whoever finds too little follows links once more, and scans in the end.
    private static double WorstOfScan(GraphCodes codes) => codes == GraphCodes.None ? 1 + RowOfGraph : 1.5 + ((4 + 1) * RowOfGraph / TraversalCost.GainOfBytes);

    private static double Average(HnswIndex index, string place, int passing, HnswScratch scratch)
    {
        var random = new Random(passing);
        double work = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] query = Store.Row(random.Next(Rows)).ToArray();
            work += Work(index, query, passing == Rows ? null : FilteredRecallTests.Bits(place, query, passing, random), passing, scratch);
        }

        return work / Rounds;
    }

    // As the index does it, in rows of a scan.
    private static double Work(HnswIndex index, byte[] query, ulong[]? bits, int passing, HnswScratch scratch)
    {
        var parameters = new VectorSearchParameters(K);
        if (index.PrefersScan(passing, parameters))
            return passing;
        RowFilter filter = bits is null ? RowFilter.All : new RowFilter(bits);
        const int Ef = 16;
        scratch.Scored = 0;
        scratch.Queries.Set(Store, MetricType.L2, query, DataType.FloatVector, 1);
        bool isAnswered = index.Coded is { } coded
            ? coded.Search(index.Graph, DataType.FloatVector, filter, passing, Ef, K, scratch)
            : GraphSearcher.For(Store.Type, MetricType.L2).Search(index.Graph, Store, filter, default, Ef, passing, scratch);
        double scored = index.Coded is null ? scratch.Scored : (scratch.Scored / TraversalCost.GainOfBytes) + Math.Min(K + Ef, passing);
        return (RowOfGraph * scored) + (isAnswered && scratch.ResultCount >= K ? 0 : passing);
    }
}
