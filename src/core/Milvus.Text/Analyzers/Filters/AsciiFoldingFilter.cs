using System.Text;
using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>Spells characters outside ASCII in ASCII where there is a customary way (é → e, ß → ss); others stay.</summary>
internal sealed class AsciiFoldingFilter(TokenStage next) : RewritingFilter(next)
{
    protected override int MaxGrowth => AsciiEquivalents.MaxGrowth;

    protected override bool Changes(ReadOnlySpan<byte> term) => term.ContainsAnyInRange((byte)0x80, (byte)0xFF);

    protected override int Rewrite(ReadOnlySpan<byte> term, Span<byte> output)
    {
        int written = 0;
        while (!term.IsEmpty)
        {
            Rune.DecodeFromUtf8(term, out Rune rune, out int width);
            ReadOnlySpan<byte> character = term[..width];
            if (!rune.IsAscii && rune.IsBmp && AsciiEquivalents.TryFold((char)rune.Value, out byte[]? ascii))
                character = ascii;
            character.CopyTo(output[written..]);
            written += character.Length;
            term = term[width..];
        }
        return written;
    }
}
