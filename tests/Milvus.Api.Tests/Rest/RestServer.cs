using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Grpc;
using Milvus.Api.Grpc.Access;
using Milvus.Api.Grpc.Calls;
using Milvus.Api.Import;
using Milvus.Api.Metrics;
using Milvus.Api.Rest;
using Milvus.Api.Rest.Access;
using Milvus.Api.Server;
using Milvus.Api.Tests.Grpc;
using Milvus.Coordinator;
using Milvus.Embedded;
using Milvus.Proxy;
using Milvus.Storage.Objects;
using Milvus.Storage.Wal;
using Milvus.TestKit.Disk;

namespace Milvus.Api.Tests.Rest;

/// <summary>A whole server — REST and gRPC on one port of the loopback interface — over an empty temporary directory.</summary>
public sealed class RestServer : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly RestOptions _options;
    private readonly bool _authorization;
    private EmbeddedMilvus _milvus = null!;
    private ImportWorker _imports = null!;
    private MilvusServer _server = null!;
    private HttpClient _http = null!;
    private RawGrpcClient _grpc = null!;

    public RestServer()
        : this(new RestOptions())
    {
    }

    internal RestServer(RestOptions options, bool authorization = false)
    {
        _options = options;
        _authorization = authorization;
    }

    internal static EngineOptions Engine { get; } = new()
    {
        Wal = new WalOptions { SyncMode = WalSyncMode.None },
        MaintenanceIntervalMs = 20,
        MemoryLimitBytes = 1L << 30,
    };

    public int Port => _server.Port;

    internal EmbeddedMilvus Milvus => _milvus;

    internal RawGrpcClient Grpc => _grpc;

    /// <summary>Where bulk imports look for their files.</summary>
    internal LocalObjectStore ImportFiles { get; private set; } = null!;

    internal static async Task<RestServer> StartAsync(RestOptions options)
    {
        var server = new RestServer(options);
        await server.InitializeAsync();
        return server;
    }

    public async Task InitializeAsync()
    {
        ImportFiles = new LocalObjectStore(Path.Combine(_directory.Path, "import"));
        _milvus = await EmbeddedMilvus.OpenAsync(_directory.Path, Engine with { Files = ImportFiles }, TimeProvider.System, NullLoggerFactory.Instance);
        _imports = new ImportWorker(
            _milvus.Proxy, new ImportWork(_milvus.Proxy, _milvus.Engine, ImportFiles, TimeProvider.System, NullLogger.Instance), TimeProvider.System, NullLogger.Instance);
        var jobs = new ImportJobs(_milvus.Proxy);
        var snapshots = new SnapshotService(_milvus.Proxy, _milvus.Engine.Snapshots, new ExternalPlaces(ImportFiles));
        var health = new ServerHealth();
        var methods = new GrpcMethodTable.Builder()
            .AddMilvus(_milvus.Proxy, new ServerIdentity(), health, TimeProvider.System, NullLogger.Instance, jobs, snapshots)
            .AddHealth(health)
            .Build();
        Catalog Newest() => _milvus.Coordinator.Catalog;
        var guard = _authorization ? new RestGuard(_milvus.Coordinator.Access, Newest) : null;
        var rest = new RestApplication(_milvus.Proxy, _options, guard, TimeProvider.System, NullLogger.Instance) { Imports = jobs, Snapshots = snapshots };
        _server = new MilvusServer(
            new MilvusServerOptions { Port = 0, MetricsPort = null, Address = IPAddress.Loopback }, methods, rest.HandleAsync,
            _authorization ? new AccessGuard(_milvus.Coordinator.Access, Newest) : null, health,
            new MetricsRegistry(), "test", TimeProvider.System, NullLoggerFactory.Instance);
        await _server.StartAsync();
        health.Ready();
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}/v2/vectordb/"), Timeout = TimeSpan.FromSeconds(60) };
        _grpc = new RawGrpcClient(Port);
    }

    /// <summary>Sends a body — text as it stands, anything else as JSON — and reads the answer.</summary>
    internal async Task<RestAnswer> SendAsync(string path, object body, params (string Name, string Value)[] headers)
    {
        var bytes = body switch
        {
            byte[] raw => raw,
            string text => Encoding.UTF8.GetBytes(text),
            _ => JsonSerializer.SerializeToUtf8Bytes(body),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(bytes) };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _http.SendAsync(request);
        return new RestAnswer((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>The <c>data</c> of a successful answer.</summary>
    internal async Task<JsonElement> DataAsync(string path, object body, params (string Name, string Value)[] headers) =>
        (await SendAsync(path, body, headers)).Data;

    /// <summary>Expects a refusal with this code over HTTP 200.</summary>
    internal async Task<string> RefusedAsync(int code, string path, object body, params (string Name, string Value)[] headers)
    {
        var answer = await SendAsync(path, body, headers);
        Assert.Equal((200, code), (answer.Status, answer.Code));
        Assert.False(answer.Root.TryGetProperty("data", out _));
        return answer.Message;
    }

    /// <summary>Asks again until a member of the answer has a value; a minute is long enough for anything.</summary>
    internal async Task UntilAsync(string path, object body, string member, string value)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var now = (await DataAsync(path, body)).GetProperty(member).GetString();
            if (now == value) return;
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMinutes(1), $"{path}: {member} is still {now}");
        }
    }

    internal async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => await _http.SendAsync(request);

    public async Task DisposeAsync()
    {
        _http.Dispose();
        _grpc.Dispose();
        await _server.DisposeAsync();
        await _imports.DisposeAsync();
        await _milvus.DisposeAsync();
    }

    public void Dispose() => _directory.Dispose();
}

/// <summary>What came back.</summary>
internal sealed class RestAnswer(int status, byte[] body)
{
    public int Status { get; } = status;

    public JsonElement Root { get; } = Parse(body);

    public int Code => Root.GetProperty("code").GetInt32();

    public string Message => Root.TryGetProperty("message", out var m) ? m.GetString()! : "";

    public JsonElement Data
    {
        get
        {
            Assert.True(Code == 0, $"code {Code}: {Message}");
            Assert.Equal(200, Status);
            return Root.GetProperty("data");
        }
    }

    private static JsonElement Parse(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }
}

/// <summary>One server for all tests that do not need one of their own; each makes collections with names of its own.</summary>
[CollectionDefinition(nameof(SharedRestServer))]
public sealed class SharedRestServer : ICollectionFixture<RestServer>;
