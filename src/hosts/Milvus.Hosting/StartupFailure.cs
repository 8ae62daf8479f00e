using Milvus.Api.Server;
using Milvus.Model;
using Milvus.Hosting.Settings;

namespace Milvus.Hosting;

/// <summary>Failures that an operator can understand and mend: told in one line instead of a stack trace.</summary>
public static class StartupFailure
{
    public static string? Explains(Exception e) => e switch
    {
        SettingsException or ServerStartException or InvalidOperationException or MilvusException => e.Message,
        IntegrityException => $"stored data is damaged: {e.Message}",
        IOException or UnauthorizedAccessException => e.Message,
        _ => null,
    };
}
