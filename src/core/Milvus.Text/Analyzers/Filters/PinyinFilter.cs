using System.Buffers;
using System.Text;
using Milvus.Text.Analyzers.Chinese;
using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>What a Chinese token becomes.</summary>
[Flags]
internal enum PinyinForms
{
    None = 0,

    /// <summary>The token itself.</summary>
    Original = 1,

    /// <summary>The reading of each character.</summary>
    Full = 2,

    /// <summary>All readings in one.</summary>
    Joined = 4,

    /// <summary>The first letters of all readings in one.</summary>
    Initials = 8,
}

/// <summary>
/// Adds the readings of Chinese characters to a token, all at its position. In joined forms ASCII letters and digits of the token stay; characters
/// without a known reading are left out. Tokens without Chinese characters pass untouched.
/// </summary>
internal sealed class PinyinFilter(PinyinForms forms, TokenStage next) : TokenFilter(next)
{
    // Three bytes of UTF-8 give at most six letters (zhuang).
    private const int MaxGrowth = 2;

    public override bool Push(scoped in AnalyzedToken token, TokenSink sink)
    {
        if (!HasHan(token.Text))
            return Next.Push(in token, sink);
        if (Has(PinyinForms.Original) && !Next.Push(in token, sink))
            return false;
        if (Has(PinyinForms.Full) && !PushReadings(in token, sink))
            return false;
        return (!Has(PinyinForms.Joined) || PushJoined(in token, sink, initials: false))
            && (!Has(PinyinForms.Initials) || PushJoined(in token, sink, initials: true));
    }

    private bool Has(PinyinForms form) => (forms & form) != 0;

    private bool PushReadings(scoped in AnalyzedToken token, TokenSink sink)
    {
        for (ReadOnlySpan<byte> rest = token.Text; !rest.IsEmpty;)
        {
            Rune.DecodeFromUtf8(rest, out Rune rune, out int width);
            rest = rest[width..];
            if (Readings.Of(rune) is { } reading && !Next.Push(token.WithText(reading), sink))
                return false;
        }
        return true;
    }

    private bool PushJoined(scoped in AnalyzedToken token, TokenSink sink, bool initials)
    {
        int capacity = token.Text.Length * MaxGrowth;
        byte[]? rented = null;
        Span<byte> buffer = capacity <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(capacity);
        try
        {
            int length = 0;
            for (ReadOnlySpan<byte> rest = token.Text; !rest.IsEmpty;)
            {
                Rune.DecodeFromUtf8(rest, out Rune rune, out int width);
                ReadOnlySpan<byte> part = Readings.Of(rune) is { } reading
                    ? reading.AsSpan(0, initials ? 1 : reading.Length)
                    : rune.IsAscii && char.IsAsciiLetterOrDigit((char)rune.Value) ? rest[..1] : default;
                part.CopyTo(buffer[length..]);
                length += part.Length;
                rest = rest[width..];
            }
            return length == 0 || Next.Push(token.WithText(buffer[..length]), sink);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static bool HasHan(ReadOnlySpan<byte> term)
    {
        if (!term.ContainsAnyInRange((byte)0xE2, (byte)0xF4))
            return false;
        while (!term.IsEmpty)
        {
            Rune.DecodeFromUtf8(term, out Rune rune, out int width);
            if (CharacterClasses.IsHan(rune))
                return true;
            term = term[width..];
        }
        return false;
    }
}
