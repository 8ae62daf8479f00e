namespace Milvus.Api.Server;

/// <summary>
/// TLS on the port of gRPC and REST: files in PEM, read when the server starts. Clients that have to show a certificate show one that
/// <see cref="ClientAuthorities"/> signed.
/// </summary>
public sealed record TlsOptions
{
    /// <summary>The server's certificate, its issuers after it in the same file.</summary>
    public required string Certificate { get; init; }

    /// <summary>The certificate's private key, not encrypted.</summary>
    public required string Key { get; init; }

    /// <summary>The certificates of the authorities whose clients are let in; null asks no client for a certificate.</summary>
    public string? ClientAuthorities { get; init; }
}
