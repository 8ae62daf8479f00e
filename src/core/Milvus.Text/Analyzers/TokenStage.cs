namespace Milvus.Text.Analyzers;

/// <summary>
/// One step of an analyzer's pipeline: takes a token, changes, drops or multiplies it, and pushes on. Stages hold settings only and are
/// shared by all threads; scratch memory lives on the stack of the push.
/// </summary>
internal abstract class TokenStage
{
    /// <returns>False when the sink asked to stop.</returns>
    public abstract bool Push(scoped in AnalyzedToken token, TokenSink sink);
}

/// <summary>The end of every pipeline.</summary>
internal sealed class SinkStage : TokenStage
{
    public static readonly SinkStage Instance = new();

    private SinkStage()
    {
    }

    public override bool Push(scoped in AnalyzedToken token, TokenSink sink) => sink.Accept(in token);
}

/// <summary>A stage that is followed by another.</summary>
internal abstract class TokenFilter(TokenStage next) : TokenStage
{
    /// <summary>Bytes of scratch that a filter takes from the stack; longer tokens use the array pool.</summary>
    protected const int StackBytes = 256;

    protected TokenStage Next { get; } = next;
}

/// <summary>A filter that keeps a token as it is or drops it.</summary>
internal abstract class KeepingFilter(TokenStage next) : TokenFilter(next)
{
    public sealed override bool Push(scoped in AnalyzedToken token, TokenSink sink) => !Keeps(token.Text) || Next.Push(in token, sink);

    protected abstract bool Keeps(ReadOnlySpan<byte> term);
}

/// <summary>Cuts a document into the tokens that enter the pipeline. Invalid UTF-8 reads as U+FFFD, which no class contains.</summary>
internal abstract class Tokenizer
{
    public abstract void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink);

    /// <summary>True when a text may have to be sent to a service before its tokens are known.</summary>
    public virtual bool AsksService => false;

    /// <summary>Sends texts to the service, many at a time, so that cutting them soon afterwards need not wait.</summary>
    public virtual ValueTask PrepareAsync(IReadOnlyList<string> texts, CancellationToken cancellation) => ValueTask.CompletedTask;
}
