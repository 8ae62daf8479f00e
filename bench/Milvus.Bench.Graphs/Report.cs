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
        OurEngine[] ours = [.. engines.OfType<OurEngine>()];
        Console.WriteLine("| rows passing | ef | exact scan of them | " + string.Join(" | ", ours.Select(e => e.Name)) + $" | {ours[^1].Name}, unfiltered, dropping |");
        Console.WriteLine("|---:|---:|---:|" + string.Concat(ours.Select(_ => "---:|")) + "---:|");
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
                var measured = ours.Select(e => e.Search(ef, options.Seconds, bits, exact)).Append(ours[^1].SearchDropping(ef, options.Seconds, bits, percent, exact));
                Console.WriteLine($"| {percent} % | {ef} | {scan.PerCpuSecond:N0} | " + string.Join(" | ", measured.Select(m => $"{m.Recall:F4}: {m.PerCpuSecond:N0}")) + " |");
            }
        }
        Console.WriteLine();
    }

    /// <summary>Build and search as the number of rows grows.</summary>
    public static void Scale(GraphSet whole, GraphOptions options)
    {
        const int Threads = 2;
        double[] targets = [0.95, 0.99];
        var charts = new Dictionary<string, List<(double Build, double Rate)>>();
        Console.WriteLine("| rows | engine | build, 1 thread, s | 2 threads, s | gain | " + string.Join(" | ", targets.Select(t => $"QPS at {t}, 1 thread")) + " | bytes per row beside the vectors |");
        Console.WriteLine("|---:|---|---:|---:|---:|" + string.Concat(targets.Select(_ => "---:|")) + "---:|");
        foreach (var rows in options.Scale)
        {
            var set = whole.First(rows);
            foreach (var name in options.Engines.Prepend(options.Peer.Length > 0 ? "hnswlib" : ""))
            {
                if (name.Length == 0) continue;
                double together;
                using (var parallel = Engine(name, set, options with { BuildThreads = Threads })) together = parallel.BuildWall;
                GC.Collect();
                using var engine = Engine(name, set, options with { BuildThreads = 1 });
                var points = options.Efs.Select(ef =>
                {
                    engine.Search(ef, 1, 0);
                    var measured = engine.Search(ef, 1, options.Seconds);
                    return (measured.Recall, options.ByClock ? measured.PerSecond : measured.PerCpuSecond);
                }).ToList();
                var bytes = engine is OurEngine ours ? $"{ours.BytesPerRow:N0}" : "";
                Console.WriteLine(
                    $"| {set.RowCount:N0} | {name} | {engine.BuildWall:F1} | {together:F1} | {engine.BuildWall / together:F2} | "
                    + string.Join(" | ", targets.Select(t => $"{At(points, t):N0}")) + $" | {bytes} |");
                if (!charts.TryGetValue(name, out var line)) charts[name] = line = [];
                line.Add((engine.BuildWall, At(points, targets[0])));
            }
        }
        Chart("Build on one thread, seconds", options.Scale, charts.ToDictionary(c => c.Key, c => c.Value.Select(p => p.Build)));
        Chart($"Queries per second at recall {targets[0]}, one thread", options.Scale, charts.ToDictionary(c => c.Key, c => c.Value.Select(p => p.Rate)));
    }

    public static IEngine Engine(string name, GraphSet set, GraphOptions options) => name switch
    {
        "hnswlib" => new PeerEngine(set, options),
        "int8" => new OurEngine(name, set, GraphCodes.Bytes, options),
        "auto" => new OurEngine(name, set, GraphCodes.Signs, options),
        _ => new OurEngine(name, set, GraphCodes.None, options),
    };

    private static void Chart(string title, int[] rows, Dictionary<string, IEnumerable<double>> lines)
    {
        Console.WriteLine($"\n{title}; lines in this order: {string.Join(", ", lines.Keys)}\n\n```mermaid\nxychart-beta");
        Console.WriteLine($"    x-axis \"rows\" [{string.Join(", ", rows)}]");
        foreach (var line in lines.Values) Console.WriteLine(FormattableString.Invariant($"    line [{string.Join(", ", line.Select(v => Math.Round(v, 1)))}]"));
        Console.WriteLine("```");
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
