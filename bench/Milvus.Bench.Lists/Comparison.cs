using System.Globalization;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Lists;

/// <summary>Ours and FAISS one after the other over the same rows, on one thread, as Markdown.</summary>
/// <param name="part">"scans", "lists" or "memory"; empty for all.</param>
internal sealed class Comparison(ListSet set, string driver, double seconds, int lists, string part)
{
    private readonly byte[] _queries = Ours.Bytes(set);

    public void Run()
    {
        Console.WriteLine($"### {set.Name}: {set.RowCount:N0} × {set.Dimension}, {set.QueryCount} queries, L2, top 10, one thread, processor time");
        Console.WriteLine();
        using Peer? peer = driver.Length == 0 ? null : new Peer(driver, set, seconds);
        foreach ((string name, Action print) in new (string, Action)[] { ("scans", () => Scans(peer)), ("lists", () => Lists(peer)), ("memory", Memory) })
        {
            if (part.Length > 0 && part != name) continue;
            print();
            Console.WriteLine();
        }
    }

    /// <summary>Every row compared, whatever its form.</summary>
    private void Scans(Peer? peer)
    {
        Console.WriteLine("| scan of all rows | ours ms | GB/s | recall | FAISS | FAISS ms | recall | ratio |");
        Console.WriteLine("|---|---:|---:|---:|---|---:|---:|---:|");
        var all = new VectorSearchParameters(ListSet.K) { Nprobe = 1 };
        var flat = Ours.Run(set, new FlatIndex(set.Store, MetricType.L2, set.RowCount, keepsCodes: true), _queries, all, "-", seconds);
        Timing? other = peer?.Run("Flat", "-").Timings[0];
        Scan("FLAT, one query", flat.Alone, set.Dimension * 4, flat.Recall, "Flat", other?.Alone, other?.Recall);
        Scan($"FLAT, {set.QueryCount} at once", flat.Batched, 0, flat.Recall, "Flat", other?.Batched, other?.Recall);
        Console.WriteLine($"| {Billions(flat.Batched)} GFMA/s in the batch; FAISS {(other is null ? "-" : Billions(other.Batched))} | | | | | | | |");

        foreach ((string name, IvfParameters parameters, string factory) in new[]
        {
            ("SQ8, one list", new IvfParameters { Lists = 1, Coding = IvfCoding.Scalar, Bits = 8, Threads = 2 }, "SQ8"),
            ("RaBitQ 1 bit, one list", new IvfParameters { Lists = 1, Coding = IvfCoding.RaBitQ, Bits = 1, Threads = 2 }, ""),
            ("PQ 4 bit × d/2, one list", new IvfParameters { Lists = 1, Coding = IvfCoding.Product, Bits = 4, Parts = set.Dimension / 2, Threads = 2 }, $"PQ{set.Dimension / 2}x4fs,RFlat"),
        })
        {
            IvfIndex index = Ours.Build(set, parameters).Index;
            Timing own = Ours.Run(set, index, _queries, all, "-", seconds);
            Timing? theirs = factory.Length == 0 ? null : peer?.Run(factory, factory.Contains("RFlat", StringComparison.Ordinal) ? "k_factor_rf=4" : "-").Timings[0];
            Scan(name, own.Alone, index.CodeBytes / (double)set.RowCount, own.Recall, factory, theirs?.Alone, theirs?.Recall);
        }

        Bits(peer, all);
    }

    /// <summary>One bit per component by Hamming distance: what FAISS has that reads as many bytes as a 1-bit code.</summary>
    private void Bits(Peer? peer, VectorSearchParameters all)
    {
        if (set.Dimension % 8 != 0) return;
        var mean = new float[set.Dimension];
        for (int i = 0; i < Math.Min(set.Rows.Length, 1000 * set.Dimension); i++)
            mean[i % set.Dimension] += set.Rows[i] / Math.Min(1000, set.RowCount);
        byte[] rows = Ours.Signs(set.Rows, mean), queries = Ours.Signs(set.Queries, mean);
        var store = VectorStore.Create(DataType.BinaryVector, set.Dimension, set.RowCount);
        store.Append(rows);
        Timing own = Ours.Run(set, new FlatIndex(store, MetricType.Hamming), queries, all, "-", seconds);
        peer?.WriteBits(rows, queries);
        Timing? theirs = peer?.Run("BFlat", "-").Timings[0];
        Scan("BIN_FLAT Hamming", own.Alone, set.Dimension / 8, double.NaN, "BFlat", theirs?.Alone, null);
    }

