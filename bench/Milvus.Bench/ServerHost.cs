using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Milvus.Bench;

/// <summary>The server as a process of its own, so that its memory can be told from the client's.</summary>
internal sealed partial class ServerHost : IDisposable
{
    private const int TerminateSignal = 15;

    private readonly BenchOptions _options;
    private readonly string _directory;
    private Process? _process;

    public ServerHost(BenchOptions options)
    {
        _options = options;
        _directory = Directory.CreateDirectory(Path.Combine(options.Work, $"milvus-bench-{Guid.NewGuid():N}")).FullName;
    }

    public int Port { get; private set; }

    private int MetricsPort { get; set; }

    /// <summary>Processor time the server has used since it started; zero for one that was not started here.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process?.Refresh();
            return _process?.TotalProcessorTime ?? TimeSpan.Zero;
        }
    }

    /// <summary>Returns when the port accepts connections.</summary>
    public async Task StartAsync()
    {
        if (_options.Connect != 0)
        {
            Port = _options.Connect;
            return;
        }
        Port = FreePort();
        MetricsPort = FreePort();
        var assembly = _options.Server
            ?? typeof(ServerHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ServerAssembly").Value!;
        string[] arguments = ["--data", _directory, "--port", $"{Port}", "--metrics-port", $"{MetricsPort}", .. _options.ServerArguments];
        var start = assembly.EndsWith(".dll", StringComparison.Ordinal)
            ? new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [assembly, .. arguments])
            : new ProcessStartInfo(assembly, arguments);
        start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
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
                await Task.Delay(2);
            }
        }
    }

    /// <summary>Asks the server to stop, as an operator would, and waits until it has.</summary>
    public async Task StopAsync()
    {
        if (_process is null) return;
        _ = Signal(_process.Id, TerminateSignal);
        await _process.WaitForExitAsync();
        Kill();
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

    /// <summary>Peak and current resident memory and the managed heap's share of it, for a line of the report.</summary>
    public async Task<string> DescribeMemoryAsync()
    {
        if (_process is null) return "server memory: not ours to ask";
        using var http = new HttpClient();
        var metrics = (await http.GetStringAsync($"http://127.0.0.1:{MetricsPort}/metrics")).Split('\n');
        var heap = double.Parse(metrics.First(l => l.StartsWith("dotnet_gc_committed_bytes ", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);
        _process!.Refresh();
        // The system's own high-water mark counts since the start of the process.
        return $"server memory: peak {_process.PeakWorkingSet64 / 1e6:N0} MB, now {_process.WorkingSet64 / 1e6:N0} MB, of it committed for the managed heap {heap / 1e6:N0} MB";
    }

    /// <summary>Bytes of all files the server keeps.</summary>
    public long DiskBytes() => new DirectoryInfo(_directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
