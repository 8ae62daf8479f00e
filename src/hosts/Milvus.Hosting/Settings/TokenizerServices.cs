using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Api.Tokenizers;

namespace Milvus.Hosting.Settings;

/// <summary>
/// Reads the file that says which tokenizer services analyzers may name: <c>{"services": [{"endpoint": "https://tokens:50051", "ca_cert": …}], "timeoutMs": 5000}</c>.
/// </summary>
public static class TokenizerServices
{
    /// <exception cref="FormatException">The file cannot be read, is no such object, or names files that cannot be read.</exception>
    public static GrpcTokenizerServices Read(string path)
    {
        try
        {
            return new GrpcTokenizerServices(Parse(File.ReadAllText(path)), TimeProvider.System);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static TokenizerServiceOptions Parse(string text)
    {
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var root = document.RootElement;
        var services = ImmutableArray.CreateBuilder<TokenizerServiceSettings>();
        if (root.TryGetProperty("services", out var given))
        {
            foreach (var service in given.EnumerateArray())
            {
                services.Add(new TokenizerServiceSettings(Text(service, "endpoint") ?? throw new FormatException("a service has no endpoint"))
                {
                    Domain = Text(service, "domain"),
                    Authorities = Text(service, "ca_cert"),
                    ClientCertificate = Text(service, "client_cert"),
                    ClientKey = Text(service, "client_key"),
                });
            }
        }
        var options = new TokenizerServiceOptions { Services = services.ToImmutable() };
        if (root.TryGetProperty("timeoutMs", out var timeout)) options = options with { TimeoutMs = timeout.GetInt32() };
        return root.TryGetProperty("concurrency", out var concurrency) ? options with { Concurrency = concurrency.GetInt32() } : options;
    }

    private static string? Text(JsonElement owner, string member) => owner.TryGetProperty(member, out var value) ? value.GetString() : null;
}
