using System.ComponentModel;
using System.Diagnostics;

namespace Milvus.TestKit.Postgres;

/// <summary>The programs of PostgreSQL on this machine, and how to run them: they refuse to run as root.</summary>
internal static class PostgresProgram
{
    private static readonly string[] s_users = ["postgres", "nobody"];

    private static readonly Lazy<(string? Folder, string? Missing)> s_search = new(Search);

    /// <summary>Why no server can be started here, or null if one can.</summary>
    public static string? Missing => s_search.Value.Missing;

    public static string Path(string name) =>
        System.IO.Path.Combine(s_search.Value.Folder ?? throw new InvalidOperationException(Missing), name);

    /// <summary>A shell that runs <paramref name="script"/> as a user other than root, its input and output piped.</summary>
    public static Process StartShell(string script, params string[] arguments)
    {
        string[] shell = ["/bin/sh", "-c", script, "sh", .. arguments];
        string[] command = IsRoot ? ["runuser", "-u", User()!, "--", .. shell] : shell;
        return Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException($"{command[0]} did not start");
    }

    private static bool IsRoot => Environment.IsPrivilegedProcess;

    private static (string?, string?) Search()
    {
        if (OperatingSystem.IsWindows())
            return (null, "PostgreSQL is started for tests on Unix only");
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(Directory.Exists("/usr/lib/postgresql")
                ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(VersionOf).Select(d => System.IO.Path.Combine(d, "bin"))
                : []);
        var folder = folders.FirstOrDefault(f => IsThere(System.IO.Path.Combine(f, "postgres")) && IsThere(System.IO.Path.Combine(f, "initdb")));
        if (folder is null)
            return (null, "no PostgreSQL here (neither postgres and initdb on the path, nor under /usr/lib/postgresql)");
        if (IsRoot && User() is null)
            return (null, "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as");
        try
        {
            using var shell = StartShell("exit 0");
            shell.WaitForExit();
            return shell.ExitCode == 0 ? (folder, null) : (null, $"PostgreSQL cannot be run as another user: {shell.StandardError.ReadToEnd()}");
        }
        catch (Win32Exception e)
        {
            return (null, $"PostgreSQL cannot be run as another user: {e.Message}");
        }
    }

    // A link that leads nowhere exists for File.Exists.
    private static bool IsThere(string program) => File.Exists(program) && (File.ResolveLinkTarget(program, returnFinalTarget: true)?.Exists ?? true);

    private static int VersionOf(string folder) => int.TryParse(System.IO.Path.GetFileName(folder), out var version) ? version : 0;

    private static string? User()
    {
        var known = File.ReadLines("/etc/passwd").Select(l => l.Split(':')[0]).ToHashSet(StringComparer.Ordinal);
        return Array.Find(s_users, known.Contains);
    }
}
