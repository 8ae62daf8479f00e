using System.Buffers;
using System.Text;
using Milvus.Text.Analyzers.Chinese;
using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>
/// Chinese by words: Han characters are cut by <see cref="ChineseSegmenter"/>, ASCII letters and digits stay together, everything else is a
/// token per character. Stretches of characters that no dictionary word covers become overlapping pairs (jieba guesses words there with a
/// hidden Markov model, which needs trained tables); without <c>hmm</c> they stay single characters. Search mode gives the words inside a
/// long word first. Positions count characters.
/// </summary>
/// <param name="searchMode">Give words inside words.</param>
/// <param name="pairUnknown">The parameter <c>hmm</c>.</param>
internal sealed class JiebaTokenizer(ChineseSegmenter segmenter, bool searchMode, bool pairUnknown) : Tokenizer
{
    // Han characters of the basic plane take three bytes each.
    private const int HanBytes = 3;

    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink)
    {
        int at = 0, position = 0;
        while (at < utf8.Length)
        {
            int end = at, count = 0;
            while (end < utf8.Length && IsHan(utf8[end..]))
            {
                end += HanBytes;
                count++;
            }
            if (count > 0)
            {
                if (!PushHan(utf8[at..end], at, position, first, sink))
                    return;
            }
            else
            {
                count = OtherToken(utf8, at, out end);
                if (!first.Push(new AnalyzedToken(utf8[at..end], at, end, position, count), sink))
                    return;
            }
            at = end;
            position += count;
        }
    }

    private static bool IsHan(ReadOnlySpan<byte> utf8) =>
        utf8[0] is >= 0xE2 and <= 0xEF && Rune.DecodeFromUtf8(utf8, out Rune rune, out int width) == OperationStatus.Done
        && width == HanBytes && CharacterClasses.IsHan(rune);

    /// <returns>Characters of the token.</returns>
    private static int OtherToken(ReadOnlySpan<byte> utf8, int at, out int end)
    {
        end = at;
        while (end < utf8.Length && char.IsAsciiLetterOrDigit((char)utf8[end]))
        {
            end++;
            bool fraction = end + 1 < utf8.Length && utf8[end] == '.' && char.IsAsciiDigit((char)utf8[end - 1]) && char.IsAsciiDigit((char)utf8[end + 1]);
            if (fraction)
                end++;
        }
        if (end > at)
            return end - at;
        if (utf8[at] == '\r' && at + 1 < utf8.Length && utf8[at + 1] == '\n')
        {
            end = at + 2;
            return 2;
        }
        Rune.DecodeFromUtf8(utf8[at..], out _, out int width);
        end = at + width;
        return 1;
    }

    private bool PushHan(ReadOnlySpan<byte> run, int start, int position, TokenStage first, TokenSink sink)
    {
        int count = run.Length / HanBytes;
        char[] letters = ArrayPool<char>.Shared.Rent(count);
        int[] lengths = ArrayPool<int>.Shared.Rent(count);
        try
        {
            Encoding.UTF8.GetChars(run, letters);
            segmenter.Cut(letters.AsSpan(0, count), lengths);
            var words = new HanRun(run, letters.AsSpan(0, count), start, position);
            for (int at = 0; at < count;)
            {
                int length = lengths[at];
                bool more;
                if (length == 1 && !segmenter.Contains(words.Letters.Slice(at, 1)))
                {
                    int unknown = 1;
                    while (at + unknown < count && lengths[at + unknown] == 1 && !segmenter.Contains(words.Letters.Slice(at + unknown, 1)))
                        unknown++;
                    more = PushUnknown(words, at, unknown, first, sink);
                    length = unknown;
                }
                else
                {
                    more = (!searchMode || PushInner(words, at, length, first, sink)) && words.Push(at, length, first, sink);
                }
                if (!more)
                    return false;
                at += length;
            }
            return true;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(letters);
            ArrayPool<int>.Shared.Return(lengths);
        }
    }

    private bool PushUnknown(HanRun words, int at, int count, TokenStage first, TokenSink sink)
    {
        int width = pairUnknown && count > 1 ? 2 : 1;
        for (int i = 0; i + width <= count; i++)
        {
            if (!words.Push(at + i, width, first, sink))
                return false;
        }
        return true;
    }

    /// <summary>The dictionary words of two, then of three characters inside a longer word.</summary>
    private bool PushInner(HanRun words, int at, int length, TokenStage first, TokenSink sink)
    {
        for (int inner = 2; inner <= 3 && inner < length; inner++)
        {
            for (int i = at; i + inner <= at + length; i++)
            {
                if (segmenter.Contains(words.Letters.Slice(i, inner)) && !words.Push(i, inner, first, sink))
                    return false;
            }
        }
        return true;
    }

    private readonly ref struct HanRun(ReadOnlySpan<byte> bytes, ReadOnlySpan<char> letters, int start, int position)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public ReadOnlySpan<char> Letters { get; } = letters;

        public bool Push(int at, int length, TokenStage first, TokenSink sink)
        {
            int from = HanBytes * at, bytes = HanBytes * length;
            return first.Push(new AnalyzedToken(_bytes.Slice(from, bytes), start + from, start + from + bytes, position + at, length), sink);
        }
    }
}
