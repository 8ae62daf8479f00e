using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Milvus.Embedded;
using Milvus.Storage.Wal;
using Milvus.StreamingNode;

namespace Milvus.Standalone.Settings;

/// <summary>What an operator can set, checked. Built from <see cref="SettingsSources"/>.</summary>
public sealed record ServerSettings
{
    public string DataDirectory { get; init; } = "./milvus-data";

    public int Port { get; init; } = 19530;

    /// <summary>Null serves no metrics and no health endpoints.</summary>
    public int? MetricsPort { get; init; } = 9091;

    /// <summary>Null listens on every interface.</summary>
    public IPAddress? Address { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    public bool Authorization { get; init; }

    /// <summary>What REST does with 64-bit integers when the request does not say: true for JSON numbers, false for strings.</summary>
    public bool RestInt64AsNumbers { get; init; }

    public EngineOptions Engine { get; init; } = EngineOptions.Default;

    /// <exception cref="SettingsException">A key is unknown or its value does not fit; names where it came from.</exception>
    public static ServerSettings From(SettingsSources sources)
    {
        var settings = new ServerSettings();
        foreach (var (key, setting) in sources.Effective)
        {
            if (!SettingKeys.ByName.TryGetValue(key, out var definition))
                throw new SettingsException($"unknown setting '{key}' in {setting.Origin}; known are: {string.Join(", ", SettingKeys.ByName.Keys.Order(StringComparer.Ordinal))}");
            try
            {
                settings = definition.Apply(settings, setting.Value);
            }
            catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
            {
                throw new SettingsException($"setting '{key}' from {setting.Origin}: '{setting.Value}' is not {definition.Expects}");
            }
        }
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

/// <summary>A setting cannot be used; the message is for the operator.</summary>
public sealed class SettingsException(string message) : Exception(message);

/// <summary>One thing that can be set: by flag <c>--name</c>, environment <c>MILVUS_NAME</c> (dashes as underscores) or file.</summary>
/// <param name="Help">One line for <c>--help</c>.</param>
/// <param name="Expects">What a good value looks like, for error messages.</param>
public sealed record SettingKey(string Name, string Help, string Expects, Func<ServerSettings, string, ServerSettings> Apply);

/// <summary>Every setting there is.</summary>
public static class SettingKeys
{
    public static IReadOnlyList<SettingKey> All { get; } =
    [
        new("data", "directory that holds everything (default ./milvus-data)", "a path", (s, v) => s with { DataDirectory = NotEmpty(v) }),
        new("port", "port of gRPC and REST (default 19530)", "a port number", (s, v) => s with { Port = Port(v) }),
        new("metrics-port", "port of metrics and health, or 'none' (default 9091)", "a port number or 'none'", (s, v) => s with { MetricsPort = v == "none" ? null : Port(v) }),
        new("address", "address to listen on (default: all)", "an IP address", (s, v) => s with { Address = IPAddress.Parse(v) }),
        new("log-level", "Trace, Debug, Information, Warning, Error or None (default Warning)", "a log level", (s, v) => s with { LogLevel = Enum.Parse<LogLevel>(v, ignoreCase: true) }),
        new("authorization", "true to require user and password (default false)", "true or false", (s, v) => s with { Authorization = bool.Parse(v) }),
        new("rest-int64-as-numbers", "REST answers 64-bit integers as numbers unless asked otherwise (default false: strings)", "true or false", (s, v) => s with { RestInt64AsNumbers = bool.Parse(v) }),
        new("wal-sync", "always: acknowledged means fsynced (default); interval: a power cut may lose the last 200 ms; none: a power cut may lose more. A killed process loses nothing in any mode", "always, interval or none", (s, v) => s with { Engine = s.Engine with { Wal = s.Engine.Wal with { SyncMode = Enum.Parse<WalSyncMode>(v, ignoreCase: true) } } }),
        new("memory-limit", "bytes that loaded segments may take, such as 8g (default 70 % of the memory)", "a size such as 512m or 8g", (s, v) => s with { Engine = s.Engine with { MemoryLimitBytes = Size(v) } }),
        new("segment-max-bytes", "payload after which a growing segment is sealed (default 512m)", "a size up to 1g", (s, v) => s with { Engine = s.Engine with { Channel = s.Engine.Channel with { MaxSegmentBytes = Size(v) } } }),
        new("segment-max-age", "seconds after which a growing segment is sealed (default 600)", "a number of seconds", (s, v) => s with { Engine = s.Engine with { Channel = s.Engine.Channel with { MaxGrowingAgeMs = Seconds(v) } } }),
        new("tombstone-retention", "seconds that deleted rows stay before compaction removes them (default 60)", "a number of seconds", (s, v) => s with { Engine = s.Engine with { TombstoneRetentionMs = Seconds(v) } }),
        new("build-threads", "threads that build one index (default: all cores)", "a number", (s, v) => s with { Engine = s.Engine with { BuildThreads = int.Parse(v, CultureInfo.InvariantCulture) } }),
        new("auto-compaction", "true to compact without being asked (default true)", "true or false", (s, v) => s with { Engine = s.Engine with { AutoCompaction = bool.Parse(v) } }),
    ];

    public static IReadOnlyDictionary<string, SettingKey> ByName { get; } = All.ToDictionary(k => k.Name, StringComparer.Ordinal);

    private static string NotEmpty(string value) => value.Length > 0 ? value : throw new FormatException();

    private static int Port(string value) => ushort.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);

    private static int Seconds(string value) => checked((int)(double.Parse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * 1000));

    private static long Size(string value)
    {
        if (value.Length == 0) throw new FormatException();
        var shift = char.ToLowerInvariant(value[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        var digits = shift == 0 ? value : value[..^1];
        return checked((long)(double.Parse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * (1L << shift)));
    }
}
