using System.Collections.Immutable;

namespace Milvus.Proxy.Models;

/// <summary>What the operator says about one provider of models.</summary>
/// <param name="ApiKey">Sent as the provider wants it; empty for none.</param>
/// <param name="Url">In place of the provider's usual address; empty to keep that.</param>
/// <param name="IsEnabled">False refuses functions that name the provider.</param>
public sealed record ProviderSettings(string ApiKey = "", string Url = "", bool IsEnabled = true);

/// <summary>Settings of model providers. Keys come from the operator only: a function names a credential, it never holds one.</summary>
public sealed record ModelOptions
{
    public static ModelOptions Default { get; } = new();

    /// <summary>By provider name in lower case.</summary>
    public ImmutableDictionary<string, ProviderSettings> Providers { get; init; } = ImmutableDictionary<string, ProviderSettings>.Empty;

    /// <summary>API keys that functions may name by <c>credential</c>.</summary>
    public ImmutableDictionary<string, string> Credentials { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>How long one request to a model may take.</summary>
    public int TimeoutMs { get; init; } = 30_000;

    /// <summary>Attempts at a request that fails by the network or by a status of 429 or 5xx.</summary>
    public int Attempts { get; init; } = 3;
}
