using System.CommandLine;
using Milvus.Actors.Hosting;
using Milvus.Actors.Node;
using Milvus.Actors.Node.Local;
using Milvus.Hosting;
using Milvus.Hosting.Settings;

var flags = new SettingFlags<NodeSettings>(NodeSettings.Table);
var root = new RootCommand("One node of a Milvus-compatible vector database cluster.");
flags.AddTo(root);
root.SetAction((parsed, cancellation) => StartupFailure.GuardAsync(() => NodeProcess.RunAsync(NodeSettings.From(flags.Read(parsed)))));

var cluster = new Command("cluster", "Starts five nodes (see --local-nodes) on 127.0.0.1 to 127.0.0.5 with a PostgreSQL that is found here or given by --database, prints who is where, and stops them.");
cluster.SetAction((parsed, cancellation) => StartupFailure.GuardAsync(() => LocalCluster.RunAsync(NodeSettings.From(flags.Read(parsed)))));
root.Subcommands.Add(cluster);

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
