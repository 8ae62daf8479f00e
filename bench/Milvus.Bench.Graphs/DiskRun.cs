using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Graphs;

/// <summary>
/// Graphs on disk under a memory limit: one process builds the file and the exact answers, a second one with little memory opens it and
/// searches.
/// </summary>
internal static class DiskRun
{
    public const string Usage = """
        Milvus.Bench.Graphs disk (--data DIR | --generated ROWSxDIM) [options]
          --form F        diskann (default) or aisaq
          --share N       the second process may take 1/N of the vectors' bytes (default 4)
          --cgroup DIR    an existing memory cgroup, which the second process enters: then the limit covers what the system keeps of the file
          --codes R       bytes of codes as a share of the vectors' (default 0.0625)
          --cached R      bytes of cached nodes as a share of the vectors' (default 0.02)
          --alpha A       the factor of pruning (default 1)
          --lists LIST    search lists (default 20,50,100,200)
          --beam N        nodes read at a time (default 8)
          --threads LIST  (default 1,2)
          --seconds S     per measurement (default 3)
          --work DIR      for the files, kept and used again (default: the temporary directory)
        """;

    private const string Serve = "--serve";

    public static int Run(string[] args)
    {
        if (args.Length % 2 != 0)
        {
            Console.WriteLine(Usage);
            return 2;
        }
        var options = args.Chunk(2).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        return options.ContainsKey(Serve) ? Search(options) : BuildAndServe(options);
    }

