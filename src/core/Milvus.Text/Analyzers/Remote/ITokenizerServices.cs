using System.Collections.Immutable;

namespace Milvus.Text.Analyzers.Remote;

/// <summary>A parameter that a tokenizer service gets with every text.</summary>
public sealed record TokenizerParameter(string Key, ImmutableArray<string> Values);

/// <summary>How one analyzer asks its tokenizer service.</summary>
/// <param name="Endpoint">An http or https address as the analyzer gives it.</param>
/// <param name="Parameters">Sent with every text.</param>
/// <param name="Key">The same text for calls that ask the same, another for others.</param>
public sealed record TokenizerCall(string Endpoint, ImmutableArray<TokenizerParameter> Parameters, string Key)
{
    /// <summary>What the analyzer says of TLS, by member name.</summary>
    public ImmutableDictionary<string, string> Tls { get; init; } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>A token as a service gives it.</summary>
/// <param name="Text">UTF-8.</param>
/// <param name="StartOffset">First byte in the text's UTF-8.</param>
/// <param name="EndOffset">One past the last byte.</param>
public readonly record struct RemoteToken(byte[] Text, int StartOffset, int EndOffset, int Position, int PositionLength);

/// <summary>Reaches services that cut texts into tokens, and remembers what they said of the latest texts. Safe for any number of threads.</summary>
public interface ITokenizerServices
{
    /// <summary>Says whether a service may be asked, without asking it.</summary>
    /// <exception cref="Model.MilvusException">1100: the operator does not allow the address, or not so.</exception>
    void Check(TokenizerCall call);

    /// <summary>Has a text cut. Ends at once where the answer is remembered.</summary>
    /// <exception cref="Model.MilvusException">2400: the service failed, gave no answer in time or one without sense. 1100: see <see cref="Check"/>.</exception>
    ValueTask<RemoteToken[]> TokenizeAsync(TokenizerCall call, string text, CancellationToken cancellation);
}
