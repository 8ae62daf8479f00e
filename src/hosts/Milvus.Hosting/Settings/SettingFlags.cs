using System.CommandLine;

namespace Milvus.Hosting.Settings;

/// <summary>The settings of a program as flags of its command line, with <c>--config</c> for a file of them.</summary>
public sealed class SettingFlags<T>
{
    private readonly SettingTable<T> _table;
    private readonly Option<string?> _config = new("--config") { Description = "JSON or YAML file with settings", Recursive = true };
    private readonly Dictionary<string, Option<string?>> _flags;

    public SettingFlags(SettingTable<T> table)
    {
        _table = table;
        _flags = table.All.ToDictionary(k => k.Name, k => new Option<string?>("--" + k.Name) { Description = k.Help, Recursive = true }, StringComparer.Ordinal);
    }

    /// <summary>Makes the flags known to the program and all its verbs.</summary>
    public void AddTo(RootCommand program)
    {
        program.Options.Add(_config);
        foreach (var flag in _flags.Values) program.Options.Add(flag);
    }

    /// <summary>What was set: by flag, in the environment, in the file.</summary>
    /// <exception cref="SettingsException">The file cannot be read.</exception>
    public SettingsSources Read(ParseResult parsed)
    {
        var sources = new SettingsSources(_table.Knows);
        if (parsed.GetValue(_config) is { } file) sources.AddFile(file);
        sources.AddEnvironment(Environment.GetEnvironmentVariables());
        foreach (var (name, flag) in _flags)
            if (parsed.GetValue(flag) is { } value) sources.AddFlag(name, value);
        return sources;
    }
}
