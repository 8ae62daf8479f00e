using System.CommandLine;
using Milvus.Hosting;
using Milvus.Hosting.Settings;
using Milvus.Standalone;
using Milvus.Standalone.Demo;
using Milvus.Standalone.Settings;

var config = new Option<string?>("--config") { Description = "JSON or YAML file with settings", Recursive = true };
var options = SettingKeys.Table.All.ToDictionary(k => k.Name, k => new Option<string?>("--" + k.Name) { Description = k.Help, Recursive = true });

ServerSettings Read(ParseResult parsed)
{
    var sources = new SettingsSources(SettingKeys.Table.Knows);
    if (parsed.GetValue(config) is { } file) sources.AddFile(file);
    sources.AddEnvironment(Environment.GetEnvironmentVariables());
    foreach (var (name, option) in options)
        if (parsed.GetValue(option) is { } value) sources.AddFlag(name, value);
    return ServerSettings.From(sources);
}

async Task<int> Guarded(Func<Task<int>> run)
{
    try
    {
        return await run();
    }
    catch (Exception e) when (StartupFailure.Explains(e) is { } reason)
    {
        Console.Error.WriteLine("milvus: " + reason);
        return 1;
    }
}

var root = new RootCommand("A Milvus-compatible vector database in one process.") { config };
foreach (var option in options.Values) root.Options.Add(option);
root.SetAction((parsed, cancellation) => Guarded(() => ServerProcess.RunAsync(Read(parsed))));

var rows = new Option<int>("--rows") { Description = "vectors to load", DefaultValueFactory = _ => 100_000 };
var dimension = new Option<int>("--dim") { Description = "dimension of the vectors", DefaultValueFactory = _ => 128 };
var demo = new Command("demo", "Starts on a temporary directory, loads vectors, builds an index, searches, prints recall, QPS and latency, cleans up.") { rows, dimension };
demo.SetAction((parsed, cancellation) => Guarded(() => DemoRun.RunAsync(Read(parsed), parsed.GetValue(rows), parsed.GetValue(dimension), cancellation)));
root.Subcommands.Add(demo);

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
