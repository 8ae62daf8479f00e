namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>Finds out a document's language and hands it to the analyzer that is meant for it; the default one takes all others.</summary>
/// <param name="analyzers">By language name as the identifier spells it, and "default".</param>
/// <param name="identifier">"whatlang" or "lingua": whose spelling of languages is meant.</param>
internal sealed class LanguageTokenizer(Dictionary<string, Analyzer> analyzers, string identifier) : Tokenizer
{
    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink)
    {
        string? language = Languages.LanguageIdentifier.Identify(utf8, identifier == "lingua");
        Analyzer analyzer = language is not null && analyzers.TryGetValue(language, out Analyzer? found) ? found : analyzers["default"];
        analyzer.Analyze(utf8, new Relay(first, sink));
    }

    /// <summary>The end of the inner analyzer is the beginning of the outer one's filters.</summary>
    private sealed class Relay(TokenStage first, TokenSink sink) : TokenSink
    {
        public override bool Accept(scoped in AnalyzedToken token) => first.Push(in token, sink);
    }
}
