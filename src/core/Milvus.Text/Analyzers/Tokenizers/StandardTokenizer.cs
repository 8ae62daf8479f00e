using System.Text;
using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>
/// Tokens are the longest runs of alphanumeric characters (Unicode Alphabetic or a number). Not a UAX #29 segmenter: a run of CJK
/// characters is one token.
/// </summary>
internal sealed class StandardTokenizer : Tokenizer
{
    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink)
    {
        int position = 0, at = 0;
        while (at < utf8.Length)
        {
            int width = AlphanumericWidth(utf8, at, out bool inside);
            if (!inside)
            {
                at += width;
                continue;
            }
            int start = at;
            do
            {
                at += width;
                if (at >= utf8.Length)
                    break;
                width = AlphanumericWidth(utf8, at, out inside);
            }
            while (inside);
            if (!first.Push(new AnalyzedToken(utf8[start..at], start, at, position++), sink))
                return;
        }
    }

    /// <returns>Bytes of the character at <paramref name="at"/>.</returns>
    private static int AlphanumericWidth(ReadOnlySpan<byte> utf8, int at, out bool inside)
    {
        byte b = utf8[at];
        if (b < 0x80)
        {
            inside = (uint)((b | 0x20) - 'a') <= 'z' - 'a' || (uint)(b - '0') <= 9;
            return 1;
        }
        Rune.DecodeFromUtf8(utf8[at..], out Rune rune, out int width);
        inside = CharacterClasses.IsAlphanumeric(rune);
        return width;
    }
}