    private void Scan(string name, double took, double bytesPerRow, double recall, string factory, double? theirs, double? theirRecall) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {took * 1e3:F2} | {(bytesPerRow > 0 ? (set.RowCount * bytesPerRow / took / 1e9).ToString("F1", CultureInfo.InvariantCulture) : "")} | {(double.IsNaN(recall) ? "" : recall.ToString("F3", CultureInfo.InvariantCulture))} | {factory} | {theirs * 1e3:F2} | {theirRecall:F3} | {theirs / took:F1} |"));

    private string Billions(double perQuery) => (set.RowCount * (double)set.Dimension / perQuery / 1e9).ToString("F0", CultureInfo.InvariantCulture);

    private void Lists(Peer? peer)
    {
        Console.WriteLine($"| {lists} lists | nprobe | ours QPS | recall | FAISS | FAISS QPS | recall | ratio | build s | FAISS build s |");
        Console.WriteLine("|---|---:|---:|---:|---|---:|---:|---:|---:|---:|");
        int[] probes = [1, 4, 16, 64];
        int parts = set.Dimension % 8 == 0 ? set.Dimension / 8 : 1;
        foreach ((string name, IvfParameters parameters, string factory) in new[]
        {
            ("IVF_FLAT", new IvfParameters { Lists = lists }, $"IVF{lists},Flat"),
            ("IVF_SQ8", new IvfParameters { Lists = lists, Coding = IvfCoding.Scalar, Bits = 8 }, $"IVF{lists},SQ8"),
            ("IVF_PQ, m = d/8", new IvfParameters { Lists = lists, Coding = IvfCoding.Product, Bits = 8, Parts = parts }, $"IVF{lists},PQ{parts}x8,RFlat"),
            ("SCANN", new IvfParameters { Lists = lists, Coding = IvfCoding.Product, Bits = 4, Parts = set.Dimension / 2 }, $"IVF{lists},PQ{set.Dimension / 2}x4fs,RFlat"),
            ("IVF_RABITQ 1 bit", new IvfParameters { Lists = lists, Coding = IvfCoding.RaBitQ, Bits = 1 }, ""),
            ("IVF_RABITQ 4 bit", new IvfParameters { Lists = lists, Coding = IvfCoding.RaBitQ, Bits = 4 }, ""),
        })
        {
            (double built, IvfIndex index) = Ours.Build(set, parameters);
            string refine = factory.Contains("RFlat", StringComparison.Ordinal) ? ",k_factor_rf=4" : "";
            (double Built, List<Timing> Timings)? theirs = factory.Length == 0 ? null : peer?.Run(factory, [.. probes.Select(p => $"nprobe={p}{refine}")]);
            for (int i = 0; i < probes.Length; i++)
            {
                Timing own = Ours.Run(set, index, _queries, new VectorSearchParameters(ListSet.K) { Nprobe = probes[i] }, "", seconds / 2);
                Timing? other = theirs?.Timings[i];
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {probes[i]} | {1 / own.Alone:F0} | {own.Recall:F3} | {factory} | {1 / other?.Alone:F0} | {other?.Recall:F3} | {other?.Alone / own.Alone:F2} | {built:F1} | {theirs?.Built:F1} |"));
            }
        }
    }

    /// <summary>What the index objects hold per row beside the vectors themselves.</summary>
    private void Memory()
    {
        Console.WriteLine("| index | bytes per row | of the vector |");
        Console.WriteLine("|---|---:|---:|");
        foreach ((string name, IvfParameters parameters) in new[]
        {
            ("IVF_FLAT", new IvfParameters { Lists = lists }),
            ("IVF_SQ8", new IvfParameters { Lists = lists, Coding = IvfCoding.Scalar, Bits = 8 }),
            ("IVF_SQ8, sq6", new IvfParameters { Lists = lists, Coding = IvfCoding.Scalar, Bits = 6 }),
            ("IVF_SQ8, sq4", new IvfParameters { Lists = lists, Coding = IvfCoding.Scalar, Bits = 4 }),
            ("IVF_PQ, m = d/8", new IvfParameters { Lists = lists, Coding = IvfCoding.Product, Bits = 8, Parts = set.Dimension % 8 == 0 ? set.Dimension / 8 : 1 }),
            ("SCANN", new IvfParameters { Lists = lists, Coding = IvfCoding.Product, Bits = 4, Parts = set.Dimension / 2 }),
            ("IVF_RABITQ 1 bit", new IvfParameters { Lists = lists, Coding = IvfCoding.RaBitQ, Bits = 1 }),
            ("IVF_RABITQ 4 bit", new IvfParameters { Lists = lists, Coding = IvfCoding.RaBitQ, Bits = 4 }),
        })
        {
            double perRow = (double)Ours.Build(set, parameters with { Threads = 2 }).Index.MemoryBytes / set.RowCount;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {perRow:F0} | {perRow / (4 * set.Dimension):P0} |"));
        }
    }
}
