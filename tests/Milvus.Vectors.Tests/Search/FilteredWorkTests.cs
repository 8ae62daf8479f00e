using Milvus.Model;

namespace Milvus.Vectors.Tests.Search;

/// <summary>
/// Work under filters, counted in rows compared: as the share of passing rows falls from all to a thousandth it grows from what a search without
/// a filter costs to where a scan is cheaper and falls with the scan, without a jump.
/// </summary>
public sealed class FilteredWorkTests
{
    private const int Rows = FilteredRecallTests.Rows;
    private const int K = 10;
    private const int Ef = 16;
    private const int Rounds = 8;

    /// <summary>What a row costs that links lead to, in rows of a scan.</summary>
    private const double RowOfGraph = 1.5;

    private static readonly VectorStore Store = FilteredRecallTests.Narrow;

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

    /// <summary>A beam that is to hold exactly the rows wanted must not leave every second search one short, and thereby to the scan.</summary>
    [Theory]
    [InlineData("vectors", 16)]
    [InlineData("vectors", 100)]
    [InlineData("bytes", 16)]
    [InlineData("bytes", 100)]
    [InlineData("halves", 16)]
    [InlineData("halves", 100)]
    [InlineData("1-bit codes", 16)]
    [InlineData("1-bit codes", 100)]
    public void Searches_for_as_many_rows_as_the_beam_is_wide_do_not_end_in_a_scan(string codes, int k)
    {
        const int Some = 4000;
        VectorStore store = codes == "1-bit codes"
            ? TestVectors.Store(DataType.FloatVector, 264, TestVectors.Embedded(new Random(4), 264, Some, 8, 24, 0.2))
            : TestVectors.Store(DataType.FloatVector, 24, TestVectors.Clustered(new Random(4), DataType.FloatVector, 24, Some, 8, 0.6));
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, codes switch
        {
            "bytes" => new HnswParameters { M = 16, EfConstruction = 80, Codes = GraphCodes.Bytes },
            "1-bit codes" => new HnswParameters { M = 16, EfConstruction = 80, Codes = GraphCodes.Signs },
            "halves" => new HnswParameters { M = 16, EfConstruction = 80, RowCodes = new RowCodeParameters(RowCoding.Float16) },
            _ => new HnswParameters { M = 16, EfConstruction = 80 },
        });
        Assert.Equal(codes == "1-bit codes", index.Coded?.Neighbours is not null);
        var scratch = new HnswScratch();
        var random = new Random(k);
        foreach (int percent in new[] { 20, 40, 60, 80, 95 })
        {
            int passing = Some * percent / 100, scans = 0;
            const int Searches = 40;
            if (index.PrefersScan(passing, new VectorSearchParameters(k)))
                continue;
            for (int round = 0; round < Searches; round++)
            {
                byte[] query = store.Row(random.Next(Some)).ToArray();
                ulong[] bits = FilteredRecallTests.Bits(store, "random", query, passing, random);
                scans += Answers(index, query, new RowFilter(bits), passing, k, k, scratch) ? 0 : 1;
            }

            Assert.True(scans <= Searches / 20, $"{scans} of {Searches} at {percent} %");
        }
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
            work += Work(index, query, passing == Rows ? null : FilteredRecallTests.Bits(Store, place, query, passing, random), passing, scratch);
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
        scratch.Scored = 0;
        bool isAnswered = Answers(index, query, filter, passing, Ef, K, scratch);
        double scored = index.Coded is null ? scratch.Scored : (scratch.Scored / TraversalCost.GainOfBytes) + Math.Min(K + Ef, passing);
        return (RowOfGraph * scored) + (isAnswered ? 0 : passing);
    }

    // False where the scan has to.
    private static bool Answers(HnswIndex index, byte[] query, RowFilter filter, int passing, int ef, int k, HnswScratch scratch)
    {
        scratch.Queries.Set(index.Store, MetricType.L2, query, DataType.FloatVector, 1);
        bool isComplete = index.RowCodes is { } codes ? codes.Search(index.Graph, DataType.FloatVector, filter, passing, ef, k, scratch)
            : index.Coded is { } coded ? coded.Search(index.Graph, DataType.FloatVector, filter, passing, ef, k, scratch)
            : GraphSearcher.For(index.Store.Type, MetricType.L2).Search(index.Graph, index.Store, filter, default, ef, passing, scratch);
        return isComplete && scratch.ResultCount >= k;
    }
}
