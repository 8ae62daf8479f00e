using System.CommandLine;
using Milvus.Actors.Hosting;
using Milvus.Actors.Node;
using Milvus.Actors.Node.Local;
using Milvus.Hosting;
using Milvus.Hosting.Settings;

var config = new Option<string?>("--config") { Description = "JSON or YAML file with settings", Recursive = true };
var options = NodeSettings.Table.All.ToDictionary(k => k.Name, k => new Option<string?>("--" + k.Name) { Description = k.Help, Recursive = true });

SettingsSources Sources(ParseResult parsed)
{
    var sources = new SettingsSources(NodeSettings.Table.Knows);
    if (parsed.GetValue(config) is { } file) sources.AddFile(file);
    sources.AddEnvironment(Environment.GetEnvironmentVariables());
    foreach (var (name, option) in options)
        if (parsed.GetValue(option) is { } value) sources.AddFlag(name, value);
    return sources;
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

var root = new RootCommand("One node of a Milvus-compatible vector database cluster.") { config };
foreach (var option in options.Values) root.Options.Add(option);
root.SetAction((parsed, cancellation) => Guarded(() => NodeProcess.RunAsync(NodeSettings.From(Sources(parsed)))));

var cluster = new Command("cluster", "Starts five nodes (see --local-nodes) on 127.0.0.1 to 127.0.0.5 with a PostgreSQL that is found here or given by --database, prints who is where, and stops them.");
cluster.SetAction((parsed, cancellation) => Guarded(() => LocalCluster.RunAsync(NodeSettings.From(Sources(parsed)))));
root.Subcommands.Add(cluster);

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
