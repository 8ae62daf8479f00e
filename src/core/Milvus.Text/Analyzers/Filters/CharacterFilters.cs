using System.Text;
using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>Keeps tokens made of ASCII letters and digits only.</summary>
internal sealed class AlphaNumOnlyFilter(TokenStage next) : KeepingFilter(next)
{
    protected override bool Keeps(ReadOnlySpan<byte> term)
    {
        foreach (byte b in term)
        {
            if (!char.IsAsciiLetterOrDigit((char)b))
                return false;
        }
        return true;
    }
}

/// <summary>Keeps tokens with at least one Han character (the server's behaviour; its guide says "only").</summary>
internal sealed class CnCharOnlyFilter(TokenStage next) : KeepingFilter(next)
{
    protected override bool Keeps(ReadOnlySpan<byte> term)
    {
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

/// <summary>Keeps tokens with at least one Han character, ASCII letter or ASCII digit.</summary>
internal sealed class CnAlphaNumOnlyFilter(TokenStage next) : KeepingFilter(next)
{
    protected override bool Keeps(ReadOnlySpan<byte> term)
    {
        while (!term.IsEmpty)
        {
            Rune.DecodeFromUtf8(term, out Rune rune, out int width);
            if (rune.IsAscii ? char.IsAsciiLetterOrDigit((char)rune.Value) : CharacterClasses.IsHan(rune))
                return true;
            term = term[width..];
        }
        return false;
    }
}

/// <summary>Drops tokens that contain punctuation or white space.</summary>
internal sealed class RemovePunctFilter(TokenStage next) : KeepingFilter(next)
{
    protected override bool Keeps(ReadOnlySpan<byte> term)
    {
        while (!term.IsEmpty)
        {
            Rune.DecodeFromUtf8(term, out Rune rune, out int width);
            if (CharacterClasses.IsPunctuation(rune) || Rune.IsWhiteSpace(rune))
                return false;
            term = term[width..];
        }
        return true;
    }
}

/// <summary>Drops tokens longer than a number of UTF-8 bytes.</summary>
internal sealed class LengthFilter(long maxBytes, TokenStage next) : KeepingFilter(next)
{
    protected override bool Keeps(ReadOnlySpan<byte> term) => term.Length <= maxBytes;
}
