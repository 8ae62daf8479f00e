using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Milvus.Embedded.Tests.Rig;

namespace Milvus.Embedded.Tests.Crashes;

/// <summary>The built server as a process on a directory that outlives it, spoken to over REST.</summary>
internal sealed class KilledServer : IWriteTarget, IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("milvus-kill-");
    private readonly StringBuilder _log = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private Process? _process;
    private int _port;
    private volatile bool _isDown;

    public bool IsDown => _isDown;

    public async Task StartAsync()
    {
        _port = FreePort();
        var assembly = typeof(KilledServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ServerAssembly").Value!;
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host, [assembly, "--data", _directory.FullName, "--port", $"{_port}", "--metrics-port", "none"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var waited = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await AnswersAsync())
        {
            if (_process.HasExited || waited.Elapsed > TimeSpan.FromSeconds(60)) throw new InvalidOperationException($"the server did not start:\n{Log}");
            await timer.WaitForNextTickAsync();
        }
        _isDown = false;
    }

    public string Log
    {
        get
        {
            lock (_log) return _log.ToString();
        }
    }

    /// <summary>SIGKILL: the process ends between two instructions.</summary>
    public async Task KillAsync()
    {
        _isDown = true;
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    public Task CreateAsync() => PostAsync("collections/create", new
    {
        collectionName = "c",
        schema = new
        {
            fields = new object[]
            {
                new { fieldName = "key", dataType = "Int64", isPrimary = true },
                new { fieldName = "stamp", dataType = "Int64" },
                new { fieldName = "vector", dataType = "FloatVector", elementTypeParams = new { dim = "4" } },
            },
        },
        indexParams = new[] { new { fieldName = "vector", indexName = "vector", metricType = "L2", indexType = "AUTOINDEX" } },
        @params = new { consistencyLevel = "Strong" },
    });

    public Task InsertAsync((long Key, long Stamp)[] rows) => PostAsync("entities/insert", new { collectionName = "c", data = Rows(rows) });

    public Task UpsertAsync((long Key, long Stamp)[] rows) => PostAsync("entities/upsert", new { collectionName = "c", data = Rows(rows) });

    public Task DeleteAsync(long[] keys) => DeleteWhereAsync($"key in [{string.Join(',', keys)}]");

    public Task DeleteWhereAsync(string filter) => PostAsync("entities/delete", new { collectionName = "c", filter });

    public Task FlushAsync() => PostAsync("collections/flush", new { collectionName = "c" });

    public Task CompactAsync() => PostAsync("collections/compact", new { collectionName = "c" });

    public async Task<SortedDictionary<long, long>> AllAsync()
    {
        var waited = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while ((string?)(await PostAsync("collections/get_load_state", new { collectionName = "c" }))?["loadState"] != "LoadStateLoaded")
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"the collection is not loaded:\n{Log}");
            await timer.WaitForNextTickAsync();
        }
        var rows = (JsonArray)(await PostAsync("entities/query", new { collectionName = "c", filter = "key >= 0", outputFields = new[] { "key", "stamp", "vector" }, limit = 16384 }))!;
        var all = new SortedDictionary<long, long>();
        foreach (var row in rows)
        {
            var (key, stamp) = (Number(row!["key"]!), Number(row["stamp"]!));
            Assert.Equal(Client.Vector(stamp), row["vector"]!.AsArray().Select(v => (float)v!).ToArray());
            Assert.True(all.TryAdd(key, stamp), $"key {key} came twice");
        }
        return all;
    }

    private async Task<JsonNode?> PostAsync(string path, object body)
    {
        using var response = await _http.PostAsJsonAsync($"http://127.0.0.1:{_port}/v2/vectordb/{path}", body);
        var answer = await response.Content.ReadFromJsonAsync<JsonObject>() ?? throw new HttpRequestException("no answer");
        if ((int)answer["code"]! != 0) throw new HttpRequestException($"{path}: {answer["code"]} {answer["message"]}");
        return answer["data"];
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var response = await _http.PostAsJsonAsync($"http://127.0.0.1:{_port}/v2/vectordb/collections/list", new { });
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static object[] Rows((long Key, long Stamp)[] rows) => [.. rows.Select(r => new { key = r.Key, stamp = r.Stamp, vector = Client.Vector(r.Stamp) })];

    private static long Number(JsonNode node) =>
        node.GetValueKind() == JsonValueKind.String ? long.Parse((string)node!, CultureInfo.InvariantCulture) : (long)node;

    private void Append(string? line)
    {
        if (line is null) return;
        lock (_log) _log.AppendLine(line);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
