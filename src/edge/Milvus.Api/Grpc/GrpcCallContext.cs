using Microsoft.AspNetCore.Http;

namespace Milvus.Api.Grpc;

/// <summary>What a handler may know about its call. Lives as long as the call.</summary>
public sealed class GrpcCallContext
{
    private readonly HttpContext _http;

    internal GrpcCallContext(HttpContext http, GrpcMethod method, CancellationToken cancellation)
    {
        _http = http;
        Method = method;
        Cancellation = cancellation;
    }

    public GrpcMethod Method { get; }

    /// <summary>Fires when the client goes away or the call's deadline passes.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>The user behind the call; null while authorization is off.</summary>
    public string? User { get; internal set; }

    /// <summary>The answer, though it arrives with status OK, says that the engine failed; for metrics.</summary>
    public bool EngineFailed { get; set; }

    /// <summary>The array of <see cref="System.Buffers.ArrayPool{T}.Shared"/> that holds the request's message and can go back once it is answered; null else.</summary>
    internal byte[]? Borrowed { get; set; }

    /// <summary>The database named by the metadata, empty when none is.</summary>
    public string Database => Metadata("dbname");

    /// <summary>The last value of a metadata key (lower case), empty when absent.</summary>
    public string Metadata(string key)
    {
        var values = _http.Request.Headers[key];
        return values.Count == 0 ? "" : values[^1] ?? "";
    }

    /// <summary>The peer's address, for logs.</summary>
    public string Peer => _http.Connection.RemoteIpAddress is { } address ? $"{address}:{_http.Connection.RemotePort}" : "";
}
