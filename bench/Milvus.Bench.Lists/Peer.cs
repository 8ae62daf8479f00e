using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Milvus.Bench.Lists;

/// <summary>One setting of an index and what it took.</summary>
/// <param name="Alone">Seconds per query asked one at a time.</param>
/// <param name="Batched">Seconds per query asked all at once.</param>
internal sealed record Timing(string Setting, double Alone, double Batched, double Recall);

/// <summary>Runs the driver of FAISS over the same rows and queries.</summary>
internal sealed class Peer : IDisposable
{
    private readonly string _driver;
    private readonly ListSet _set;
    private readonly double _seconds;
    private readonly string _directory = Directory.CreateTempSubdirectory("faiss-bench-").FullName;

    public Peer(string driver, ListSet set, double seconds)
    {
        (_driver, _set, _seconds) = (driver, set, seconds);
        Write("base", MemoryMarshal.AsBytes(set.Rows.AsSpan()));
        Write("queries", MemoryMarshal.AsBytes(set.Queries.AsSpan()));
    }

    /// <summary>Files of bits for the binary indexes.</summary>
    public void WriteBits(ReadOnlySpan<byte> rows, ReadOnlySpan<byte> queries)
    {
        Write("base.bits", rows);
        Write("queries.bits", queries);
    }

    /// <summary>Builds an index by its factory name and searches it with each setting.</summary>
    public (double Built, List<Timing> Timings) Run(string factory, params string[] settings)
    {
        string bits = factory.StartsWith('B') ? ".bits" : "", found = Path.Combine(_directory, "found");
        var start = new ProcessStartInfo(_driver) { RedirectStandardOutput = true };
        string[] fixedArguments =
        [
            Path.Combine(_directory, "base" + bits), $"{_set.RowCount}", $"{_set.Dimension}", Path.Combine(_directory, "queries" + bits), $"{_set.QueryCount}", $"{ListSet.K}",
            factory, "l2", _seconds.ToString(CultureInfo.InvariantCulture), found,
        ];
        foreach (string argument in fixedArguments.Concat(settings)) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        string[][] lines = [.. process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))];
        process.WaitForExit();
        if (process.ExitCode != 0 || lines.Length != settings.Length + 1) throw new InvalidOperationException($"{factory}: the driver of FAISS failed");
        long[] ids = MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(found)).ToArray();
        var timings = new List<Timing>();
        for (int i = 0; i < settings.Length; i++)
        {
            int offset = i * _set.QueryCount * ListSet.K;
            double recall = bits.Length > 0 ? double.NaN : _set.Recall(q => ids.Skip(offset + (q * ListSet.K)).Take(ListSet.K).Select(id => (int)id));
            timings.Add(new Timing(settings[i], Number(lines[i + 1][1]), Number(lines[i + 1][2]), recall));
        }

        return (Number(lines[0][1]), timings);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void Write(string name, ReadOnlySpan<byte> bytes)
    {
        using var file = File.Create(Path.Combine(_directory, name));
        file.Write(bytes);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
