using System.Buffers;
using System.Text;
using Milvus.Text.Analyzers.Filters;
using Milvus.Text.Analyzers.Tokenizers;

namespace Milvus.Text.Analyzers;

/// <summary>
/// Turns a document into terms: a tokenizer followed by filters. Immutable and safe for any number of threads; an analysis allocates
/// nothing of its own.
/// </summary>
public sealed class Analyzer
{
    private readonly Tokenizer _tokenizer;
    private readonly TokenStage _first;

    internal Analyzer(Tokenizer tokenizer, params ReadOnlySpan<Func<TokenStage, TokenStage>> filters)
    {
        _tokenizer = tokenizer;
        TokenStage stage = SinkStage.Instance;
        for (int i = filters.Length - 1; i >= 0; i--)
            stage = filters[i](stage);
        _first = stage;
    }

    /// <summary>The analyzer of a field without <c>analyzer_params</c>: standard tokenizer, lower case.</summary>
    public static Analyzer Standard { get; } = new(new StandardTokenizer(), next => new LowercaseFilter(next));

    /// <summary>Reads <c>analyzer_params</c>; empty text means the standard analyzer.</summary>
    /// <param name="sources">What the operator provides; null for what holds in this process.</param>
    /// <exception cref="Model.MilvusException">1100: the text is not valid, or names something that does not exist here.</exception>
    public static Analyzer Parse(string? analyzerParams, AnalyzerSources? sources = null) => AnalyzerParser.Parse(analyzerParams, sources ?? AnalyzerSources.OfProcess);

    /// <summary>Hands the tokens of one UTF-8 document to <paramref name="sink"/> in order, until it asks to stop.</summary>
    public void Analyze(ReadOnlySpan<byte> utf8, TokenSink sink) => _tokenizer.Tokenize(utf8, _first, sink);

    /// <summary>The same for a string. Offsets still count bytes of its UTF-8.</summary>
    public void Analyze(string text, TokenSink sink)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            Analyze(buffer.AsSpan(0, Encoding.UTF8.GetBytes(text, buffer)), sink);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>True when a service has to be asked for the tokens of a text: analysing one then blocks, and can fail with 2400.</summary>
    public bool AsksService => _tokenizer.AsksService;

    /// <summary>
    /// True when the analyzer of these parameters may ask a service; told without making it, so also where it could not be made. Work that waits
    /// for such an analyzer must not hold what others wait for.
    /// </summary>
    public static bool MayAskService(string? analyzerParams) => analyzerParams?.Contains("grpc", StringComparison.Ordinal) == true;

    /// <summary>Asks the service about texts, many at a time, so that analysing them soon afterwards need not wait; nothing when there is none.</summary>
    /// <exception cref="Model.MilvusException">2400: the service failed.</exception>
    public ValueTask PrepareAsync(IReadOnlyList<string> texts, CancellationToken cancellation = default) => _tokenizer.PrepareAsync(texts, cancellation);

    /// <summary>All tokens of a document as objects, for display.</summary>
    public IReadOnlyList<AnalyzerToken> GetTokens(ReadOnlySpan<byte> utf8)
    {
        var sink = new ListSink();
        Analyze(utf8, sink);
        return sink.Tokens;
    }

    /// <summary>All tokens of a document as objects, for display.</summary>
    public IReadOnlyList<AnalyzerToken> GetTokens(string text) => GetTokens(Encoding.UTF8.GetBytes(text));

    private sealed class ListSink : TokenSink
    {
        public List<AnalyzerToken> Tokens { get; } = [];

        public override bool Accept(scoped in AnalyzedToken token)
        {
            Tokens.Add(new AnalyzerToken(
                Encoding.UTF8.GetString(token.Text), token.StartOffset, token.EndOffset, token.Position, token.PositionLength,
                TermHash.Of(token.Text)));
            return true;
        }
    }
}
