using Milvus.Api.Server;

namespace Milvus.Hosting.Settings;

/// <summary>Settings of TLS on the port of gRPC and REST, the same in every program with such a port.</summary>
public sealed record TlsSettings
{
    public string? Certificate { get; init; }

    public string? Key { get; init; }

    public string? ClientAuthorities { get; init; }

    /// <summary>Null when the port is to speak without TLS.</summary>
    /// <exception cref="SettingsException">One setting needs another that is missing.</exception>
    public TlsOptions? Options => (Certificate, Key, ClientAuthorities) switch
    {
        (null, null, null) => null,
        ({ } certificate, { } key, var authorities) => new TlsOptions { Certificate = certificate, Key = key, ClientAuthorities = authorities },
        _ => throw new SettingsException("TLS needs --tls-certificate and --tls-key together"),
    };

    public static IEnumerable<SettingKey<T>> Keys<T>(Func<T, TlsSettings> get, Func<T, TlsSettings, T> with)
    {
        SettingKey<T> Key(string name, string help, Func<TlsSettings, string, TlsSettings> apply) => new(name, help, "a path", (s, v) => with(s, apply(get(s), SettingText.NotEmpty(v))));

        yield return Key("tls-certificate", "PEM file with the certificate of the port of gRPC and REST, its issuers after it (default: no TLS)", (t, v) => t with { Certificate = v });
        yield return Key("tls-key", "PEM file with the certificate's private key", (t, v) => t with { Key = v });
        yield return Key("tls-client-authorities", "PEM file with authorities: clients have to show a certificate that one of them signed", (t, v) => t with { ClientAuthorities = v });
    }
}
