using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Graphs;

/// <summary>A graph index under test; built once, then measured at several beam widths.</summary>
internal interface IEngine : IDisposable
{
    string Name { get; }

    /// <summary>CPU seconds of the build; NaN when it was read from the cache.</summary>
    double BuildCpu { get; }

    double BuildWall { get; }

    /// <summary>Answers all queries, again and again until the threads have used so many CPU seconds each.</summary>
    Measured Search(int ef, int threads, double seconds);
}

/// <param name="PerSecond">Queries per second of the clock.</param>
/// <param name="PerCpuSecond">
/// Queries per CPU second used, times threads: what the clock would show on a machine that does nothing else.
/// </param>
/// <param name="Recall">Of the ten nearest.</param>
internal readonly record struct Measured(double PerSecond, double PerCpuSecond, double Recall);

/// <summary>Milvus.Vectors' graph.</summary>
internal sealed class OurEngine : IEngine
{
    private readonly GraphSet _set;
    private readonly HnswIndex _index;

    public OurEngine(string name, GraphSet set, GraphCodes codes, GraphOptions options)
    {
        Name = name;
        _set = set;
        var cached = Path.Combine(options.Cache, $"{set.Name.Replace(' ', '-')}-{set.RowCount}-{name}-{options.Construction}.ours");
        if (options.Cache.Length > 0 && File.Exists(cached))
        {
            using var file = File.OpenRead(cached);
            _index = (HnswIndex)VectorIndexFile.Load(file, set.Store, cached);
            return;
        }
        var parameters = new HnswParameters { M = 16, EfConstruction = options.Construction, Threads = options.BuildThreads, Codes = codes };
        var cpu = Environment.CpuUsage.TotalTime;
        var started = Stopwatch.GetTimestamp();
        _index = HnswBuilder.Build(set.Store, set.Metric, parameters);
        BuildWall = Stopwatch.GetElapsedTime(started).TotalSeconds;
        BuildCpu = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
        if (options.Cache.Length == 0) return;
        using var target = File.Create(cached);
        VectorIndexFile.Save(_index, target);
    }

    public string Name { get; }

    public double BuildCpu { get; } = double.NaN;

    public double BuildWall { get; } = double.NaN;

    /// <summary>Bytes per row beside the vectors.</summary>
    public double BytesPerRow => _index.MemoryBytes / (double)_set.RowCount;

    /// <summary>The same under a filter, on one thread.</summary>
    /// <param name="bits">The rows that pass.</param>
    /// <param name="exact">The nearest of them.</param>
    public Measured Search(int ef, double seconds, ulong[] bits, int[] exact) => _set.Measure(_index, ef, seconds, bits, exact);

    public Measured SearchDropping(int ef, double seconds, ulong[] bits, int percent, int[] exact) =>
        _set.MeasureDropping(_index, ef, seconds, bits, percent, exact);

    public Measured Search(int ef, int threads, double seconds)
    {
        var found = new int[_set.QueryCount * GraphSet.K];
        long answered = 0;
        var started = Stopwatch.GetTimestamp();
        var before = Environment.CpuUsage.TotalTime;
        double used;
        do
        {
            var next = -1;
            void Work()
            {
                var results = new TopK();
                var bytes = _set.Dimension * sizeof(float);
                var queries = MemoryMarshal.AsBytes(_set.Queries.AsSpan());
                for (int q; (q = Interlocked.Increment(ref next)) < _set.QueryCount;)
                {
                    _index.Search(queries.Slice(q * bytes, bytes), DataType.FloatVector, new VectorSearchParameters(GraphSet.K) { Ef = ef }, RowFilter.All, results);
                    results.Rows.CopyTo(found.AsSpan(q * GraphSet.K));
                }
            }
            var others = Enumerable.Range(1, threads - 1).Select(_ => new Thread(Work)).ToList();
            others.ForEach(t => t.Start());
            Work();
            others.ForEach(t => t.Join());
            answered += _set.QueryCount;
            used = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        }
        while (used < seconds * threads && Stopwatch.GetElapsedTime(started).TotalSeconds < 30 * seconds);
        return new Measured(answered / Stopwatch.GetElapsedTime(started).TotalSeconds, answered * threads / used, _set.Recall(found));
    }

    public void Dispose()
    {
    }
}

/// <summary>hnswlib in a process of its own, which waits while others are measured.</summary>
internal sealed class PeerEngine : IEngine
{
    private readonly GraphSet _set;
    private readonly Process _driver;
    private readonly string _answers;
    private readonly string _base;
    private readonly string _queries;

    public PeerEngine(GraphSet set, GraphOptions options)
    {
        _set = set;
        var stem = Path.Combine(options.Work, $"graphs-{Environment.ProcessId}");
        (_base, _queries, _answers) = (stem + ".base", stem + ".queries", stem + ".answers");
        GraphSet.Write(_base, set.Rows, set.Dimension);
        GraphSet.Write(_queries, set.Queries, set.Dimension);
        _driver = Process.Start(new ProcessStartInfo(options.Peer, [_base, _queries, set.Metric == MetricType.IP ? "ip" : "l2"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        _ = _driver.StandardOutput.ReadLine();
        var cached = Path.Combine(options.Cache, $"{set.Name.Replace(' ', '-')}-{set.RowCount}.hnswlib");
        if (options.Cache.Length > 0 && File.Exists(cached))
        {
            Ask($"load {cached}");
            return;
        }
        var times = Ask($"build 16 200 {options.BuildThreads}").Split(' ');
        BuildWall = double.Parse(times[0], CultureInfo.InvariantCulture);
        BuildCpu = double.Parse(times[1], CultureInfo.InvariantCulture);
        if (options.Cache.Length > 0) Ask($"save {cached}");
    }

    public string Name => "hnswlib";

    public double BuildCpu { get; } = double.NaN;

    public double BuildWall { get; } = double.NaN;

    public Measured Search(int ef, int threads, double seconds)
    {
        var answer = Ask(string.Create(CultureInfo.InvariantCulture, $"search {ef} {GraphSet.K} {threads} {seconds} {_answers}"));
        double[] numbers = [.. answer.Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture))];
        return new Measured(numbers[0] / numbers[1], numbers[0] * threads / numbers[2], _set.Recall(MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(_answers))));
    }

    public void Dispose()
    {
        _driver.StandardInput.Close();
        _driver.WaitForExit();
        _driver.Dispose();
        File.Delete(_base);
        File.Delete(_queries);
        File.Delete(_answers);
    }

    private string Ask(string command)
    {
        _driver.StandardInput.WriteLine(command);
        _driver.StandardInput.Flush();
        return _driver.StandardOutput.ReadLine() ?? throw new IOException("the driver of hnswlib ended");
    }
}
