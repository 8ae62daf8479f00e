using System.Text;
using Milvus.Model;

namespace Milvus.Text.Analyzers.Remote;

/// <summary>
/// A tokenizer that is a service of the operator. Analysing a text that was not prepared waits for the service, with the thread; what has many
/// texts prepares them first.
/// </summary>
/// <param name="standIns">The tokens of every text while the service fails; null for an error.</param>
internal sealed class RemoteTokenizer(ITokenizerServices services, TokenizerCall call, RemoteToken[]? standIns) : Tokenizer
{
    // Kept below what services remember.
    private const int PreparedAtOnce = 64;

    public override bool AsksService => true;

    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink)
    {
        if (utf8.IsEmpty)
            return;
        foreach (RemoteToken token in Ask(Encoding.UTF8.GetString(utf8)))
        {
            if (!first.Push(new AnalyzedToken(token.Text, token.StartOffset, token.EndOffset, token.Position, token.PositionLength), sink))
                return;
        }
    }

    public override async ValueTask PrepareAsync(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        for (int from = 0; from < texts.Count; from += PreparedAtOnce)
        {
            var asked = new List<Task>();
            for (int i = from; i < Math.Min(texts.Count, from + PreparedAtOnce); i++)
            {
                ValueTask<RemoteToken[]> answer = texts[i].Length == 0 ? default : services.TokenizeAsync(call, texts[i], cancellation);
                if (!answer.IsCompletedSuccessfully)
                    asked.Add(answer.AsTask());
            }
            try
            {
                await Task.WhenAll(asked).ConfigureAwait(false);
            }
            catch (MilvusException e) when (standIns is not null && e.Code == ErrorCode.FunctionFailed)
            {
                // Stand-ins need no preparation; more questions would only wait for the same failure.
                return;
            }
        }
    }

    private RemoteToken[] Ask(string text)
    {
        try
        {
            ValueTask<RemoteToken[]> answer = services.TokenizeAsync(call, text, CancellationToken.None);
            return answer.IsCompletedSuccessfully ? answer.Result : answer.AsTask().GetAwaiter().GetResult();
        }
        catch (MilvusException e) when (standIns is not null && e.Code == ErrorCode.FunctionFailed)
        {
            // The stand-ins lie in no document: their places are those that fit.
            int bytes = Encoding.UTF8.GetByteCount(text);
            return Array.ConvertAll(standIns, token => token.EndOffset <= bytes ? token : token with { StartOffset = bytes, EndOffset = bytes });
        }
    }
}
