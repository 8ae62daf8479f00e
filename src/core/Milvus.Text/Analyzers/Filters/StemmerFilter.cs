using System.Buffers;
using System.Text;
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

/// <summary>Reduces words to their stem by the rules of one language. Expects lower case.</summary>
internal sealed class StemmerFilter(Stemmer stemmer, TokenStage next) : RewritingFilter(next)
{
    // A letter of two bytes may become two letters of one byte, and a malformed byte U+FFFD, three bytes.
    protected override int MaxGrowth => 3;

    protected override bool Changes(ReadOnlySpan<byte> term) => term.Length > 1;

    protected override int Rewrite(ReadOnlySpan<byte> term, Span<byte> output)
    {
        int capacity = Stemmer.MaxGrowth * term.Length;
        char[]? rented = null;
        Span<char> letters = capacity <= StackBytes ? stackalloc char[StackBytes] : rented = ArrayPool<char>.Shared.Rent(capacity);
        try
        {
            var word = new StemWord(letters, Encoding.UTF8.GetChars(term, letters));
            stemmer.Stem(ref word);
            return Encoding.UTF8.GetBytes(word.Letters, output);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<char>.Shared.Return(rented);
        }
    }
}
