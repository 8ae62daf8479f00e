using Milvus.Bench.Graphs;
using Milvus.Vectors;

if (args is ["disk", ..]) return DiskRun.Run(args[1..]);
var options = GraphOptions.Parse(args);
if (options is null)
{
    Console.WriteLine(GraphOptions.Usage);
    return 2;
}

var set = GraphSet.Open(options);
Console.WriteLine($"### {set.Name}: {set.RowCount:N0} × {set.Dimension}, {set.QueryCount:N0} queries, {set.Metric}, M 16, efConstruction 200");
Console.WriteLine();
var engines = new List<IEngine>();
if (options.Peer.Length > 0) engines.Add(new PeerEngine(set, options));
foreach (var name in options.Engines)
    engines.Add(new OurEngine(name, set, name switch { "int8" => GraphCodes.Bytes, "auto" => GraphCodes.Signs, _ => GraphCodes.None }, options));
Report.Builds(engines, options.BuildThreads);
foreach (var threads in options.Threads) Report.Searches(engines, options, threads);
Report.Filters(set, engines, options);
foreach (var engine in engines) engine.Dispose();
return 0;
