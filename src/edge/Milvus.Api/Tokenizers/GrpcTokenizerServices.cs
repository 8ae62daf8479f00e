using Milvus.Model;
using Milvus.Text.Analyzers.Remote;

namespace Milvus.Api.Tokenizers;

/// <summary>
/// The tokenizer services that the operator allows, over Milvus' protocol <c>milvus.proto.tokenizer.Tokenizer</c>. An analyzer names one of them by its
/// endpoint and can choose neither another address nor the files and names of TLS.
/// </summary>
public sealed class GrpcTokenizerServices : ITokenizerServices, IDisposable
{
    private readonly Dictionary<string, TokenizerService> _services = new(StringComparer.Ordinal);
    private readonly TokenMemory _memory;

    /// <exception cref="FormatException">An endpoint is no address of scheme, host and port, stands twice, or a file of TLS cannot be read.</exception>
    public GrpcTokenizerServices(TokenizerServiceOptions options, TimeProvider time)
    {
        options.Validated();
        _memory = new TokenMemory(options.RememberedBytes);
        foreach (var settings in options.Services)
        {
            var address = AddressOf(settings.Endpoint) ?? throw new FormatException($"the endpoint '{settings.Endpoint}' is no http or https address of host and port");
            if (!_services.TryAdd(KeyOf(address), new TokenizerService(settings, address, options, time))) throw new FormatException($"the endpoint '{settings.Endpoint}' stands there twice");
        }
    }

    public void Check(TokenizerCall call) => Find(call);

    public ValueTask<RemoteToken[]> TokenizeAsync(TokenizerCall call, string text, CancellationToken cancellation) =>
        _memory.TryGet(call.Key, text, out var known) ? ValueTask.FromResult(known) : AskAsync(call, text, cancellation);

    public void Dispose()
    {
        foreach (var service in _services.Values) service.Dispose();
    }

    private async ValueTask<RemoteToken[]> AskAsync(TokenizerCall call, string text, CancellationToken cancellation)
    {
        var tokens = await Find(call).TokenizeAsync(call, text, cancellation).ConfigureAwait(false);
        _memory.Add(call.Key, text, tokens);
        return tokens;
    }

    private TokenizerService Find(TokenizerCall call)
    {
        if (AddressOf(call.Endpoint) is not { } address || !_services.TryGetValue(KeyOf(address), out var service))
            throw MilvusException.InvalidParameter($"grpc tokenizer endpoint {call.Endpoint} is not among the tokenizer services that this server's operator allows");
        foreach (var (member, value) in call.Tls)
            if (value != service.TlsMember(member))
                throw MilvusException.InvalidParameter($"grpc tokenizer tls {member} of endpoint {call.Endpoint} is set by the server's operator, and not to that value");
        return service;
    }

    private static string KeyOf(Uri address) => address.GetLeftPart(UriPartial.Authority);

    private static Uri? AddressOf(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https") && address.PathAndQuery == "/" && address.UserInfo.Length == 0 && address.Fragment.Length == 0
            ? address
            : null;
}
