using System.Buffers;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>A filter that replaces a token's term by another; tokens whose term becomes empty are dropped.</summary>
internal abstract class RewritingFilter(TokenStage next) : TokenFilter(next)
{
    /// <summary>Bytes of output that one byte of input can need at most.</summary>
    protected abstract int MaxGrowth { get; }

    public sealed override bool Push(scoped in AnalyzedToken token, TokenSink sink)
    {
        if (!Changes(token.Text))
            return Next.Push(in token, sink);
        int capacity = token.Text.Length * MaxGrowth;
        byte[]? rented = null;
        Span<byte> buffer = capacity <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(capacity);
        try
        {
            int length = Rewrite(token.Text, buffer);
            return length == 0 || Next.Push(token.WithText(buffer[..length]), sink);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>A cheap test; false hands the token on untouched.</summary>
    protected abstract bool Changes(ReadOnlySpan<byte> term);

    /// <returns>Bytes written to <paramref name="output"/>.</returns>
    protected abstract int Rewrite(ReadOnlySpan<byte> term, Span<byte> output);
}
