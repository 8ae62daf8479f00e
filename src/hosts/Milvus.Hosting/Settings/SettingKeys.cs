namespace Milvus.Hosting.Settings;

/// <summary>A setting cannot be used; the message is for the operator.</summary>
public sealed class SettingsException(string message) : Exception(message);

/// <summary>One thing that can be set: by flag <c>--name</c>, environment <c>MILVUS_NAME</c> (dashes as underscores) or file.</summary>
/// <param name="Help">One line for <c>--help</c>.</param>
/// <param name="Expects">What a good value looks like, for error messages.</param>
public sealed record SettingKey<T>(string Name, string Help, string Expects, Func<T, string, T> Apply);

/// <summary>The settings of one program.</summary>
public sealed class SettingTable<T>(IReadOnlyList<SettingKey<T>> all)
{
    private readonly Dictionary<string, SettingKey<T>> _byName = all.ToDictionary(k => k.Name, StringComparer.Ordinal);

    public IReadOnlyList<SettingKey<T>> All { get; } = all;

    public bool Knows(string name) => _byName.ContainsKey(name);

    /// <summary>The defaults with everything that was set applied.</summary>
    /// <exception cref="SettingsException">A key is unknown or its value does not fit; names where it came from.</exception>
    public T Read(T settings, SettingsSources sources)
    {
        foreach (var (key, setting) in sources.Effective)
        {
            if (!_byName.TryGetValue(key, out var definition))
                throw new SettingsException($"unknown setting '{key}' in {setting.Origin}; known are: {string.Join(", ", _byName.Keys.Order(StringComparer.Ordinal))}");
            try
            {
                settings = definition.Apply(settings, setting.Value);
            }
            catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
            {
                throw new SettingsException($"setting '{key}' from {setting.Origin}: '{setting.Value}' is not {definition.Expects}");
            }
        }
        return settings;
    }
}
