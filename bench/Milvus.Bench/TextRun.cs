using System.Diagnostics;
using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Bench;

/// <summary>Full-text search: documents through gRPC into a BM25 function, queries as text; and the inverted index alone, by algorithm.</summary>
internal static class TextRun
{
    private const string Collection = "bench";
    private const int BatchRows = 2000;
    private const int Queries = 1000;
    private const int K = 10;
    private static readonly int[] s_queryWords = [2, 5, 10];

    public static async Task RunAsync(BenchOptions options)
    {
        var corpus = new Corpus();
        var documents = Enumerable.Range(0, options.Rows).Select(_ => corpus.Document()).ToArray();
        var queries = s_queryWords.ToDictionary(words => words, words => Enumerable.Range(0, Queries).Select(_ => corpus.Query(words)).ToArray());
        Console.WriteLine($"text: {options.Rows:N0} documents, {documents.Sum(d => (long)d.Length) / 1e6:N0} MB, vocabulary of 200 000 words by Zipf's law");
        MeasureIndex(documents, queries);
        await MeasureServerAsync(options, documents, queries);
    }

    private static void MeasureIndex(string[] documents, Dictionary<int, string[]> queries)
    {
        var function = new Bm25Function(Analyzer.Standard);
        var store = new SparseRowStore();
        var statistics = new Bm25StatisticsBuilder();
        var started = Stopwatch.GetTimestamp();
        foreach (var document in documents)
        {
            var row = function.Embed(document);
            store.Append(row);
            statistics.Add(row);
        }
        var analysing = Stopwatch.GetElapsedTime(started).TotalSeconds;
        started = Stopwatch.GetTimestamp();
        var index = SparseInvertedIndexBuilder.Build(store, MetricType.BM25);
        Console.WriteLine($"library: analysed at {documents.Length / analysing:N0} documents/s, index of {index.PostingCount:N0} postings built in {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s, "
            + $"{index.MemoryBytes / 1e6:F1} MB ({(double)index.MemoryBytes / index.PostingCount:F2} bytes per posting; the rows take {store.MemoryBytes / 1e6:F1} MB)");
        Console.WriteLine();
        Console.WriteLine("| words per query | algorithm | p50 µs | p99 µs |");
        Console.WriteLine("|---:|---|---:|---:|");
        foreach (var (words, texts) in queries)
        {
            foreach (var name in SparseAlgorithms.Names)
            {
                SparseAlgorithms.TryParse(name, out var algorithm);
                var (p50, p99) = Time(index, function, statistics, texts, algorithm);
                Console.WriteLine($"| {words} | {name} | {p50:F0} | {p99:F0} |");
            }
        }
        Console.WriteLine();
    }

    private static (double P50, double P99) Time(
        SparseInvertedIndex index, Bm25Function function, Bm25StatisticsBuilder statistics, string[] texts, SparseAlgorithm algorithm)
    {
        var found = new TopK();
        var times = new List<double>();
        for (var round = 0; round < 2; round++)
        {
            times.Clear();
            foreach (var text in texts)
            {
                var row = function.Embed(text);
                var known = Bm25QueryStatistics.Collect(row, [statistics]);
                var scoring = new Bm25Scoring(known.DocumentCount, known.AverageLength, known.DocumentFrequency);
                var started = Stopwatch.GetTimestamp();
                index.Search(row, new SparseSearchParameters(K) { Scoring = scoring, Algorithm = algorithm }, RowFilter.All, found);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            }
        }
        times.Sort();
        return (times[times.Count / 2], times[(int)(times.Count * 0.99)]);
    }

    private static async Task MeasureServerAsync(BenchOptions options, string[] documents, Dictionary<int, string[]> queries)
    {
        using var server = new ServerHost(options);
        await server.StartAsync();
        using var client = new GrpcClient(server.Port);
        await client.CreateTextCollectionAsync(Collection, options.Shards);
        await client.CreateIndexAsync(Collection, "SPARSE_INVERTED_INDEX", "{}", field: "sparse", metric: "BM25");
        await client.LoadAsync(Collection);
        var started = Stopwatch.GetTimestamp();
        for (var from = 0; from < documents.Length; from += BatchRows)
            await client.InsertTextsAsync(Collection, from, documents.AsMemory(from, Math.Min(BatchRows, documents.Length - from)));
        Console.WriteLine($"insert: {documents.Length / Stopwatch.GetElapsedTime(started).TotalSeconds:N0} documents/s into a loaded collection, one client");
        await SearchAsync(options, client, queries, "as inserted");
        started = Stopwatch.GetTimestamp();
        await client.FlushAsync(Collection);
        await client.WaitForIndexAsync(Collection);
        Console.WriteLine($"flush and index: {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        await SearchAsync(options, client, queries, "flushed");
        Console.WriteLine(await server.DescribeMemoryAsync());
    }

    private static async Task SearchAsync(BenchOptions options, GrpcClient client, Dictionary<int, string[]> queries, string state)
    {
        Console.WriteLine();
        Console.WriteLine("| state | words per query | clients | QPS | p50 ms | p99 ms |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        foreach (var (words, texts) in queries)
        {
            var bodies = texts.Select(text => GrpcClient.TextSearchBody(Collection, text, K)).ToList();
            foreach (var clients in options.Clients)
            {
                await Load.MeasureAsync(clients, Math.Min(1, options.Seconds), n => client.SearchAsync(bodies[n % bodies.Count]));
                var load = await Load.MeasureAsync(clients, options.Seconds, n => client.SearchAsync(bodies[n % bodies.Count]));
                Console.WriteLine($"| {state} | {words} | {clients} | {load.PerSecond:N0} | {load.P50Ms:F2} | {load.P99Ms:F2} |");
            }
        }
        Console.WriteLine();
    }
}
