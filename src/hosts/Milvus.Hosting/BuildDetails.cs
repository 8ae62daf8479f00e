using System.Globalization;
using System.Reflection;

namespace Milvus.Hosting;

/// <summary>What a built program knows of how it was built.</summary>
/// <param name="Time">UTC, as <c>date -u</c> writes it; empty when unknown.</param>
/// <param name="Commit">The commit's hash; empty when it was not built from a repository.</param>
public sealed record BuildDetails(string Time, string Commit)
{
    /// <summary>Builds are deterministic and do not contain their time, but their files were written then.</summary>
    public static BuildDetails Of(Assembly assembly)
    {
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        var file = assembly.Location.Length > 0 ? assembly.Location : Environment.ProcessPath;
        var time = File.Exists(file) ? File.GetLastWriteTimeUtc(file).ToString("ddd MMM d HH:mm:ss 'UTC' yyyy", CultureInfo.InvariantCulture) : "";
        return new BuildDetails(time, plus < 0 ? "" : version[(plus + 1)..]);
    }
}
