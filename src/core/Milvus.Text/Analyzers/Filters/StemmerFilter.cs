using Milvus.Text.Analyzers.Stemming;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>Reduces English words to their stem (Porter2). Expects lower case.</summary>
internal sealed class EnglishStemmerFilter(TokenStage next) : RewritingFilter(next)
{
    // Growth by one letter happens at most once (hop -> hope), on words of three letters or more.
    protected override int MaxGrowth => 2;

    protected override bool Changes(ReadOnlySpan<byte> term) => term.Length > 2;

    protected override int Rewrite(ReadOnlySpan<byte> term, Span<byte> output) => EnglishStemmer.Stem(term, output);
}
