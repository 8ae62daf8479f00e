using System.CommandLine;
using Milvus.Hosting;
using Milvus.Hosting.Settings;
using Milvus.Standalone;
using Milvus.Standalone.Demo;
using Milvus.Standalone.Settings;

var flags = new SettingFlags<ServerSettings>(SettingKeys.Table);
var root = new RootCommand("A Milvus-compatible vector database in one process.");
flags.AddTo(root);
root.SetAction((parsed, cancellation) => StartupFailure.GuardAsync(() => ServerProcess.RunAsync(ServerSettings.From(flags.Read(parsed)))));

var rows = new Option<int>("--rows") { Description = "vectors to load", DefaultValueFactory = _ => 100_000 };
var dimension = new Option<int>("--dim") { Description = "dimension of the vectors", DefaultValueFactory = _ => 128 };
var demo = new Command("demo", "Starts on a temporary directory, loads vectors, builds an index, searches, prints recall, QPS and latency, cleans up.") { rows, dimension };
demo.SetAction((parsed, cancellation) => StartupFailure.GuardAsync(() => DemoRun.RunAsync(ServerSettings.From(flags.Read(parsed)), parsed.GetValue(rows), parsed.GetValue(dimension), cancellation)));
root.Subcommands.Add(demo);

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