    private static int BuildAndServe(Dictionary<string, string> options)
    {
        var name = $"{Path.GetFileName(options.GetValueOrDefault("--data", "")) + options.GetValueOrDefault("--generated", "")}-{options.GetValueOrDefault("--form", "diskann")}-{Number(options, "--codes", 0.0625)}-{Number(options, "--cached", 0.02)}-{Number(options, "--alpha", 1)}";
        var file = Path.Combine(options.GetValueOrDefault("--work", Path.GetTempPath()), $"disk-{name}");
        if (!File.Exists(file + ".rows")) Build(options, file);
        var share = Number(options, "--share", 4);
        var limit = (long)(double.Parse(File.ReadAllText(file + ".rows"), CultureInfo.InvariantCulture) / share);
        // A shell enters the group before the program begins, so that all of its memory counts.
        var isGrouped = options.TryGetValue("--cgroup", out var group);
        var start = new ProcessStartInfo(isGrouped ? "/bin/sh" : Environment.ProcessPath!) { UseShellExecute = false };
        if (isGrouped)
            foreach (var argument in (string[])["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", group!, Environment.ProcessPath!]) start.ArgumentList.Add(argument);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(DiskRun).Assembly.Location);
        foreach (var argument in (string[])["disk", Serve, file, .. options.SelectMany(o => (string[])[o.Key, o.Value])]) start.ArgumentList.Add(argument);
        start.Environment["DOTNET_GCHeapHardLimit"] = $"0x{limit * 3 / 4:x}";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        if (isGrouped) File.WriteAllText(Path.Combine(group!, "memory.limit_in_bytes"), limit.ToString(CultureInfo.InvariantCulture));
        Console.WriteLine($"limit {limit / 1e6:0.0} MB, heap {limit * 3 / 4 / 1e6:0.0} MB{(!isGrouped ? "" : ", enforced by a cgroup, files included")}");
        using var child = Process.Start(start)!;
        child.WaitForExit();
        return child.ExitCode;
    }

    private static void Build(Dictionary<string, string> options, string file)
    {
        var set = GraphSet.Open(new GraphOptions { Data = options.GetValueOrDefault("--data", ""), Generated = options.GetValueOrDefault("--generated", ""), Queries = 500 });
        var form = options.GetValueOrDefault("--form", "diskann") == "aisaq" ? DiskGraphParameters.AllOnDisk : new DiskGraphParameters();
        var started = Stopwatch.GetTimestamp();
        var before = Environment.CpuUsage.TotalTime;
        var graph = DiskGraphBuilder.Build(set.Store, set.Metric, form with { CodeRatio = Number(options, "--codes", 0.0625), CacheRatio = Number(options, "--cached", 0.02), Alpha = (float)Number(options, "--alpha", 1), Threads = Environment.ProcessorCount });
        using (var stream = File.Create(file)) graph.Save(stream);
        Console.WriteLine($"{set.Name}: built in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s, {(Environment.CpuUsage.TotalTime - before).TotalSeconds:0} s of CPU; {new FileInfo(file).Length / 1e6:0} MB");
        GraphSet.Write(file + ".queries", set.Queries, set.Dimension);
        File.WriteAllBytes(file + ".exact", MemoryMarshal.AsBytes(set.Exact.AsSpan()).ToArray());
        File.WriteAllText(file + ".rows", (set.Rows.Length * 4L).ToString(CultureInfo.InvariantCulture));
    }

    private static int Search(Dictionary<string, string> options)
    {
        var file = options[Serve];
        var started = Stopwatch.GetTimestamp();
        var index = DiskGraphIndex.Open(File.OpenHandle(file), file);
        Console.WriteLine($"opened in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms; {index.Count:N0} rows, {index.CodeBits} bits, {index.CachedNodes:N0} nodes cached, {index.MemoryBytes / 1e6:0.0} MB in memory");
        var queries = File.ReadAllBytes(file + ".queries").AsMemory(8);
        var exact = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(file + ".exact")).ToArray();
        var bytes = index.Store.RowBytes;
        var beam = (int)Number(options, "--beam", 8);
        Console.WriteLine();
        Console.WriteLine("| search list | threads | QPS | p50 ms | p99 ms | recall@10 | RssAnon MB |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var list in Numbers(options, "--lists", "20,50,100,200"))
        {
            foreach (var threads in Numbers(options, "--threads", "1,2"))
            {
                var runs = new List<double>[threads];
                var hits = new long[threads];
                var deadline = Stopwatch.GetTimestamp() + (long)(Number(options, "--seconds", 3) * Stopwatch.Frequency);
                var begun = Stopwatch.GetTimestamp();
                var workers = Enumerable.Range(0, threads).Select(t => new Thread(() =>
                {
                    runs[t] = [];
                    var results = new TopK();
                    for (var q = t; Stopwatch.GetTimestamp() < deadline; q += threads)
                    {
                        var query = q % (queries.Length / bytes);
                        var at = Stopwatch.GetTimestamp();
                        index.Search(queries.Span.Slice(query * bytes, bytes), DataType.FloatVector, new VectorSearchParameters(GraphSet.K) { Ef = list, BeamWidth = beam }, RowFilter.All, results);
                        runs[t].Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
                        foreach (var row in results.Rows) hits[t] += exact.AsSpan(query * GraphSet.K, GraphSet.K).Contains(row) ? 1 : 0;
                    }
                })).ToArray();
                foreach (var worker in workers) worker.Start();
                foreach (var worker in workers) worker.Join();
                double[] all = [.. runs.SelectMany(r => r).Order()];
                var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {list} | {threads} | {all.Length / seconds:0} | {all[all.Length / 2]:0.00} | {all[(int)(all.Length * 0.99)]:0.00} | {hits.Sum() / (double)(GraphSet.K * all.Length):0.000} | {Anonymous():0.0} |"));
            }
        }
        return 0;
    }

    private static double Anonymous() => !File.Exists("/proc/self/status")
        ? 0
        : double.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssAnon", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024 / 1e6;

    private static double Number(Dictionary<string, string> options, string key, double otherwise) =>
        options.TryGetValue(key, out var text) ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static int[] Numbers(Dictionary<string, string> options, string key, string otherwise) =>
        [.. options.GetValueOrDefault(key, otherwise).Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
}
