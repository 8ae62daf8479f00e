using Milvus.Bench;
using Milvus.Bench.Served;

var options = BenchOptions.Parse(args);
if (options is null)
{
    Console.WriteLine(BenchOptions.Usage);
    return 2;
}
try
{
    await (options.Mode switch
    {
        "restart" => RestartRun.RunAsync(options),
        "export" => ExportRun.RunAsync(options),
        "text" => TextRun.RunAsync(options),
        "served" => ServedRun.RunAsync(options),
        _ => WorkloadRun.RunAsync(options),
    });
    return 0;
}
catch (Exception e) when (e is BenchException or IOException or HttpRequestException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}
