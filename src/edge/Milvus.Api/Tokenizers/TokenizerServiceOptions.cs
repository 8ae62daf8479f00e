using System.Collections.Immutable;

namespace Milvus.Api.Tokenizers;

/// <summary>One tokenizer service that analyzers may name.</summary>
/// <param name="Endpoint">Scheme, host and port; https speaks TLS.</param>
public sealed record TokenizerServiceSettings(string Endpoint)
{
    /// <summary>The name that the service's certificate has to be for; null for the endpoint's host.</summary>
    public string? Domain { get; init; }

    /// <summary>PEM file of the authorities that may have signed the service's certificate; null for those of the system.</summary>
    public string? Authorities { get; init; }

    /// <summary>PEM file of the certificate that is shown to the service; null for none.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>PEM file of that certificate's key.</summary>
    public string? ClientKey { get; init; }
}

/// <summary>Which tokenizer services may be asked, and how.</summary>
public sealed record TokenizerServiceOptions
{
    /// <summary>All that are allowed.</summary>
    public ImmutableArray<TokenizerServiceSettings> Services { get; init; } = [];

    /// <summary>How long one text may take.</summary>
    public int TimeoutMs { get; init; } = 5000;

    /// <summary>Texts that one service has at the same time.</summary>
    public int Concurrency { get; init; } = 32;

    /// <summary>How long a service that was away is not asked again.</summary>
    public int PauseMs { get; init; } = 2000;

    /// <summary>Memory for the answers to the latest texts, of all services together.</summary>
    public long RememberedBytes { get; init; } = 64 << 20;

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public TokenizerServiceOptions Validated()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(TimeoutMs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Concurrency);
        ArgumentOutOfRangeException.ThrowIfNegative(PauseMs);
        ArgumentOutOfRangeException.ThrowIfNegative(RememberedBytes);
        return this;
    }
}
