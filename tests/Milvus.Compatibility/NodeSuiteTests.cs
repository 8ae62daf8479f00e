using System.Text.Json;
using Xunit.Abstractions;

namespace Milvus.Compatibility;

/// <summary>
/// One server for all areas of the suite: the standalone program, or what runs at the address in <c>MILVUS_COMPATIBILITY_ADDRESS</c>, such as a proxy of a cluster.
/// </summary>
public sealed class SharedServer : IAsyncLifetime
{
    public const string Variable = "MILVUS_COMPATIBILITY_ADDRESS";

    private readonly ServerUnderTest _server = new();

    public static string? Given => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } address ? address : null;

    public string Address => Given ?? _server.Address;

    public string Log => Given is { } given ? $"see the log of the server at {given}" : _server.Log;

    public Task InitializeAsync() => NodeRuntime.Missing is null && Given is null ? _server.StartAsync() : Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();
}

/// <summary>The official Node SDK against the server as a user runs it; the checks are in <c>node/checks</c>.</summary>
public sealed class NodeSuiteTests(SharedServer shared, ITestOutputHelper output) : IClassFixture<SharedServer>
{
    [NodeTheory]
    [InlineData("connection")]
    [InlineData("collections")]
    [InlineData("types")]
    [InlineData("vectors")]
    [InlineData("entities")]
    [InlineData("search")]
    [InlineData("iterators")]
    [InlineData("indexes")]
    [InlineData("names")]
    [InlineData("access")]
    public async Task Checks_of_an_area_pass(string area)
    {
        var (lines, errors, exit) = await NodeRuntime.RunAsync(TimeSpan.FromMinutes(5), "run.mjs", shared.Address, area);
        Report.Assert(lines, errors, exit, output, () => shared.Log);
    }
}

/// <summary>A killed server starts again on its directory and knows everything it has acknowledged.</summary>
public sealed class RestartTests(ITestOutputHelper output)
{
    [NodeFact]
    public async Task Everything_is_there_after_a_kill()
    {
        await using var server = new ServerUnderTest();
        await server.StartAsync();
        var (_, errors, exit) = await NodeRuntime.RunAsync(TimeSpan.FromMinutes(2), "restart.mjs", server.Address, "write");
        Assert.True(exit == 0, errors);
        for (var restart = 0; restart < 2; restart++)
        {
            await server.KillAsync();
            await server.StartAsync();
            var answer = await NodeRuntime.RunAsync(TimeSpan.FromMinutes(2), "restart.mjs", server.Address, "verify");
            Report.Assert(answer.Lines, answer.Errors, answer.ExitCode, output, () => server.Log);
        }
    }
}

/// <summary>Turns the JSON lines of a script into one assertion that names every failed check.</summary>
internal static class Report
{
    private sealed record Line(string Name, bool Ok, string? Error, long Ms);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    public static void Assert(IReadOnlyList<string> lines, string errors, int exit, ITestOutputHelper output, Func<string> serverLog)
    {
        var checks = lines.Where(l => l.StartsWith('{')).Select(l => JsonSerializer.Deserialize<Line>(l, s_json)!).ToList();
        foreach (var check in checks) output.WriteLine($"{(check.Ok ? "ok  " : "FAIL")} {check.Name} ({check.Ms} ms)");
        var failed = checks.Where(c => !c.Ok).Select(c => $"{c.Name}: {c.Error}").ToList();
        Xunit.Assert.True(exit == 0 && checks.Count > 0, $"the suite ended with {exit} after {checks.Count} checks\n{errors}\n{serverLog()}");
        Xunit.Assert.True(failed.Count == 0, $"{failed.Count} of {checks.Count} checks failed\n{string.Join("\n", failed)}");
    }
}
