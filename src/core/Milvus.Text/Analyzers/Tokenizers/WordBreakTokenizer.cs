using System.Text;
using Milvus.Text.Analyzers.Chinese;

namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>
/// Cuts at the word boundaries of Unicode (UAX #29); blanks and punctuation are tokens too unless only words are wanted. As in ICU, Han
/// characters are cut by a dictionary, here with single characters where it has no word; Thai by <see cref="ThaiTokenizer"/>'s rule. With
/// words only, the plain rules hold: each Han character is a word.
/// </summary>
/// <param name="wordsOnly">Leave out tokens without a letter or number.</param>
internal sealed class WordBreakTokenizer(bool wordsOnly) : Tokenizer
{
    private readonly JiebaTokenizer? _han = wordsOnly ? null : new JiebaTokenizer(ChineseSegmenter.Default, searchMode: false, pairUnknown: false);

    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink)
    {
        int at = 0, position = 0;
        while (at < utf8.Length)
        {
            WordBreakClass kind = Class(utf8, at, out int width);
            bool more;
            if (kind is WordBreakClass.Complex || kind == WordBreakClass.Han && _han is not null)
            {
                int end = at + width;
                while (end < utf8.Length && Class(utf8, end, out width) is var next && (next == kind || kind == WordBreakClass.Complex && next == WordBreakClass.Extend))
                    end += width;
                var counted = new NumberedRun(first, sink, at, position);
                if (kind == WordBreakClass.Han)
                    _han!.Tokenize(utf8[at..end], counted, sink);
                else
                    ThaiTokenizer.CutRun(utf8[at..end], counted, sink);
                position = counted.Position;
                more = counted.More;
                at = end;
            }
            else
            {
                int end = Boundary(utf8, at, kind, width, out bool isWord);
                more = wordsOnly && !isWord || first.Push(new AnalyzedToken(utf8[at..end], at, end, position++), sink);
                at = end;
            }
            if (!more)
                return;
        }
    }

    private static WordBreakClass Class(ReadOnlySpan<byte> utf8, int at, out int width)
    {
        Rune.DecodeFromUtf8(utf8[at..], out Rune rune, out width);
        return WordBreaks.Of(rune);
    }

    /// <summary>The class behind what rule WB4 ignores.</summary>
    /// <param name="from">Becomes the place of that character.</param>
    private static WordBreakClass NextClass(ReadOnlySpan<byte> utf8, ref int from, out int width)
    {
        WordBreakClass kind;
        for (width = 0; ; from += width)
        {
            if (from >= utf8.Length)
                return WordBreakClass.Newline;
            kind = Class(utf8, from, out width);
            if (kind is not (WordBreakClass.Extend or WordBreakClass.Joiner))
                return kind;
        }
    }

    /// <returns>The end of the word that begins at <paramref name="start"/>.</returns>
    private static int Boundary(ReadOnlySpan<byte> utf8, int start, WordBreakClass kind, int width, out bool isWord)
    {
        isWord = IsWord(kind);
        int end = start + width;
        if (kind == WordBreakClass.CarriageReturn)
            return end < utf8.Length && utf8[end] == '\n' ? end + 1 : end;
        if (kind is WordBreakClass.LineFeed or WordBreakClass.Newline)
            return end;
        bool oddIndicator = kind == WordBreakClass.RegionalIndicator;
        while (end < utf8.Length)
        {
            int next = end;
            WordBreakClass following = NextClass(utf8, ref next, out width);
            if (kind == WordBreakClass.Space && (next != end || following != WordBreakClass.Space))
                return following == WordBreakClass.Space ? end : next;
            bool joined = next > end && following == WordBreakClass.Pictograph && Class(utf8, end, out _) == WordBreakClass.Joiner;
            int after = next + width;
            if (joined || Joins(kind, following) || following == WordBreakClass.RegionalIndicator && oddIndicator)
            {
                oddIndicator = false;
            }
            else if (IsInfix(kind, following, out bool alone) && NextClass(utf8, ref after, out int beyond) is var far && Continues(kind, following, far))
            {
                following = far;
                after += beyond;
            }
            else
            {
                return alone ? next + width : next;
            }
            isWord |= IsWord(following);
            kind = following;
            end = after;
        }
        return end;
    }

    private static bool Joins(WordBreakClass left, WordBreakClass right) => left switch
    {
        WordBreakClass.Letter or WordBreakClass.HebrewLetter or WordBreakClass.Numeric =>
            right is WordBreakClass.Letter or WordBreakClass.HebrewLetter or WordBreakClass.Numeric or WordBreakClass.Connector,
        WordBreakClass.Katakana => right is WordBreakClass.Katakana or WordBreakClass.Connector,
        WordBreakClass.Connector => right is WordBreakClass.Letter or WordBreakClass.HebrewLetter or WordBreakClass.Numeric or WordBreakClass.Katakana
            or WordBreakClass.Connector,
        WordBreakClass.Space => right == WordBreakClass.Space,
        _ => false,
    };

    /// <summary>May the character stand inside a word or number that goes on behind it?</summary>
    /// <param name="alone">It belongs to the word even at its end (Hebrew with a single quote).</param>
    private static bool IsInfix(WordBreakClass left, WordBreakClass middle, out bool alone)
    {
        alone = left == WordBreakClass.HebrewLetter && middle == WordBreakClass.SingleQuote;
        return left switch
        {
            WordBreakClass.Letter => middle is WordBreakClass.MiddleLetter or WordBreakClass.MiddleNumberLetter or WordBreakClass.SingleQuote,
            WordBreakClass.HebrewLetter => middle is WordBreakClass.MiddleLetter or WordBreakClass.MiddleNumberLetter or WordBreakClass.SingleQuote
                or WordBreakClass.DoubleQuote,
            WordBreakClass.Numeric => middle is WordBreakClass.MiddleNumber or WordBreakClass.MiddleNumberLetter or WordBreakClass.SingleQuote,
            _ => false,
        };
    }

    private static bool Continues(WordBreakClass left, WordBreakClass middle, WordBreakClass right) =>
        left == WordBreakClass.Numeric ? right == WordBreakClass.Numeric
        : middle == WordBreakClass.DoubleQuote ? right == WordBreakClass.HebrewLetter
        : right is WordBreakClass.Letter or WordBreakClass.HebrewLetter;

    private static bool IsWord(WordBreakClass kind) =>
        kind is WordBreakClass.Letter or WordBreakClass.HebrewLetter or WordBreakClass.Numeric or WordBreakClass.Katakana or WordBreakClass.Han
            or WordBreakClass.Complex;
}
