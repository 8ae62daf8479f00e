using System.Net;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Node;
using Milvus.Embedded;
using Milvus.Hosting.Settings;
using Milvus.Storage.Minio;

namespace Milvus.Actors.Hosting;

/// <summary>What an operator can set for one cluster node, checked.</summary>
public sealed record NodeSettings
{
    public string[] Roles { get; init; } = NodeRoles.All;

    /// <summary>Name or address under which the other nodes reach this one.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port of Akka.Remote; 0 takes a free one.</summary>
    public int ClusterPort { get; init; } = 4053;

    /// <summary>Where the node listens for the other nodes when an address translation stands between: they reach it under <see cref="Host"/> and <see cref="ClusterPort"/>. Null when none does.</summary>
    public IPEndPoint? ClusterBind { get; init; }

    /// <summary>host:port of nodes that form the cluster; empty makes this node a cluster of its own.</summary>
    public string[] Seeds { get; init; } = [];

    /// <summary>host:port of management endpoints to bootstrap from instead of seeds.</summary>
    public string[] ContactPoints { get; init; } = [];

    /// <summary>Port of Akka.Management; null runs none.</summary>
    public int? AkkaManagementPort { get; init; }

    /// <summary>Port of <c>pbm</c>; null runs none.</summary>
    public int? PbmPort { get; init; }

    /// <summary>An Npgsql connection string, or null for SQLite files in <see cref="DataDirectory"/>.</summary>
    public string? Database { get; init; }

    /// <summary>Where sealed segments go: a directory, or the URL of a bucket. Null is <c>objects</c> in <see cref="DataDirectory"/>.</summary>
    public string? ObjectStorage { get; init; }

    public string ObjectStorageAccessKey { get; init; } = "";

    public string ObjectStorageSecretKey { get; init; } = "";

    /// <summary>Region of the bucket; signatures name it.</summary>
    public string ObjectStorageRegion { get; init; } = MinioObjectStoreOptions.DefaultRegion;

    /// <summary>Files of this node: its SQLite databases where it has any, its cache of segments, what is on its way to a bucket.</summary>
    public string DataDirectory { get; init; } = "./milvus-node";

    /// <summary>Bytes of segment files a query node keeps on its disk.</summary>
    public long CacheBytes { get; init; } = 16L << 30;

    public int Port { get; init; } = 19530;

    public int? MetricsPort { get; init; } = 9091;

    /// <summary>Where clients and probes connect to; null is every interface.</summary>
    public IPAddress? Address { get; init; }

    public TlsSettings Tls { get; init; } = new();

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    public bool Authorization { get; init; }

    public bool RestInt64AsNumbers { get; init; }

    /// <summary>A file with cluster mechanics that go before the built-in ones.</summary>
    public string? HoconFile { get; init; }

    public EngineOptions Engine { get; init; } = EngineOptions.Default;

    /// <summary>Of the <c>cluster</c> verb: processes with streaming, query and data.</summary>
    public int LocalNodes { get; init; } = 3;

    public bool Has(string role) => Roles.Contains(role);

    /// <exception cref="SettingsException">A setting is unknown, does not fit, or contradicts another.</exception>
    public static NodeSettings From(SettingsSources sources)
    {
        var settings = Table.Read(new NodeSettings(), sources);
        _ = settings.Tls.Options;
        if (settings.Database is null && settings.Seeds.Any(s => s != $"{settings.Host}:{settings.ClusterPort}"))
            throw new SettingsException("a cluster of several nodes needs --database: SQLite files belong to one node");
        if (settings.Seeds.Length > 0 && settings.ContactPoints.Length > 0)
            throw new SettingsException("--seeds and --contact-points exclude each other");
        if (settings.ContactPoints.Length > 0 && settings.AkkaManagementPort is null)
            throw new SettingsException("--contact-points needs --akka-management-port: the nodes find each other by it");
        try
        {
            var placement = settings.Engine.Placement;
            placement = placement with { CopyDirectory = placement.CopyDirectory ?? Path.Combine(settings.DataDirectory, "mmap") };
            return settings with { Engine = (settings.Engine with { Placement = placement }).Validated() };
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new SettingsException(e.Message);
        }
    }

