using System.Net;
using Microsoft.Extensions.Logging;
using Milvus.Embedded;
using Milvus.Hosting.Settings;
using Milvus.Storage.Wal;

namespace Milvus.Standalone.Settings;

/// <summary>What an operator can set, checked. Built from <see cref="SettingsSources"/>.</summary>
public sealed record ServerSettings
{
    public string DataDirectory { get; init; } = "./milvus-data";

    /// <summary>Where bulk imports find their files; null for <c>import</c> below the data directory.</summary>
    public string? ImportDirectory { get; init; }

    public int Port { get; init; } = 19530;

    /// <summary>Null serves no metrics and no health endpoints.</summary>
    public int? MetricsPort { get; init; } = 9091;

    /// <summary>Null listens on every interface.</summary>
    public IPAddress? Address { get; init; }

    public TlsSettings Tls { get; init; } = new();

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    public bool Authorization { get; init; }

    /// <summary>What REST does with 64-bit integers when the request does not say: true for JSON numbers, false for strings.</summary>
    public bool RestInt64AsNumbers { get; init; }

    public EngineOptions Engine { get; init; } = EngineOptions.Default;

    /// <exception cref="SettingsException">A key is unknown or its value does not fit; names where it came from.</exception>
    public static ServerSettings From(SettingsSources sources)
    {
        var settings = SettingKeys.Table.Read(new ServerSettings(), sources);
        _ = settings.Tls.Options;
        try
        {
            return settings with { Engine = settings.Engine.Validated() };
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new SettingsException(e.Message);
        }
    }
}

/// <summary>Every setting there is.</summary>
public static class SettingKeys
{
    public static SettingTable<ServerSettings> Table { get; } = new(
    [
        new("data", "directory that holds everything (default ./milvus-data)", "a path", (s, v) => s with { DataDirectory = SettingText.NotEmpty(v) }),
        new("import-directory", "directory in which bulk imports find their files (default: import below the data directory)", "a path", (s, v) => s with { ImportDirectory = SettingText.NotEmpty(v) }),
        new("port", "port of gRPC and REST (default 19530)", "a port number", (s, v) => s with { Port = SettingText.Port(v) }),
        new("metrics-port", "port of metrics and health, or 'none' (default 9091)", "a port number or 'none'", (s, v) => s with { MetricsPort = v == "none" ? null : SettingText.Port(v) }),
        new("address", "address to listen on (default: all)", "an IP address", (s, v) => s with { Address = IPAddress.Parse(v) }),
        .. TlsSettings.Keys<ServerSettings>(s => s.Tls, (s, t) => s with { Tls = t }),
        new("log-level", "Trace, Debug, Information, Warning, Error or None (default Warning)", "a log level", (s, v) => s with { LogLevel = Enum.Parse<LogLevel>(v, ignoreCase: true) }),
        new("authorization", "true to require user and password (default false)", "true or false", (s, v) => s with { Authorization = bool.Parse(v) }),
        new("rest-int64-as-numbers", "REST answers 64-bit integers as numbers unless asked otherwise (default false: strings)", "true or false", (s, v) => s with { RestInt64AsNumbers = bool.Parse(v) }),
        new("wal-sync", "always: acknowledged means fsynced (default); interval: a power cut may lose the last 200 ms; none: a power cut may lose more. A killed process loses nothing in any mode", "always, interval or none", (s, v) => s with { Engine = s.Engine with { Wal = s.Engine.Wal with { SyncMode = Enum.Parse<WalSyncMode>(v, ignoreCase: true) } } }),
        .. EngineSettings.Keys<ServerSettings>(s => s.Engine, (s, e) => s with { Engine = e }),
    ]);
}
