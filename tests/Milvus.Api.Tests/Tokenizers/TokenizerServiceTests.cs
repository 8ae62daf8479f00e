using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Grpc;
using Milvus.Api.Server;
using Milvus.Api.Tokenizers;
using Milvus.Model;
using Milvus.Protocol.Tokenizer;
using Milvus.Text.Analyzers;
using Milvus.Text.Bm25;

namespace Milvus.Api.Tests.Tokenizers;

/// <summary>The tokenizer grpc against a service on a socket that cuts at slashes.</summary>
public sealed class TokenizerServiceTests
{
    private static readonly GrpcService s_contract = new("milvus.proto.tokenizer.Tokenizer", ["Tokenize"]);

    [Fact]
    public async Task Tokens_and_places_are_those_of_the_service()
    {
        var asked = new List<TokenizationRequest>();
        await using var service = await StartAsync(request =>
        {
            asked.Add(request);
            return Cut(request);
        });
        using var services = Allow(service);
        var analyzer = Parse(services, service, """, "parameters": [{"key": "mode", "values": ["fine", "all"]}, {"key": "user", "values": []}]""", """, "filter": ["lowercase"]""");
        Assert.True(analyzer.AsksService);
        Assert.Equal([("ä", 0, 2, 0, 1), ("bc", 3, 5, 1, 1)], analyzer.GetTokens("Ä/Bc").Select(t => (t.Text, t.StartOffset, t.EndOffset, t.Position, t.PositionLength)));
        Assert.Equal("Ä/Bc", asked[0].Text);
        Assert.Equal(["mode=fine,all", "user="], asked[0].Parameters.Select(p => $"{p.Key}={string.Join(',', p.Values)}"));
        // A text that was cut lately is not sent again, an empty one never.
        Assert.Equal(2, analyzer.GetTokens("Ä/Bc").Count);
        Assert.Empty(analyzer.GetTokens(""));
        Assert.Single(asked);
        Assert.Equal(2, Parse(services, service).GetTokens("Ä/Bc").Count);
        Assert.Equal(2, asked.Count);
    }

    [Fact]
    public async Task Many_texts_are_on_their_way_at_the_same_time()
    {
        const int Texts = 20;
        var inside = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = await StartAsync(async request =>
        {
            if (Interlocked.Increment(ref inside) == Texts) all.SetResult();
            // Nobody is answered before everybody has asked.
            await all.Task;
            return Cut(request);
        });
        using var services = Allow(service);
        var function = new Bm25Function(Parse(services, service));
        var texts = new BinaryColumnBuilder(DataType.VarChar);
        for (var i = 0; i < Texts; i++) texts.Append($"text/{i}");
        var column = (BinaryColumn)texts.Build();
        await function.PrepareAsync(column);
        var rows = function.Embed(column);
        Assert.All(Enumerable.Range(0, Texts), row => Assert.Equal(16, rows[row].Length));
        Assert.Equal(Texts, inside);
    }

    [Fact]
    public async Task A_refusal_of_the_service_is_told_in_its_words()
    {
        await using var service = await StartAsync(Refuse);
        using var services = Allow(service);
        var error = Assert.Throws<MilvusException>(() => Parse(services, service).GetTokens("a"));
        Assert.Equal(ErrorCode.FunctionFailed, error.Code);
        Assert.Equal($"call tokenizer service failed, endpoint {Endpoint(service)}: grpc-status 3 no such mode: 100 %: function execution failed", error.Message);
    }

