using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Milvus.Api.Grpc;
using Milvus.Api.Metrics;

namespace Milvus.Api.Server;

/// <summary>
/// The listening side of a Milvus process: gRPC and REST on one port, cleartext or with TLS, metrics and health on another. Owns its
/// sockets, nothing else.
/// </summary>
public sealed class MilvusServer : IAsyncDisposable
{
    /// <summary>A connection that says nothing is closed after this; the same as Kestrel's keep-alive.</summary>
    private static readonly TimeSpan FirstByteTimeout = TimeSpan.FromSeconds(130);

    private const int MaxFrameBytes = 256 << 10;

    private readonly MilvusServerOptions _options;
    private readonly RequestDelegate _rest;
    private readonly GrpcRequestHandler _grpc;
    private readonly ManagementEndpoints _management;
    private readonly ILoggerFactory _logging;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly List<KestrelServer> _running = [];
    private IConnectionListenerFactory? _sockets;
    private TlsSetup? _tls;
    private volatile bool _draining;

    /// <param name="methods">All gRPC methods. The health service need not be among them; see <see cref="HealthService"/>.</param>
    /// <param name="rest">Takes every request that is not gRPC.</param>
    /// <param name="guard">Access control of gRPC calls; null when authorization is off.</param>
    /// <param name="version">Shown on the status page.</param>
    /// <param name="management">Answers requests to the management port that are not the server's own; null when there are none.</param>
    public MilvusServer(
        MilvusServerOptions options, GrpcMethodTable methods, RequestDelegate rest, IGrpcGuard? guard, ServerHealth health,
        MetricsRegistry metrics, string version, TimeProvider time, ILoggerFactory logging, RequestDelegate? management = null)
    {
        _options = options.Validate();
        _rest = rest;
        _time = time;
        _logging = logging;
        _logger = logging.CreateLogger<MilvusServer>();
        _grpc = new GrpcRequestHandler(methods, options.Grpc, guard, metrics, time, logging.CreateLogger<GrpcRequestHandler>());
        _management = new ManagementEndpoints(metrics, health, version, time, management);
    }

    /// <summary>The bound port of gRPC and REST; valid once started, 0 when there is none.</summary>
    public int Port { get; private set; }

    /// <summary>The bound port of metrics and health; null when there is none.</summary>
    public int? MetricsPort { get; private set; }

    /// <exception cref="ServerStartException">A port is taken or the address is not ours.</exception>
    public async Task StartAsync(CancellationToken cancellation = default)
    {
        try
        {
            if (_options is { Port: not null, Tls: { } tls }) _tls = TlsSetup.Create(tls, _logging);
            if (_options.Port is { } service)
                Port = await ListenAsync(service, "port", HttpProtocols.Http1AndHttp2, DispatchAsync, cancellation);
            if (_options.MetricsPort is { } port)
                MetricsPort = await ListenAsync(port, "metrics port", HttpProtocols.Http1, _management.HandleAsync, cancellation);
        }
        catch
        {
            await StopAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>
    /// Asks clients to go elsewhere: every HTTP/1 answer from now on closes its connection, so that none is idle when the server stops, which
    /// a client would notice only by a failed request. HTTP/2 has a message of its own for that.
    /// </summary>
    public void BeginDrain() => _draining = true;

    /// <summary>Stops listening, lets running requests end within the shutdown timeout, then aborts them.</summary>
    public async Task StopAsync(CancellationToken cancellation = default)
    {
        using var patience = new CancellationTokenSource(_options.ShutdownTimeout, _time);
        using var link = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        foreach (var server in _running)
        {
            await server.StopAsync(link.Token);
            server.Dispose();
        }
        _running.Clear();
        if (_tls is { } tls) await tls.DisposeAsync();
        _tls = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private Task DispatchAsync(HttpContext http)
    {
        if (_draining && !HttpProtocol.IsHttp2(http.Request.Protocol)) http.Response.Headers.Connection = "close";
        if (http.Request.ContentType is { } type && type.StartsWith(GrpcRequestHandler.ContentType, StringComparison.OrdinalIgnoreCase))
        {
            if (!GrpcRequestHandler.Accepts(type))
            {
                http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
                return Task.CompletedTask;
            }
            if (HttpProtocol.IsHttp2(http.Request.Protocol)) return _grpc.HandleAsync(http);
            http.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            http.Response.Headers.Upgrade = "h2c";
            return Task.CompletedTask;
        }

        // Kestrel's own limit is off for gRPC, which limits messages instead of bodies.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = _options.MaxRestBodyBytes;
        return _rest(http);
    }

    private async Task<int> ListenAsync(
        int port, string what, HttpProtocols protocols, RequestDelegate handler, CancellationToken cancellation)
    {
        var kestrel = KestrelSettings(protocols);
        ListenOptions? endpoint = null;
        if (_options.Address is { } address) kestrel.Listen(address, port, Configure);
        else kestrel.ListenAnyIP(port, Configure);

        var server = new KestrelServer(Options.Create(kestrel), _sockets ??= SocketTransport.Create(_logging), _logging);
        try
        {
            await server.StartAsync(new HttpApplication(handler, _logger), cancellation);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            server.Dispose();
            throw new ServerStartException(
                $"cannot listen on {what} {port} of {_options.Address?.ToString() ?? "all interfaces"}: {Reason(e)}", e);
        }

        _running.Add(server);
        return ((IPEndPoint)endpoint!.EndPoint).Port;

        void Configure(ListenOptions listen)
        {
            endpoint = listen;
            listen.Protocols = protocols;
            // By TLS, clients say which protocol they speak.
            if (protocols == HttpProtocols.Http1AndHttp2 && _tls is { } tls)
                listen.UseHttps(tls.Https);
            else if (protocols == HttpProtocols.Http1AndHttp2)
                listen.Use(next => Http2PrefaceDetector.Wrap(next, FirstByteTimeout, _time));
        }
    }

    private KestrelServerOptions KestrelSettings(HttpProtocols protocols)
    {
        var kestrel = new KestrelServerOptions
        {
            ApplicationServices = _tls?.Services ?? NoServices.Instance,
            AddServerHeader = false,
            // The preface detector makes HTTP/2 connections look negotiated; their scheme stays http.
            AllowAlternateSchemes = true,
        };
        var limits = kestrel.Limits;
        if (protocols == HttpProtocols.Http1) return kestrel;

        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.Http2.MaxStreamsPerConnection = _options.MaxStreamsPerConnection;
        // Inserts send megabytes: a small window would cost a round trip per window, and a small frame costs as much as a large one.
        limits.Http2.MaxFrameSize = MaxFrameBytes;
        limits.Http2.InitialStreamWindowSize = 16 * GrpcOptions.Mebibyte;
        limits.Http2.InitialConnectionWindowSize = 64 * GrpcOptions.Mebibyte;
        return kestrel;
    }

    private static string Reason(Exception e) =>
        e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException || e.Message.Contains("address already in use")
            ? "another process uses it"
            : e.Message;

    private sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}

/// <summary>The server cannot open its sockets, or cannot use the certificates it is to show there.</summary>
public sealed class ServerStartException(string message, Exception inner) : Exception(message, inner);
