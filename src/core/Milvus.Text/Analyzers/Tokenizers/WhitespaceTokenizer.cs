using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>Tokens are the runs between ASCII white space; punctuation stays in the token.</summary>
internal sealed class WhitespaceTokenizer : Tokenizer
{
    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink)
    {
        int position = 0, at = 0;
        while (true)
        {
            while (at < utf8.Length && CharacterClasses.IsAsciiWhitespace(utf8[at]))
                at++;
            if (at == utf8.Length)
                return;
            int start = at;
            while (at < utf8.Length && !CharacterClasses.IsAsciiWhitespace(utf8[at]))
                at++;
            if (!first.Push(new AnalyzedToken(utf8[start..at], start, at, position++), sink))
                return;
        }
    }
}
