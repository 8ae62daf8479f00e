using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Milvus.Api.Grpc;
using Milvus.Api.Grpc.Access;
using Milvus.Api.Grpc.Calls;
using Milvus.Api.Import;
using Milvus.Api.Metrics;
using Milvus.Api.Rest;
using Milvus.Api.Rest.Access;
using Milvus.Api.Server;
using Milvus.Coordinator;
using Milvus.Coordinator.Access;
using Milvus.Proxy;

namespace Milvus.Hosting;

/// <summary>What the listening side of a program needs to know.</summary>
public sealed record ApiParts
{
    public required IMilvusProxy Proxy { get; init; }

    public required Func<Catalog> Catalog { get; init; }

    /// <summary>Checks credentials and privileges; null when authorization is off.</summary>
    public AccessControl? Access { get; init; }

    public required ServerHealth Health { get; init; }

    public required MetricsRegistry Metrics { get; init; }

    /// <summary>Bulk imports; null when this process imports no files.</summary>
    public ImportJobs? Imports { get; init; }

    /// <summary>Null when this process takes no snapshots.</summary>
    public SnapshotService? Snapshots { get; init; }

    /// <summary>What REST does with 64-bit integers when the request does not say.</summary>
    public bool RestInt64AsNumbers { get; init; }

    /// <summary>Answers management requests that are not the server's own; null when there are none.</summary>
    public RequestDelegate? Management { get; init; }
}

/// <summary>Puts the listening side of a program together: gRPC and REST on one port, metrics and health on another.</summary>
public static class ApiHost
{
    public static MilvusServer Create(MilvusServerOptions options, ApiParts parts, TimeProvider time, ILoggerFactory logging)
    {
        var build = BuildDetails.Of(typeof(ApiHost).Assembly);
        var identity = new ServerIdentity { BuildTime = build.Time, GitCommit = build.Commit };
        ProcessMetrics.Register(parts.Metrics);
        parts.Metrics.Observe("milvus_collections", "Collections in the catalogue.", () => parts.Catalog().CollectionCount);
        var methods = new GrpcMethodTable.Builder()
            .AddMilvus(parts.Proxy, identity, parts.Health, time, logging.CreateLogger("Milvus.Api.Grpc"), parts.Imports, parts.Snapshots)
            .AddHealth(parts.Health)
            .Build();
        IGrpcGuard? guard = parts.Access is { } access ? new AccessGuard(access, parts.Catalog) : null;
        var rest = new RestApplication(
            parts.Proxy,
            new RestOptions { Int64AsNumbers = parts.RestInt64AsNumbers },
            parts.Access is null ? null : new RestGuard(parts.Access, parts.Catalog),
            time,
            logging.CreateLogger("Milvus.Api.Rest"))
        { Imports = parts.Imports, Snapshots = parts.Snapshots };
        return new MilvusServer(options, methods, rest.HandleAsync, guard, parts.Health, parts.Metrics, identity.Version, time, logging, parts.Management);
    }

    /// <summary>A server of management endpoints only, for nodes that clients do not talk to.</summary>
    public static MilvusServer CreateManagement(
        MilvusServerOptions options, ServerHealth health, MetricsRegistry metrics, RequestDelegate? management, TimeProvider time, ILoggerFactory logging)
    {
        ProcessMetrics.Register(metrics);
        return new MilvusServer(options with { Port = null }, new GrpcMethodTable.Builder().Build(), _ => Task.CompletedTask, null, health, metrics, new ServerIdentity().Version, time, logging, management);
    }

    /// <summary>Logging to the console, one line per event.</summary>
    public static ILoggerFactory CreateLogging(LogLevel minimum) => LoggerFactory.Create(b => b
        .SetMinimumLevel(minimum)
        // Kestrel warns that a cleartext port cannot speak HTTP/2 unless told so by TLS; the preface detector tells it.
        .AddFilter((category, level) => level >= minimum && (level != LogLevel.Warning || category != "Microsoft.AspNetCore.Server.Kestrel"))
        .AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "HH:mm:ss.fff ";
        }));
}