    public static SettingTable<NodeSettings> Table { get; } = new(
    [
        new("roles", "comma-separated: coordinator, proxy, streaming, query, data (default: all)", "a list of roles", (s, v) => s with { Roles = ReadRoles(v) }),
        new("host", "name or address under which other nodes reach this one (default 127.0.0.1)", "a host name", (s, v) => s with { Host = SettingText.NotEmpty(v) }),
        new("cluster-port", "port for the other nodes (default 4053)", "a port number", (s, v) => s with { ClusterPort = SettingText.Port(v) }),
        new("cluster-bind", "address:port to listen on for the other nodes when --host and --cluster-port are translated on the way", "an address:port", (s, v) => s with { ClusterBind = IPEndPoint.Parse(v) }),
        new("seeds", "comma-separated host:port of nodes to join; none: a cluster of its own", "a list of host:port", (s, v) => s with { Seeds = Endpoints(v) }),
        new("contact-points", "comma-separated host:port of Akka.Management endpoints to bootstrap from instead of seeds", "a list of host:port", (s, v) => s with { ContactPoints = Endpoints(v) }),
        new("akka-management-port", "port of Akka.Management, or 'none' (default none)", "a port number or 'none'", (s, v) => s with { AkkaManagementPort = PortOrNone(v) }),
        new("pbm-port", "port of Petabridge.Cmd, or 'none' (default none; needs a build with it)", "a port number or 'none'", (s, v) => s with { PbmPort = PortOrNone(v) }),
        new("database", "PostgreSQL as a connection string (Host=…;Database=…;Username=…) or URL for journals and metadata; default: SQLite files of this node", "a connection string", (s, v) => s with { Database = SettingText.NotEmpty(v) }),
        new("object-storage", "directory, or http(s)://host:port/bucket of MinIO or S3 (default: a directory of this node)", "a directory or URL", (s, v) => s with { ObjectStorage = SettingText.NotEmpty(v) }),
        new("object-storage-access-key", "access key of the bucket", "a key", (s, v) => s with { ObjectStorageAccessKey = v }),
        new("object-storage-secret-key", "secret key of the bucket; better given by the environment", "a key", (s, v) => s with { ObjectStorageSecretKey = v }),
        new("object-storage-region", "region of the bucket (default us-east-1, which MinIO takes)", "a region such as eu-central-1", (s, v) => s with { ObjectStorageRegion = SettingText.NotEmpty(v) }),
        new("data", "directory of this node's files (default ./milvus-node)", "a path", (s, v) => s with { DataDirectory = SettingText.NotEmpty(v) }),
        new("cache-bytes", "bytes of segment files kept on this node's disk (default 16g)", "a size such as 16g", (s, v) => s with { CacheBytes = SettingText.Size(v) }),
        new("port", "port of gRPC and REST on proxies (default 19530)", "a port number", (s, v) => s with { Port = SettingText.Port(v) }),
        new("metrics-port", "port of metrics, health and /v1/cluster, or 'none' (default 9091)", "a port number or 'none'", (s, v) => s with { MetricsPort = PortOrNone(v) }),
        new("address", "address that clients connect to (default: all)", "an IP address", (s, v) => s with { Address = IPAddress.Parse(v) }),
        .. TlsSettings.Keys<NodeSettings>(s => s.Tls, (s, t) => s with { Tls = t }),
        new("log-level", "Trace, Debug, Information, Warning, Error or None (default Warning)", "a log level", (s, v) => s with { LogLevel = Enum.Parse<LogLevel>(v, ignoreCase: true) }),
        new("authorization", "true to require user and password (default false)", "true or false", (s, v) => s with { Authorization = bool.Parse(v) }),
        new("rest-int64-as-numbers", "REST answers 64-bit integers as numbers unless asked otherwise (default false: strings)", "true or false", (s, v) => s with { RestInt64AsNumbers = bool.Parse(v) }),
        new("local-nodes", "nodes with streaming, query and data that 'cluster' starts (default 3)", "a number from 1 to 200", (s, v) => s with { LocalNodes = LocalCount(v) }),
        new("hocon", "file with Akka.NET settings that win over the built-in ones", "a path", (s, v) => s with { HoconFile = SettingText.NotEmpty(v) }),
        .. EngineSettings.Keys<NodeSettings>(s => s.Engine, (s, e) => s with { Engine = e }),
    ]);

    private static int LocalCount(string value) =>
        int.Parse(value, System.Globalization.CultureInfo.InvariantCulture) is var n and >= 1 and <= 200 ? n : throw new FormatException(value);

    private static string[] ReadRoles(string value)
    {
        var roles = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray();
        if (roles.Length == 0) throw new FormatException();
        return roles.FirstOrDefault(r => !NodeRoles.All.Contains(r)) is { } unknown ? throw new FormatException(unknown) : roles;
    }

    private static string[] Endpoints(string value)
    {
        var endpoints = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var e in endpoints)
        {
            var colon = e.LastIndexOf(':');
            if (colon <= 0) throw new FormatException(e);
            SettingText.Port(e[(colon + 1)..]);
        }
        return endpoints;
    }

    private static int? PortOrNone(string value) => value == "none" ? null : SettingText.Port(value);
}
