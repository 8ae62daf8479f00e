using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Milvus.Bench;

/// <summary>The server as a process of its own, so that its memory can be told from the client's.</summary>
internal sealed class ServerHost : IDisposable
{
    private readonly BenchOptions _options;
    private readonly string _directory;
    private Process? _process;

    public ServerHost(BenchOptions options)
    {
        _options = options;
        _directory = Directory.CreateDirectory(Path.Combine(options.Work, $"milvus-bench-{Guid.NewGuid():N}")).FullName;
    }

    public int Port { get; private set; }

    /// <summary>Returns when the port accepts connections.</summary>
    public async Task StartAsync()
    {
        Port = FreePort();
        var assembly = _options.Server
            ?? typeof(ServerHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ServerAssembly").Value!;
        string[] arguments = [assembly, "--data", _directory, "--port", $"{Port}", "--metrics-port", "none", .. _options.ServerArguments];
        _process = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments) { RedirectStandardOutput = true })!;
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        while (true)
        {
            if (_process.HasExited) throw new BenchException($"the server ended with {_process.ExitCode}");
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, Port);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20);
            }
        }
    }

    public void Kill()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    public void Dispose()
    {
        Kill();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Peak and current resident bytes of the server; null where the system does not tell.</summary>
    public (long Peak, long Now)? Memory()
    {
        var status = $"/proc/{_process!.Id}/status";
        if (!File.Exists(status)) return null;
        var lines = File.ReadAllLines(status);
        return (Read("VmHWM:"), Read("VmRSS:"));

        long Read(string key) =>
            long.Parse(lines.First(l => l.StartsWith(key, StringComparison.Ordinal))[key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Bytes of all files the server keeps.</summary>
    public long DiskBytes() => new DirectoryInfo(_directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
