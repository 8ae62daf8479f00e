namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>Takes the tokens of a run inside a text, and counts their places and positions from the text's beginning.</summary>
/// <param name="start">Where the run begins.</param>
/// <param name="position">Of the run's first token.</param>
internal sealed class NumberedRun(TokenStage first, TokenSink target, int start, int position) : TokenStage
{
    /// <summary>Of the token behind the last one.</summary>
    public int Position { get; private set; } = position;

    /// <summary>False when the sink asked to stop.</summary>
    public bool More { get; private set; } = true;

    public override bool Push(scoped in AnalyzedToken token, TokenSink sink) =>
        More = first.Push(new AnalyzedToken(token.Text, start + token.StartOffset, start + token.EndOffset, Position++), target);
}
