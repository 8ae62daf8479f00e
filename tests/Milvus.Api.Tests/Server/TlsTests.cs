using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Grpc;
using Milvus.Api.Server;

namespace Milvus.Api.Tests.Server;

/// <summary>TLS on the service port, with certificates made on the spot.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("milvus-tls-").FullName;
    private readonly Authority _servers = new("servers");
    private readonly Authority _clients = new("clients");

    public void Dispose()
    {
        _servers.Dispose();
        _clients.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Both_protocols_are_spoken_over_tls()
    {
        await using var server = await StartAsync(Files("localhost"));
        using var http = Client(server.Port);
        foreach (var (version, name) in new[] { (HttpVersion.Version11, "HTTP/1.1"), (HttpVersion.Version20, "HTTP/2") })
        {
            using var answer = await GetAsync(http, version);
            Assert.Equal($"https over {name}", await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task A_grpc_call_is_answered_over_tls()
    {
        await using var server = await StartAsync(Files("localhost"));
        using var http = Client(server.Port);
        using var call = new HttpRequestMessage(HttpMethod.Post, "/grpc.health.v1.Health/Check")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        using var answer = await http.SendAsync(call);
        Assert.NotEmpty(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal("0", Assert.Single(answer.TrailingHeaders.GetValues("grpc-status")));
    }

    [Fact]
    public async Task Cleartext_is_not_answered_on_a_tls_port()
    {
        await using var server = await StartAsync(Files("localhost"));
        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri($"http://127.0.0.1:{server.Port}/v2/x")));
    }

    [Fact]
    public async Task Clients_show_a_certificate_of_the_right_authority_or_are_turned_away()
    {
        var options = Files("localhost") with { ClientAuthorities = Write("clients.pem", _clients.Certificate.ExportCertificatePem()) };
        await using var server = await StartAsync(options);
        using var known = _clients.Issue("somebody", forServer: false);
        using (var http = Client(server.Port, known))
        using (var answer = await GetAsync(http, HttpVersion.Version20))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        using var stranger = _servers.Issue("stranger", forServer: false);
        using var serverCertificate = _clients.Issue("server", forServer: true);
        foreach (var certificate in new[] { null, stranger, serverCertificate })
        {
            using var http = Client(server.Port, certificate);
            await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(http, HttpVersion.Version11));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Issuers_in_the_file_are_shown_to_clients_that_know_only_the_root(bool areGiven)
    {
        using var between = new Authority("between", _servers);
        using var certificate = between.Issue("localhost", forServer: true);
        using var key = certificate.GetECDsaPrivateKey()!;
        var options = new TlsOptions
        {
            Certificate = Write("chain.pem", certificate.ExportCertificatePem() + (areGiven ? "\n" + between.Certificate.ExportCertificatePem() : "")),
            Key = Write("chain.key", key.ExportPkcs8PrivateKeyPem()),
        };
        await using var server = await StartAsync(options);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.Add(_servers.Certificate);
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } })
        {
            BaseAddress = new Uri($"https://127.0.0.1:{server.Port}"),
        };
        if (!areGiven)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(http, HttpVersion.Version20));
            return;
        }
        using var answer = await GetAsync(http, HttpVersion.Version20);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Files_that_cannot_be_used_stop_the_start_and_are_named()
    {
        var good = Files("localhost");
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var cases = new (TlsOptions Options, string File)[]
        {
            (good with { Certificate = Path.Combine(_directory, "none.pem") }, "none.pem"),
            (good with { Certificate = Write("empty.pem", "") }, "empty.pem"),
            (good with { Key = Path.Combine(_directory, "nokey.pem") }, "nokey.pem"),
            (good with { Key = Write("other.key", other.ExportPkcs8PrivateKeyPem()) }, "localhost.pem"),
            (good with { ClientAuthorities = Write("noauthority.pem", "nothing") }, "noauthority.pem"),
        };
        foreach (var (options, file) in cases)
        {
            var error = await Assert.ThrowsAsync<ServerStartException>(() => StartAsync(options));
            Assert.Contains(file, error.Message, StringComparison.Ordinal);
            Assert.Contains("cannot be used", error.Message, StringComparison.Ordinal);
        }
    }

    private TlsOptions Files(string name)
    {
        using var certificate = _servers.Issue(name, forServer: true);
        using var key = certificate.GetECDsaPrivateKey()!;
        return new TlsOptions
        {
            Certificate = Write(name + ".pem", certificate.ExportCertificatePem() + "\n" + _servers.Certificate.ExportCertificatePem()),
            Key = Write(name + ".key", key.ExportPkcs8PrivateKeyPem()),
        };
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static async Task<MilvusServer> StartAsync(TlsOptions tls)
    {
        var health = new ServerHealth();
        var options = new MilvusServerOptions { Port = 0, MetricsPort = null, Address = IPAddress.Loopback, ShutdownTimeout = TimeSpan.Zero, Tls = tls };
        var server = new MilvusServer(
            options, new GrpcMethodTable.Builder().AddHealth(health).Build(), http => http.Response.WriteAsync($"{http.Request.Scheme} over {http.Request.Protocol}"),
            null, health, new(), "test", TimeProvider.System, NullLoggerFactory.Instance);
        await server.StartAsync();
        return server;
    }

    private HttpClient Client(int port, X509Certificate2? shown = null)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && shown.IssuerName.RawData.AsSpan().SequenceEqual(_servers.Certificate.SubjectName.RawData),
                ClientCertificates = shown is null ? null : [shown],
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{port}") };
    }

    private static Task<HttpResponseMessage> GetAsync(HttpClient http, Version version) =>
        http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v2/x") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact });

    private sealed class Authority : IDisposable
    {
        private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        private static readonly DateTimeOffset Until = new(2120, 1, 1, 0, 0, 0, TimeSpan.Zero);
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private byte _serial;

        /// <param name="issuer">Null for an authority of its own.</param>
        public Authority(string name, Authority? issuer = null)
        {
            var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
            if (issuer is null)
            {
                Certificate = request.CreateSelfSigned(From, Until);
                return;
            }
            using var bare = request.Create(issuer.Certificate, From, Until, [++issuer._serial]);
            Certificate = bare.CopyWithPrivateKey(_key);
        }

        public X509Certificate2 Certificate { get; }

        public X509Certificate2 Issue(string name, bool forServer)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(forServer ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], critical: false));
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            using var bare = request.Create(Certificate, From, Until, [++_serial]);
            return bare.CopyWithPrivateKey(key);
        }

        public void Dispose()
        {
            Certificate.Dispose();
            _key.Dispose();
        }
    }
}
