using Milvus.Vectors;

namespace Milvus.Bench.Graphs;

/// <summary>Measures engines by turns and prints tables.</summary>
internal static class Report
{
    private static readonly double[] Targets = [0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999];

    public static void Builds(IReadOnlyList<IEngine> engines, int threads)
    {
        if (engines.All(e => double.IsNaN(e.BuildCpu))) return;
        Console.WriteLine($"| build, {threads} threads | CPU s | of hnswlib's | wall s | bytes per row beside the vectors |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach (var engine in engines)
        {
            var bytes = engine is OurEngine ours ? $"{ours.BytesPerRow:N0}" : "";
            Console.WriteLine($"| {engine.Name} | {engine.BuildCpu:F1} | {engine.BuildCpu / engines[0].BuildCpu:F2} | {engine.BuildWall:F1} | {bytes} |");
        }
        Console.WriteLine();
    }

    public static void Searches(IReadOnlyList<IEngine> engines, GraphOptions options, int threads)
    {
        var points = engines.ToDictionary(e => e, _ => new List<(double Recall, double PerSecond)>());
        foreach (var ef in options.Efs)
        {
            var rates = engines.ToDictionary(e => e, _ => new List<double>());
            var recalls = new Dictionary<IEngine, double>();
            foreach (var engine in engines) engine.Search(ef, threads, 0);
            for (var round = 0; round < options.Rounds; round++)
            {
                foreach (var engine in engines)
                {
                    var measured = engine.Search(ef, threads, options.Seconds);
                    rates[engine].Add(options.ByClock ? measured.PerSecond : measured.PerCpuSecond);
                    recalls[engine] = measured.Recall;
                }
            }
            foreach (var engine in engines)
            {
                rates[engine].Sort();
                points[engine].Add((recalls[engine], rates[engine][rates[engine].Count / 2]));
            }
        }

        Console.WriteLine($"recall@10: QPS{(options.ByClock ? "" : " by CPU time")}, {threads} thread{(threads > 1 ? "s" : "")}");
        Console.WriteLine();
        Console.WriteLine("| ef | " + string.Join(" | ", engines.Select(e => e.Name)) + " |");
        Console.WriteLine("|---:|" + string.Concat(engines.Select(_ => "---:|")));
        for (var i = 0; i < options.Efs.Length; i++)
            Console.WriteLine($"| {options.Efs[i]} | " + string.Join(" | ", engines.Select(e => $"{points[e][i].Recall:F4}: {points[e][i].PerSecond:N0}")) + " |");
        Console.WriteLine();
        Console.WriteLine("| at recall | " + string.Join(" | ", engines.Select((e, i) => i == 0 ? $"{e.Name} QPS" : $"{e.Name} ÷ {engines[0].Name}")) + " |");
        Console.WriteLine("|---:|" + string.Concat(engines.Select(_ => "---:|")));
        foreach (var target in Targets)
        {
            var reference = At(points[engines[0]], target);
            if (double.IsNaN(reference)) continue;
            Console.WriteLine($"| {target} | " + string.Join(" | ", engines.Select((e, i) => i == 0 ? $"{reference:N0}" : $"{At(points[e], target) / reference:F2}")) + " |");
        }
        Console.WriteLine();
    }

    /// <summary>Filters chosen at random, against the scan of the passing rows.</summary>
    public static void Filters(GraphSet set, IReadOnlyList<IEngine> engines, GraphOptions options)
    {
        if (options.Filters.Length == 0) return;
        var flat = new FlatIndex(set.Store, set.Metric);
        Console.WriteLine("recall@10: QPS under filters, 1 thread");
        Console.WriteLine();
        Console.WriteLine("| rows passing | ef | exact scan | " + string.Join(" | ", engines.OfType<OurEngine>().Select(e => e.Name)) + " |");
        Console.WriteLine("|---:|---:|---:|" + string.Concat(engines.OfType<OurEngine>().Select(_ => "---:|")));
        foreach (var percent in options.Filters.Append(100))
        {
            var random = new Random(percent);
            var bits = new ulong[(set.RowCount + 63) / 64];
            for (var row = 0; row < set.RowCount; row++)
                if (random.Next(100) < percent) bits[row / 64] |= 1UL << row;
            var exact = set.ExactAmong(bits);
            var scan = set.Measure(flat, 0, options.Seconds, bits, exact);
            foreach (var ef in options.Efs)
            {
                var measured = engines.OfType<OurEngine>().Select(e => e.Search(ef, options.Seconds, bits, exact));
                Console.WriteLine($"| {percent} % | {ef} | {scan.PerCpuSecond:N0} | " + string.Join(" | ", measured.Select(m => $"{m.Recall:F4}: {m.PerCpuSecond:N0}")) + " |");
            }
        }
        Console.WriteLine();
    }

    /// <summary>QPS at a recall, between the measured points: the logarithm of QPS is taken as linear in the logarithm of 1 − recall.</summary>
    private static double At(List<(double Recall, double PerSecond)> points, double target)
    {
        var sorted = points.OrderBy(p => p.Recall).ToList();
        for (var i = 1; i < sorted.Count; i++)
        {
            var (low, high) = (sorted[i - 1], sorted[i]);
            if (low.Recall > target || high.Recall < target || high.Recall <= low.Recall) continue;
            double x0 = Missing(low.Recall), x1 = Missing(high.Recall), x = Missing(target);
            var share = x1 == x0 ? 0 : (x - x0) / (x1 - x0);
            return Math.Exp(Math.Log(low.PerSecond) + (share * (Math.Log(high.PerSecond) - Math.Log(low.PerSecond))));
        }
        // The narrowest beam may already do better than asked: it is at least as fast there.
        return sorted.Count > 0 && sorted[0].Recall >= target ? sorted[0].PerSecond : double.NaN;
    }

    private static double Missing(double recall) => Math.Log(Math.Max(1e-5, 1 - recall));
}
