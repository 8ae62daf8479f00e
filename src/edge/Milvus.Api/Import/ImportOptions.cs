using System.Globalization;
using System.Text.RegularExpressions;
using Milvus.Model;

namespace Milvus.Api.Import;

/// <summary>What a client can say about an import besides its files.</summary>
public sealed partial record ImportOptions
{
    public static readonly ImportOptions Default = new();

    /// <summary>The job fails when it is not done by then; null for never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>False leaves the checked job waiting for a commit.</summary>
    public bool AutoCommit { get; init; } = true;

    /// <summary>Separates the cells of CSV files.</summary>
    public char Separator { get; init; } = ',';

    /// <summary>The cell of a CSV file that means null.</summary>
    public string NullKey { get; init; } = "";

    /// <summary>The files are a backup of Milvus' own segments.</summary>
    public bool IsBackup { get; init; }

    /// <exception cref="MilvusException">2100, or 1100 for flags: a value that cannot be.</exception>
    public static ImportOptions From(IEnumerable<Property> given)
    {
        var options = Default;
        foreach (var (key, value) in given)
        {
            options = key switch
            {
                "timeout" => options with { Timeout = ReadDuration(value) },
                "auto_commit" => options with { AutoCommit = ReadFlag(key, value) },
                "sep" when value.Length > 0 => options with { Separator = ReadSeparator(value) },
                "nullkey" => options with { NullKey = value },
                "backup" or "l0_import" => options with { IsBackup = options.IsBackup || value.Equals("true", StringComparison.OrdinalIgnoreCase) },
                _ => options,
            };
        }
        return options;
    }

    private static bool ReadFlag(string key, string value) =>
        bool.TryParse(value, out var flag) ? flag : throw MilvusException.InvalidParameter($"{key} should be \"true\" or \"false\", but got \"{value}\"");

    private static char ReadSeparator(string value) => value[0] is '\0' or '\n' or '\r' or '"' or '\uFFFD'
        ? throw ImportFailures.Of($"unsupported csv separator: {value}")
        : value[0];

    // Durations as Go writes them: 300s, 1.5h, 1h45m.
    private static TimeSpan ReadDuration(string text)
    {
        if (!Duration().IsMatch(text)) throw ImportFailures.Of($"parse timeout failed, err=time: invalid duration \"{text}\"");
        var seconds = 0.0;
        foreach (Match part in Part().Matches(text))
        {
            var unit = part.Groups[2].Value switch { "h" => 3600, "m" => 60, "s" => 1, "ms" => 1e-3, "us" or "µs" => 1e-6, _ => 1e-9 };
            seconds += double.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture) * unit;
        }
        return TimeSpan.FromSeconds(Math.Min(seconds, 30 * 86400));
    }

    [GeneratedRegex(@"^([0-9]+(\.[0-9]*)?(h|ms|m|us|µs|ns|s))+$")]
    private static partial Regex Duration();

    [GeneratedRegex(@"([0-9]+(?:\.[0-9]*)?)(h|ms|m|us|µs|ns|s)")]
    private static partial Regex Part();
}

/// <summary>Failures of imports in Milvus' words.</summary>
internal static class ImportFailures
{
    public static MilvusException Of(string problem) => new(ErrorCode.ImportFailed, $"{problem}: importing data failed") { IsInputError = true };

    public static MilvusException OfServer(string problem) => new(ErrorCode.ImportSystemFailed, $"{problem}: importing data failed on server side");
}
