using System.Text;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>
/// Spells Arabic in one way: every alef as the bare one, alef maksura as yeh, teh marbuta as heh; without vowel marks and without the
/// stretching tatweel (the orthographic normalisation of Larkey, Ballesteros and Connell 2002).
/// </summary>
internal sealed class ArabicNormalizationFilter(TokenStage next) : RewritingFilter(next)
{
    protected override int MaxGrowth => 1;

    protected override bool Changes(ReadOnlySpan<byte> term) => term.ContainsAnyInRange((byte)0xD8, (byte)0xD9);

    protected override int Rewrite(ReadOnlySpan<byte> term, Span<byte> output)
    {
        int written = 0;
        while (!term.IsEmpty)
        {
            Rune.DecodeFromUtf8(term, out Rune rune, out int width);
            int letter = rune.Value switch
            {
                0x622 or 0x623 or 0x625 => 0x627,
                0x649 => 0x64A,
                0x629 => 0x647,
                0x640 or (>= 0x64B and <= 0x652) => 0,
                int other => other,
            };
            if (letter == rune.Value)
            {
                term[..width].CopyTo(output[written..]);
                written += width;
            }
            else if (letter != 0)
            {
                written += new Rune(letter).EncodeToUtf8(output[written..]);
            }
            term = term[width..];
        }
        return written;
    }
}
