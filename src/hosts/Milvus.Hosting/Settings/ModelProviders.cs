using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Proxy.Models;

namespace Milvus.Hosting.Settings;

/// <summary>
/// Reads the file that says how model providers are reached: <c>{"providers": {"openai": {"apikey": …, "url": …, "enable": true}}, "credentials": {"name": "key"}}</c>. It
/// holds secrets, so it is a file of its own.
/// </summary>
public static class ModelProviders
{
    /// <exception cref="FormatException">The file cannot be read or is no such object.</exception>
    public static ModelOptions Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static ModelOptions Parse(string text)
    {
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var root = document.RootElement;
        var providers = ImmutableDictionary.CreateBuilder<string, ProviderSettings>();
        if (root.TryGetProperty("providers", out var given))
            foreach (var p in given.EnumerateObject())
                providers[p.Name.ToLowerInvariant()] = new ProviderSettings(
                    Text(p.Value, "apikey"), Text(p.Value, "url"), !p.Value.TryGetProperty("enable", out var enable) || enable.GetBoolean());
        var credentials = ImmutableDictionary.CreateBuilder<string, string>();
        if (root.TryGetProperty("credentials", out var named))
            foreach (var c in named.EnumerateObject()) credentials[c.Name] = c.Value.GetString() ?? "";
        var options = new ModelOptions { Providers = providers.ToImmutable(), Credentials = credentials.ToImmutable() };
        return root.TryGetProperty("timeoutMs", out var timeout) ? options with { TimeoutMs = timeout.GetInt32() } : options;
    }

    private static string Text(JsonElement owner, string member) => owner.TryGetProperty(member, out var value) ? value.GetString() ?? "" : "";
}
