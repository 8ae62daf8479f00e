namespace Milvus.Text.Analyzers;

/// <summary>
/// One token while it is being handed on. <see cref="Text"/> points into the document or into scratch memory of the pipeline: it is
/// valid only during the call that receives it.
/// </summary>
public readonly ref struct AnalyzedToken
{
    public AnalyzedToken(ReadOnlySpan<byte> text, int startOffset, int endOffset, int position, int positionLength = 1)
    {
        Text = text;
        StartOffset = startOffset;
        EndOffset = endOffset;
        Position = position;
        PositionLength = positionLength;
    }

    /// <summary>The term in UTF-8, after all filters so far.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>First byte of the token in the document's UTF-8.</summary>
    public int StartOffset { get; }

    /// <summary>One past the token's last byte in the document's UTF-8.</summary>
    public int EndOffset { get; }

    /// <summary>Number of the token as cut by the tokenizer, from 0; filters that drop tokens leave gaps.</summary>
    public int Position { get; }

    /// <summary>Number of positions that the token spans.</summary>
    public int PositionLength { get; }

    /// <summary>The same place with another term.</summary>
    public AnalyzedToken WithText(ReadOnlySpan<byte> text) => new(text, StartOffset, EndOffset, Position, PositionLength);
}

/// <summary>Receives the tokens of one document in order.</summary>
public abstract class TokenSink
{
    /// <summary>Takes one token; its text must be copied if it is needed later.</summary>
    /// <returns>False to stop the analysis of this document.</returns>
    public abstract bool Accept(scoped in AnalyzedToken token);
}

/// <summary>A token kept for display, as <c>RunAnalyzer</c> returns it. Offsets are bytes of the document's UTF-8.</summary>
public sealed record AnalyzerToken(string Text, int StartOffset, int EndOffset, int Position, int PositionLength, uint Hash);
