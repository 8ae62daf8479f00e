using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Milvus.Hosting.Settings;

namespace Milvus.Actors.Node.Local;

/// <summary>A PostgreSQL server of a local cluster's own, on loopback, in the cluster's directory. Uses the programs that are installed here.</summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private readonly Process _server;

    private PrivatePostgres(Process server, int port)
    {
        _server = server;
        Port = port;
    }

    public int Port { get; }

    public string ConnectionString =>
        string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Database=postgres;Username=postgres;Maximum Pool Size=20");

    /// <exception cref="SettingsException">There is no PostgreSQL here, or it does not start; says what to do.</exception>
    public static async Task<PrivatePostgres> StartAsync(string directory)
    {
        var programs = Programs() ?? throw new SettingsException("no PostgreSQL found on this machine: install one, or give --database");
        var port = FreePort();
        var asRoot = Environment.UserName == "root";
        Directory.CreateDirectory(directory);
        var data = Path.Combine(directory, "data");
        // The server refuses to run as root; its package brings a user for it.
        if (asRoot) await RunAsync("chown", "-R", "postgres", directory);
        if (!File.Exists(Path.Combine(data, "PG_VERSION")))
            await RunAsAsync(asRoot, Path.Combine(programs, "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C");
        var (file, arguments) = As(
            asRoot, Path.Combine(programs, "postgres"), "-D", data, "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-k", directory, "-c", "max_connections=200", "-c", "logging_collector=off");
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = directory };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"exec \"$0\" \"$@\" >\"{directory}/postgres.log\" 2>&1");
        start.ArgumentList.Add(file);
        foreach (var a in arguments) start.ArgumentList.Add(a);
        var server = Process.Start(start)!;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var tick = 0; tick < 150; tick++)
        {
            if (server.HasExited) break;
            if (await ListensAsync(port)) return new PrivatePostgres(server, port);
            await timer.WaitForNextTickAsync();
        }
        throw new SettingsException($"PostgreSQL did not start; see {directory}/postgres.log, or give --database");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_server.HasExited)
        {
            Signals.Terminate(_server);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await _server.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _server.Kill(entireProcessTree: true);
            }
        }
        _server.Dispose();
    }

    private static string? Programs()
    {
        var candidates = new List<string>();
        if (Directory.Exists("/usr/lib/postgresql"))
            candidates.AddRange(Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(d => int.TryParse(Path.GetFileName(d), out var v) ? v : 0).Select(d => Path.Combine(d, "bin")));
        candidates.AddRange((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator));
        return candidates.FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "postgres")));
    }

    private static (string File, string[] Arguments) As(bool asRoot, string program, params string[] arguments) =>
        asRoot ? ("runuser", ["-u", "postgres", "--", program, .. arguments]) : (program, arguments);

    private static Task RunAsAsync(bool asRoot, string program, params string[] arguments)
    {
        var (file, all) = As(asRoot, program, arguments);
        return RunAsync(file, all);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var a in arguments) start.ArgumentList.Add(a);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new SettingsException($"{Path.GetFileName(program)} failed: {errors.Trim()}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