    [Theory]
    [InlineData(0, 9, 0)]
    [InlineData(-1, 1, 0)]
    [InlineData(2, 1, 0)]
    [InlineData(0, 1, -1)]
    public async Task Places_outside_the_text_are_refused(int from, int to, int position)
    {
        await using var service = await StartAsync(_ => new TokenizationResponse { Tokens = { new Token { Text = "x", OffsetFrom = from, OffsetTo = to, Position = position } } });
        using var services = Allow(service);
        var error = Assert.Throws<MilvusException>(() => Parse(services, service).GetTokens("abc"));
        Assert.Contains("in a text of 3 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_away_is_not_waited_for_again_and_again()
    {
        var asked = 0;
        var hangs = true;
        var never = new TaskCompletionSource();
        await using var service = await StartAsync(async request =>
        {
            Interlocked.Increment(ref asked);
            if (hangs) await never.Task;
            return Cut(request);
        });
        var options = Options(service) with { TimeoutMs = 300, PauseMs = 1_000_000 };
        using (var services = new GrpcTokenizerServices(options, TimeProvider.System))
        {
            var analyzer = Parse(services, service);
            Assert.Contains("no answer within 300 ms", Assert.Throws<MilvusException>(() => analyzer.GetTokens("a")).Message, StringComparison.Ordinal);
            var error = Assert.Throws<MilvusException>(() => analyzer.GetTokens("b"));
            Assert.Contains("no answer within 300 ms (just now)", error.Message, StringComparison.Ordinal);
            Assert.Equal(1, asked);
            // Stand-ins take the place of answers, and of answers only.
            Assert.Equal(["x", "y"], Parse(services, service, """, "default_tokens": ["x", "y"]""").GetTokens("some text").Select(t => t.Text));
        }
        hangs = false;
        using (var services = new GrpcTokenizerServices(options with { PauseMs = 0 }, TimeProvider.System))
            Assert.Single(Parse(services, service).GetTokens("b"));
    }

    [Fact]
    public void A_service_that_is_not_there_is_named()
    {
        using var services = new GrpcTokenizerServices(new TokenizerServiceOptions { Services = [new("http://127.0.0.1:1")] }, TimeProvider.System);
        var analyzer = Analyzer.Parse("""{"tokenizer": {"type": "grpc", "endpoint": "http://127.0.0.1:1/"}}""", new AnalyzerSources { Services = services });
        var error = Assert.Throws<MilvusException>(() => analyzer.GetTokens("a"));
        Assert.Equal(ErrorCode.FunctionFailed, error.Code);
        Assert.StartsWith("call tokenizer service failed, endpoint http://127.0.0.1:1:", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:2", "", "not among the tokenizer services")]
    [InlineData("https://127.0.0.1:1", "", "not among the tokenizer services")]
    [InlineData("http://127.0.0.1:1@169.254.0.1", "", "not among the tokenizer services")]
    [InlineData("http://127.0.0.1:1/x", "", "not among the tokenizer services")]
    [InlineData("http://127.0.0.1:1", """, "tls": {"ca_cert": "/etc/passwd"}""", "tls ca_cert of endpoint http://127.0.0.1:1 is set by the server's operator")]
    [InlineData("http://127.0.0.1:1", """, "tls": {"key": "x"}""", "unknown grpc tokenizer tls key: key")]
    [InlineData("http://127.0.0.1:1", """, "parameters": {}""", "parameters must be array")]
    [InlineData("http://127.0.0.1:1", """, "parameters": [{"key": "a"}]""", "must have values")]
    [InlineData("http://127.0.0.1:1", """, "timeout": 1""", "unknown tokenizer option key: timeout")]
    public void Only_what_the_operator_allows_is_asked(string endpoint, string more, string complaint)
    {
        using var services = new GrpcTokenizerServices(new TokenizerServiceOptions { Services = [new("http://127.0.0.1:1")] }, TimeProvider.System);
        var error = Assert.Throws<MilvusException>(() => Analyzer.Parse($$"""{"tokenizer": {"type": "grpc", "endpoint": "{{endpoint}}"{{more}} } }""", new AnalyzerSources { Services = services }));
        Assert.Equal(ErrorCode.InvalidParameter, error.Code);
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_services_none_is_asked()
    {
        var error = Assert.Throws<MilvusException>(() => Analyzer.Parse("""{"tokenizer": {"type": "grpc", "endpoint": "http://127.0.0.1:1"}}""", new AnalyzerSources()));
        Assert.Contains("it calls no tokenizer services", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_is_spoken_with_the_operator_s_authorities()
    {
        var directory = Directory.CreateTempSubdirectory("milvus-tokens-").FullName;
        try
        {
            var (certificate, key) = SelfSigned(directory, "tokens.example");
            await using var service = await StartAsync(request => Cut(request), new TlsOptions { Certificate = certificate, Key = key });
            var endpoint = $"https://127.0.0.1:{service.Port}";
            var trusted = new TokenizerServiceSettings(endpoint) { Domain = "tokens.example", Authorities = certificate };
            Assert.Single(Ask(trusted, """, "tls": {"domain": "tokens.example"}"""));
            Assert.Throws<MilvusException>(() => Ask(trusted with { Domain = "other.example" }));
            Assert.Throws<MilvusException>(() => Ask(trusted with { Authorities = null }));
            Assert.Throws<FormatException>(() => Ask(trusted with { Authorities = Path.Combine(directory, "none.pem") }));

            IReadOnlyList<AnalyzerToken> Ask(TokenizerServiceSettings settings, string more = "")
            {
                using var services = new GrpcTokenizerServices(new TokenizerServiceOptions { Services = [settings] }, TimeProvider.System);
                return Analyzer.Parse($$"""{"tokenizer": {"type": "grpc", "endpoint": "{{endpoint}}"{{more}} } }""", new AnalyzerSources { Services = services }).GetTokens("a");
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static (string Certificate, string Key) SelfSigned(string directory, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var certificate = request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2120, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var files = (Path.Combine(directory, "tokens.pem"), Path.Combine(directory, "tokens.key"));
        File.WriteAllText(files.Item1, certificate.ExportCertificatePem());
        File.WriteAllText(files.Item2, key.ExportPkcs8PrivateKeyPem());
        return files;
    }

    private static TokenizationResponse Cut(TokenizationRequest request)
    {
        var answer = new TokenizationResponse();
        var at = 0;
        foreach (var word in request.Text.Split('/'))
        {
            var bytes = Encoding.UTF8.GetByteCount(word);
            answer.Tokens.Add(new Token { Text = word, OffsetFrom = at, OffsetTo = at + bytes, Position = answer.Tokens.Count, PositionLength = 1 });
            at += bytes + 1;
        }
        return answer;
    }

    private static TokenizationResponse Refuse(TokenizationRequest request) => throw new GrpcException(GrpcStatusCode.InvalidArgument, "no such mode: 100 %");

    private static string Endpoint(MilvusServer service) => $"http://127.0.0.1:{service.Port}";

    private static TokenizerServiceOptions Options(MilvusServer service) => new() { Services = [new(Endpoint(service))], TimeoutMs = 60_000 };

    private static GrpcTokenizerServices Allow(MilvusServer service) => new(Options(service), TimeProvider.System);

    private static Analyzer Parse(GrpcTokenizerServices services, MilvusServer service, string more = "", string filter = "") =>
        Analyzer.Parse($$"""{"tokenizer": {"type": "grpc", "endpoint": "{{Endpoint(service)}}"{{more}} }{{filter}} }""", new AnalyzerSources { Services = services });

    private static Task<MilvusServer> StartAsync(Func<TokenizationRequest, TokenizationResponse> answer, TlsOptions? tls = null) => StartAsync(request => Task.FromResult(answer(request)), tls);

    private static async Task<MilvusServer> StartAsync(Func<TokenizationRequest, Task<TokenizationResponse>> answer, TlsOptions? tls = null)
    {
        var health = new ServerHealth();
        var table = new GrpcMethodTable.Builder().AddService(s_contract);
        table.Unary<TokenizationRequest, TokenizationResponse>(s_contract, "Tokenize", TokenizationRequest.Parser, (request, _) => new ValueTask<TokenizationResponse>(answer(request)));
        var options = new MilvusServerOptions { Port = 0, MetricsPort = null, Address = IPAddress.Loopback, ShutdownTimeout = TimeSpan.Zero, Tls = tls };
        var server = new MilvusServer(options, table.Build(), http => http.Response.WriteAsync("rest"), null, health, new(), "test", TimeProvider.System, NullLoggerFactory.Instance);
        await server.StartAsync();
        health.Ready();
        return server;
    }
}
