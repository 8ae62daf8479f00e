using System.Net;
using Milvus.Api.Grpc;

namespace Milvus.Api.Server;

/// <summary>Where the server listens and what it accepts. Immutable; validated when the server is made.</summary>
public sealed record MilvusServerOptions
{
    public const int DefaultPort = 19530;

    public const int DefaultMetricsPort = 9091;

    /// <summary>Port of gRPC and REST; 0 takes a free one, null opens none.</summary>
    public int? Port { get; init; } = DefaultPort;

    /// <summary>Port of metrics and health; 0 takes a free one, null opens none.</summary>
    public int? MetricsPort { get; init; } = DefaultMetricsPort;

    /// <summary>The interface to listen on; null means all, IPv4 and IPv6.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>TLS on the service port; null speaks cleartext. The metrics port is cleartext in any case.</summary>
    public TlsOptions? Tls { get; init; }

    public GrpcOptions Grpc { get; init; } = new();

    /// <summary>Largest REST request body, bytes.</summary>
    public long MaxRestBodyBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Concurrent HTTP/2 streams one connection may open.</summary>
    public int MaxStreamsPerConnection { get; init; } = 4096;

    /// <summary>How long stopping waits for running requests before it aborts them.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public MilvusServerOptions Validate()
    {
        if (Port is { } service) CheckPort(service, nameof(Port));
        if (MetricsPort is { } port) CheckPort(port, nameof(MetricsPort));
        if (Port is not null and not 0 && Port == MetricsPort)
            throw new ArgumentOutOfRangeException(nameof(MetricsPort), MetricsPort, "the metrics port must differ from the service port");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxRestBodyBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxStreamsPerConnection);
        ArgumentOutOfRangeException.ThrowIfLessThan(ShutdownTimeout, TimeSpan.Zero);
        Grpc.Validate();
        return this;
    }

    private static void CheckPort(int port, string name)
    {
        if (port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
            throw new ArgumentOutOfRangeException(name, port, "a port is a number from 0 to 65535");
    }
}
