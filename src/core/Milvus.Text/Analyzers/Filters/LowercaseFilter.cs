using System.Text;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>Lower case by Unicode's simple mapping, plus İ, the one letter whose lower case is always two code points.</summary>
internal sealed class LowercaseFilter(TokenStage next) : RewritingFilter(next)
{
    // A malformed byte becomes U+FFFD, three bytes.
    protected override int MaxGrowth => 3;

    protected override bool Changes(ReadOnlySpan<byte> term) =>
        term.ContainsAnyInRange((byte)'A', (byte)'Z') || term.ContainsAnyInRange((byte)0x80, (byte)0xFF);

    protected override int Rewrite(ReadOnlySpan<byte> term, Span<byte> output)
    {
        if (Ascii.ToLower(term, output, out int written) == System.Buffers.OperationStatus.Done)
            return written;
        written = 0;
        while (!term.IsEmpty)
        {
            Rune.DecodeFromUtf8(term, out Rune rune, out int width);
            term = term[width..];
            if (rune.Value == 0x130)
            {
                "i\u0307"u8.CopyTo(output[written..]);
                written += 3;
            }
            else
            {
                written += Rune.ToLowerInvariant(rune).EncodeToUtf8(output[written..]);
            }
        }
        return written;
    }
}
