using System.Globalization;
using System.Text;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>Turns the decimal digits of every script into 0…9.</summary>
internal sealed class DecimalDigitFilter(TokenStage next) : RewritingFilter(next)
{
    protected override int MaxGrowth => 1;

    protected override bool Changes(ReadOnlySpan<byte> term) => term.ContainsAnyInRange((byte)0x80, (byte)0xFF);

    protected override int Rewrite(ReadOnlySpan<byte> term, Span<byte> output)
    {
        int written = 0;
        while (!term.IsEmpty)
        {
            Rune.DecodeFromUtf8(term, out Rune rune, out int width);
            if (!rune.IsAscii && Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber)
            {
                output[written++] = (byte)('0' + (int)Rune.GetNumericValue(rune));
            }
            else
            {
                term[..width].CopyTo(output[written..]);
                written += width;
            }
            term = term[width..];
        }
        return written;
    }
}
