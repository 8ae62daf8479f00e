using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>Keeps tokens in which a pattern matches somewhere; linear-time matching, so no back references or look-around.</summary>
internal sealed class RegexFilter(Regex pattern, TokenStage next) : KeepingFilter(next)
{
    public const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    protected override bool Keeps(ReadOnlySpan<byte> term)
    {
        char[]? rented = null;
        Span<char> characters = term.Length <= StackBytes ? stackalloc char[StackBytes] : rented = ArrayPool<char>.Shared.Rent(term.Length);
        try
        {
            int length = Encoding.UTF8.GetChars(term, characters);
            return pattern.IsMatch(characters[..length]);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<char>.Shared.Return(rented);
        }
    }
}
