using System.Text;

namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>Finds out a document's language and hands it to the analyzer that is meant for it; the default one takes all others.</summary>
/// <param name="analyzers">By language name as the identifier spells it, and "default".</param>
/// <param name="identifier">"whatlang" or "lingua": whose spelling of languages is meant.</param>
internal sealed class LanguageTokenizer(Dictionary<string, Analyzer> analyzers, string identifier) : Tokenizer
{
    public override bool AsksService { get; } = analyzers.Values.Any(analyzer => analyzer.AsksService);

    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink) => Of(utf8).Analyze(utf8, new Relay(first, sink));

    public override async ValueTask PrepareAsync(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        if (!AsksService)
            return;
        foreach (IGrouping<Analyzer, string> group in texts.GroupBy(text => Of(Encoding.UTF8.GetBytes(text))))
            await group.Key.PrepareAsync([.. group], cancellation).ConfigureAwait(false);
    }

    private Analyzer Of(ReadOnlySpan<byte> utf8)
    {
        string? language = Languages.LanguageIdentifier.Identify(utf8, identifier == "lingua");
        return language is not null && analyzers.TryGetValue(language, out Analyzer? found) ? found : analyzers["default"];
    }

    /// <summary>The end of the inner analyzer is the beginning of the outer one's filters.</summary>
    private sealed class Relay(TokenStage first, TokenSink sink) : TokenSink
    {
        public override bool Accept(scoped in AnalyzedToken token) => first.Push(in token, sink);
    }
}
