using System.Diagnostics;
using System.Globalization;
using Milvus.Bench.Memory;

const string usage = """
    Milvus.Bench.Memory [--rows N] [--dim D] [--directory DIR] [--index NAME]...
      --rows N          rows to index (default 20000)
      --dim D           float32 components (default 768)
      --directory DIR   where files go, on a disk, in a directory of their own that is removed afterwards (default the current directory)
      --index NAME      one of those listed instead of all
    """;

// The program starts itself for every step, so that what a process holds is what one loaded index holds.
if (args is ["--build", var built, var from]) return Steps.Build(Kinds.Find(built), from);
if (args is ["--load", var loaded, var at]) return Steps.Load(Kinds.Find(loaded), at);

(int rows, int dimension, string place) = (20_000, 768, Environment.CurrentDirectory);
var kinds = new List<Kind>();
for (int i = 0; i < args.Length; i += 2)
{
    string value = i + 1 < args.Length ? args[i + 1] : "";
    switch (args[i])
    {
        case "--rows": rows = int.Parse(value, CultureInfo.InvariantCulture); break;
        case "--dim": dimension = int.Parse(value, CultureInfo.InvariantCulture); break;
        case "--directory": place = value; break;
        case "--index": kinds.Add(Kinds.Find(value)); break;
        default:
            Console.WriteLine(usage);
            Console.WriteLine($"indexes: {string.Join(", ", Kinds.All.Select(k => k.Name))}");
            return 2;
    }
}

string directory = Path.Combine(place, $"bench-memory-{Environment.ProcessId}");
Directory.CreateDirectory(directory);
try
{
    MemorySet.Generate(directory, rows, dimension);
    double vectors = dimension * sizeof(float);
    Console.WriteLine($"{rows} x {dimension} float32, {vectors} bytes each; bytes per vector beyond an empty process");
    Console.WriteLine($"{"index",-28}{"heap",10}{"file pages",12}{"heap : vectors",16}{"counted",10}{"recall@10",11}{"ms/search",11}{"load ms",9}");
    Steps.Facts empty = Child("--load", Kinds.Nothing);
    foreach (Kind kind in kinds.Count > 0 ? kinds : Kinds.All)
    {
        if (Child("--build", kind) is { Rows: 0 }) continue;
        Steps.Facts facts = Child("--load", kind);
        double heap = (facts.Anonymous - empty.Anonymous) / (double)rows, pages = (facts.File - empty.File) / (double)rows;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{kind.Name,-28}{heap,10:F0}{Math.Max(0, pages),12:F0}{heap / vectors,16:F2}{facts.Counted / (double)rows,10:F0}{facts.Recall,11:F3}{facts.SearchMs,11:F3}{facts.LoadMs,9:F0}"));
    }
}
finally
{
    Directory.Delete(directory, recursive: true);
}

return 0;

Steps.Facts Child(string step, Kind kind)
{
    var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
    if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(Steps).Assembly.Location);
    foreach (string argument in (string[])[step, kind.Name, directory]) start.ArgumentList.Add(argument);
    using Process process = Process.Start(start)!;
    string text = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return process.ExitCode == 0 ? Steps.Facts.Parse(text) : throw new InvalidOperationException($"{step} {kind.Name} failed: {text}");
}
