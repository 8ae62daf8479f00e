using System.Collections;
using System.Reflection;
using System.Text;
using Akka.Configuration;
using Milvus.Hosting.Settings;

namespace Milvus.Actors.Hosting;

/// <summary>
/// The Akka.NET configuration of a node: <c>hocon/common.conf</c>, the file of each of its roles, a file of the operator's, the environment; later ones win.
/// </summary>
public static class NodeHocon
{
    private const string EnvironmentPrefix = "AKKA__";

    /// <exception cref="SettingsException">The operator's file cannot be read.</exception>
    public static Config For(NodeSettings settings, IDictionary environment)
    {
        var config = Resource("common");
        foreach (var role in settings.Roles) config = Resource(role).WithFallback(config);
        if (settings.HoconFile is { } file)
        {
            try
            {
                config = ConfigurationFactory.ParseString(File.ReadAllText(file)).WithFallback(config);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ConfigurationException or FormatException)
            {
                throw new SettingsException($"HOCON file {file}: {e.Message}");
            }
        }
        var overrides = FromEnvironment(environment);
        return overrides.Length == 0 ? config : ConfigurationFactory.ParseString(overrides).WithFallback(config);
    }

    /// <summary><c>AKKA__CLUSTER__DOWN_REMOVAL_MARGIN=2s</c> as <c>akka.cluster.down-removal-margin = 2s</c>.</summary>
    private static string FromEnvironment(IDictionary environment)
    {
        var text = new StringBuilder();
        foreach (DictionaryEntry entry in environment)
        {
            if (entry.Key is not string name || !name.StartsWith(EnvironmentPrefix, StringComparison.Ordinal) || entry.Value is not string value) continue;
            var path = name.ToLowerInvariant().Replace("__", ".", StringComparison.Ordinal).Replace('_', '-');
            text.Append(path).Append(" = \"").Append(value.Replace("\"", "\\\"", StringComparison.Ordinal)).Append("\"\n");
        }
        return text.ToString();
    }

    private static Config Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"hocon.{name}.conf")
            ?? throw new InvalidOperationException($"hocon/{name}.conf is not part of this build");
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
