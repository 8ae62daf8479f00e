namespace Milvus.Text.Analyzers.Filters;

/// <summary>Drops tokens whose term is in a list; the positions of the others stay.</summary>
internal sealed class StopFilter(TermSet words, TokenStage next) : KeepingFilter(next)
{
    protected override bool Keeps(ReadOnlySpan<byte> term) => !words.Contains(term);
}
