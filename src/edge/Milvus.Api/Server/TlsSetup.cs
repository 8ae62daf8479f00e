using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Milvus.Api.Server;

/// <summary>What Kestrel needs for TLS, made from <see cref="TlsOptions"/>.</summary>
internal sealed class TlsSetup : IAsyncDisposable
{
    private readonly WebApplication _services;

    private TlsSetup(WebApplication services, HttpsConnectionAdapterOptions https)
    {
        _services = services;
        Https = https;
    }

    public HttpsConnectionAdapterOptions Https { get; }

    /// <summary>The services that Kestrel's TLS layer asks for.</summary>
    public IServiceProvider Services => _services.Services;

    /// <exception cref="ServerStartException">A file is missing, holds no certificate or key, or they do not belong together.</exception>
    public static TlsSetup Create(TlsOptions options, ILoggerFactory logging)
    {
        var issuers = new X509Certificate2Collection();
        var https = new HttpsConnectionAdapterOptions
        {
            ServerCertificate = Read(options.Certificate, "TLS certificate", file => WithKey(file, options.Key)),
            ServerCertificateChain = Read(options.Certificate, "TLS certificate", file => { issuers.ImportFromPemFile(file); return issuers; }),
        };
        if (options.ClientAuthorities is { } authorities)
        {
            var trusted = Read(authorities, "TLS client authorities", Authorities);
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (client, chain, _) => IsSignedBy(trusted, client, chain);
        }
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton(logging);
        return new TlsSetup(builder.Build(), https);
    }

    public ValueTask DisposeAsync()
    {
        Https.ServerCertificate?.Dispose();
        return _services.DisposeAsync();
    }

    private static X509Certificate2 WithKey(string certificate, string key)
    {
        if (!File.Exists(key)) throw new FileNotFoundException($"no file {key}");
        using var read = X509Certificate2.CreateFromPemFile(certificate, key);
        // Some platforms want a key that does not exist in memory only.
        return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
    }

    private static X509Certificate2Collection Authorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("it holds no certificate");
    }

    private static bool IsSignedBy(X509Certificate2Collection trusted, X509Certificate2 client, X509Chain? presented)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // Or a stranger's certificate would say which addresses are asked for its issuers.
        chain.ChainPolicy.DisableCertificateDownloads = true;
        // id-kp-clientAuth, RFC 5280, 4.2.1.12
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        return chain.Build(client);
    }

    private static T Read<T>(string file, string what, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new ServerStartException($"{what} {file} cannot be used: {e.Message}", e);
        }
    }
}
