using System.Buffers;
using System.Text;
using Milvus.Text.Analyzers.Morphology;

namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>
/// Words of a MeCab dictionary, by the cheapest path through each sentence. Sentences end behind 。 and 、, line feeds and tabs, as in Milvus.
/// White space stands between words and is no token. Positions count words, before the tokenizer's own filters drop any.
/// </summary>
internal sealed class LinderaTokenizer(LazyDictionary dictionary, bool decompose, MorphemeFilter[] filters) : Tokenizer
{
    // Longer stretches without a mark are cut here, so that memory stays in bounds.
    private const int MaxSentence = 8192;

    private static readonly SearchValues<char> s_marks = SearchValues.Create("。、\n\t");

    [ThreadStatic]
    private static Scratch? t_scratch;

    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink)
    {
        if (utf8.IsEmpty)
            return;
        MorphologyDictionary words = dictionary.Value;
        // Taken away while in use: a stage may analyse something itself.
        Scratch scratch = t_scratch ?? new Scratch();
        t_scratch = null;
        char[] text = ArrayPool<char>.Shared.Rent(utf8.Length);
        int[] offsets = ArrayPool<int>.Shared.Rent(utf8.Length + 1);
        try
        {
            int length = Decode(utf8, text, offsets);
            Cut(words, text.AsSpan(0, length), offsets, scratch);
            foreach (MorphemeFilter filter in filters)
                filter.Apply(scratch.Words, words, utf8);
            foreach (Morpheme word in scratch.Words)
            {
                if (!first.Push(new AnalyzedToken(word.Text(utf8), word.Start, word.End, word.Position, word.PositionLength), sink))
                    return;
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(offsets);
            ArrayPool<char>.Shared.Return(text);
            t_scratch = scratch;
        }
    }

    /// <param name="offsets">For every character where it begins in the document, and where the document ends.</param>
    private static int Decode(ReadOnlySpan<byte> utf8, char[] text, int[] offsets)
    {
        int length = 0;
        for (int at = 0; at < utf8.Length;)
        {
            Rune.DecodeFromUtf8(utf8[at..], out Rune rune, out int width);
            int units = rune.EncodeToUtf16(text.AsSpan(length));
            for (int i = 0; i < units; i++)
                offsets[length++] = at;
            at += width;
        }
        offsets[length] = utf8.Length;
        return length;
    }

    private void Cut(MorphologyDictionary words, ReadOnlySpan<char> text, int[] offsets, Scratch scratch)
    {
        scratch.Words.Clear();
        int position = 0;
        for (int start = 0; start < text.Length;)
        {
            int mark = text[start..].IndexOfAny(s_marks);
            int end = Math.Min(mark < 0 ? text.Length : start + mark + 1, start + MaxSentence);
            if (end < text.Length && char.IsLowSurrogate(text[end]))
                end--;
            scratch.Path.Clear();
            scratch.Lattice.Cut(words, text[start..end], decompose, scratch.Path);
            foreach (LatticeWord word in scratch.Path)
                scratch.Words.Add(new Morpheme(offsets[start + word.Start], offsets[start + word.End], position++, 1, word.Word, words.TagOf(word.Word), null));
            start = end;
        }
    }

    private sealed class Scratch
    {
        public Lattice Lattice { get; } = new();

        public List<LatticeWord> Path { get; } = [];

        public List<Morpheme> Words { get; } = [];
    }
}
