using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Milvus.Compatibility;

/// <summary>Node and the SDK's packages; installed once beside the tests and kept until the lock file changes.</summary>
internal static class NodeRuntime
{
    private static readonly Lazy<string?> s_missing = new(Prepare);

    /// <summary>Why the suite cannot run here, or null if it can.</summary>
    public static string? Missing => s_missing.Value;

    /// <summary>The scripts, as copied beside the test assembly.</summary>
    public static string Directory => Path.Combine(AppContext.BaseDirectory, "node");

    /// <summary>Runs a script to its end; its output line by line, standard error joined for the message.</summary>
    public static async Task<(IReadOnlyList<string> Lines, string Errors, int ExitCode)> RunAsync(TimeSpan limit, params string[] arguments)
    {
        using var node = Start("node", arguments);
        using var timeout = new CancellationTokenSource(limit);
        var output = node.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = node.StandardError.ReadToEndAsync(timeout.Token);
        try
        {
            await node.WaitForExitAsync(timeout.Token);
            return ((await output).Split('\n', StringSplitOptions.RemoveEmptyEntries), await errors, node.ExitCode);
        }
        catch (OperationCanceledException)
        {
            node.Kill(entireProcessTree: true);
            throw new TimeoutException($"node {string.Join(' ', arguments)} ran longer than {limit}");
        }
    }

    private static string? Prepare()
    {
        if (Finish("node", ["--version"], TimeSpan.FromSeconds(30)) is { } problem) return $"Node cannot be run: {problem}";
        // Written into node_modules last, so that a broken installation is repeated.
        var mark = Path.Combine(Directory, "node_modules", ".installed");
        var locked = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(Directory, "package-lock.json"))));
        if (File.Exists(mark) && File.ReadAllText(mark) == locked) return null;
        var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
        if (Finish(npm, ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], TimeSpan.FromMinutes(4)) is { } failure)
            return $"the Node SDK cannot be installed: {failure}";
        File.WriteAllText(mark, locked);
        return null;
    }

    private static string? Finish(string command, string[] arguments, TimeSpan limit)
    {
        try
        {
            using var process = Start(command, arguments);
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(limit))
            {
                process.Kill(entireProcessTree: true);
                return $"{command} took longer than {limit}";
            }
            return process.ExitCode == 0 ? null : $"{command} ended with {process.ExitCode}: {errors.GetAwaiter().GetResult()}{output.GetAwaiter().GetResult()}";
        }
        catch (Win32Exception e)
        {
            return $"{command}: {e.Message}";
        }
    }

    private static Process Start(string command, IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = Directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException($"{command} did not start");
}

/// <summary>A theory that is skipped, with its reason, where Node or the SDK cannot be had.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeTheoryAttribute : TheoryAttribute
{
    public NodeTheoryAttribute() => Skip = NodeRuntime.Missing;
}

/// <summary>A fact that is skipped, with its reason, where Node or the SDK cannot be had.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = NodeRuntime.Missing;
}
