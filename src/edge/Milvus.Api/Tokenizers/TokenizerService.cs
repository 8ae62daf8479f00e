using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using Milvus.Api.Grpc;
using Milvus.Model;
using Milvus.Protocol.Tokenizer;
using Milvus.Text.Analyzers.Remote;

namespace Milvus.Api.Tokenizers;

/// <summary>
/// Unary calls of one tokenizer service over kept HTTP/2 connections, so many at a time. One that was away is left alone for a while, in which
/// every call fails at once: whoever waits for it, waits once. Thread-safe.
/// </summary>
internal sealed class TokenizerService : IDisposable
{
    private const string Path = "/milvus.proto.tokenizer.Tokenizer/Tokenize";
    private const int HeaderBytes = 5;
    private const int MaxAnswerBytes = 16 << 20;

    private readonly TokenizerServiceSettings _settings;
    private readonly TokenizerServiceOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _turns;
    private readonly X509Certificate2? _shown;
    private volatile Absence? _absence;

    /// <exception cref="FormatException">A file of TLS cannot be read.</exception>
    public TokenizerService(TokenizerServiceSettings settings, Uri address, TokenizerServiceOptions options, TimeProvider time)
    {
        _settings = settings;
        _options = options;
        _time = time;
        _turns = new SemaphoreSlim(options.Concurrency);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, EnableMultipleHttp2Connections = true, PooledConnectionLifetime = TimeSpan.FromMinutes(10) };
        try
        {
            if (settings.Authorities is { } authorities)
            {
                handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authorities);
            }
            if (settings.ClientCertificate is { } certificate)
            {
                _shown = X509Certificate2.CreateFromPemFile(certificate, settings.ClientKey);
                handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(_shown, null);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new FormatException($"a TLS file of the endpoint '{settings.Endpoint}' cannot be read: {e.Message}", e);
        }
        _http = new HttpClient(handler)
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    /// <param name="Since">A timestamp of the time provider.</param>
    private sealed record Absence(long Since, string Problem);

    /// <summary>What the operator says under a name that analyzers use for it.</summary>
    public string? TlsMember(string name) => name switch
    {
        "domain" => _settings.Domain,
        "ca_cert" => _settings.Authorities,
        "client_cert" => _settings.ClientCertificate,
        "client_key" => _settings.ClientKey,
        _ => null,
    };

    /// <exception cref="MilvusException">2400: the service failed, gave no answer in time or one without sense.</exception>
    public async Task<RemoteToken[]> TokenizeAsync(TokenizerCall call, string text, CancellationToken cancellation)
    {
        ThrowIfAway();
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(_options.TimeoutMs), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await _turns.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                // While this one waited, another may have found out.
                ThrowIfAway();
                var tokens = Read(await SendAsync(call, text, either.Token).ConfigureAwait(false), text);
                _absence = null;
                return tokens;
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Failed($"the answer is no TokenizationResponse: {e.Message}", e);
        }
        catch (HttpRequestException e)
        {
            throw Away(e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message, e);
        }
        catch (IOException e)
        {
            throw Away(e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw Away($"no answer within {_options.TimeoutMs} ms", e);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _turns.Dispose();
        _shown?.Dispose();
    }

    private void ThrowIfAway()
    {
        if (_absence is { } absence && _time.GetElapsedTime(absence.Since).TotalMilliseconds < _options.PauseMs) throw Failed($"{absence.Problem} (just now)");
    }

    private MilvusException Away(string problem, Exception? cause)
    {
        _absence = new Absence(_time.GetTimestamp(), problem);
        return Failed(problem, cause);
    }

    private MilvusException Failed(string problem, Exception? cause = null) =>
        new(ErrorCode.FunctionFailed, $"call tokenizer service failed, endpoint {_settings.Endpoint}: {problem}: function execution failed", cause);

    private async Task<TokenizationResponse> SendAsync(TokenizerCall call, string text, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(Frame(call, text)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        // The handler asks the certificate for the name that the request is addressed to.
        if (_settings.Domain is { } domain) request.Headers.Host = domain;
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.TryAddWithoutValidation("grpc-timeout", _options.TimeoutMs.ToString(CultureInfo.InvariantCulture) + "m");
        using var response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK) throw Away($"HTTP {(int)response.StatusCode}", null);
        // An answer without a message has its status among the headers.
        var status = Header(response.TrailingHeaders, "grpc-status") ?? Header(response.Headers, "grpc-status");
        if (status != "0")
        {
            var message = GrpcMessageText.Decode(Header(response.TrailingHeaders, "grpc-message") ?? Header(response.Headers, "grpc-message") ?? "");
            var problem = status is null ? "the answer has no grpc-status" : $"grpc-status {status} {message}".TrimEnd();
            throw status is "14" ? Away(problem, null) : Failed(problem);
        }
        var body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
        if (body.Length < HeaderBytes || body[0] != 0 || BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)) != (uint)(body.Length - HeaderBytes))
            throw Failed("the answer is not one uncompressed message");
        return TokenizationResponse.Parser.ParseFrom(body, HeaderBytes, body.Length - HeaderBytes);
    }

    private static string? Header(HttpResponseHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static byte[] Frame(TokenizerCall call, string text)
    {
        var message = new TokenizationRequest { Text = text };
        foreach (var (key, values) in call.Parameters) message.Parameters.Add(new TokenizationRequest.Types.Parameter { Key = key, Values = { values } });
        var frame = new byte[HeaderBytes + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - HeaderBytes));
        message.WriteTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    private RemoteToken[] Read(TokenizationResponse answer, string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        var tokens = new RemoteToken[answer.Tokens.Count];
        for (var i = 0; i < tokens.Length; i++)
        {
            var token = answer.Tokens[i];
            if (token.OffsetFrom < 0 || token.OffsetTo < token.OffsetFrom || token.OffsetTo > bytes || token.Position < 0 || token.PositionLength < 0)
                throw Failed($"the token '{token.Text}' has the place {token.OffsetFrom} to {token.OffsetTo}, position {token.Position}, in a text of {bytes} bytes");
            tokens[i] = new RemoteToken(Encoding.UTF8.GetBytes(token.Text), token.OffsetFrom, token.OffsetTo, token.Position, token.PositionLength);
        }
        return tokens;
    }
}
