using Milvus.Api.Server;
using Milvus.Model;
using Milvus.Hosting.Settings;

namespace Milvus.Hosting;

/// <summary>Failures that an operator can understand and mend: told in one line instead of a stack trace.</summary>
public static class StartupFailure
{
    /// <summary>Runs a program; its exit code, or 1 after a failure that could be explained.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> run)
    {
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (Exception e) when (Explains(e) is { } reason)
        {
            await Console.Error.WriteLineAsync("milvus: " + reason).ConfigureAwait(false);
            return 1;
        }
    }

    public static string? Explains(Exception e) => e switch
    {
        SettingsException or ServerStartException or InvalidOperationException or MilvusException => e.Message,
        IntegrityException => $"stored data is damaged: {e.Message}",
        IOException or UnauthorizedAccessException => e.Message,
        _ => null,
    };
}
