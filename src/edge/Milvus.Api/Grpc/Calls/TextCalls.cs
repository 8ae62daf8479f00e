using Milvus.Api.Mapping;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Text.Analyzers;
using Milvus.Text.Matching;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Shows how a text is cut into terms, by parameters or as a field of a collection does it.</summary>
internal static class TextCalls
{
    public static void Add(CallRegistry calls)
    {
        calls.Add("RunAnalyzer", RunAnalyzerRequest.Parser, (_, status) => new RunAnalyzerResponse { Status = status }, async (request, call) =>
        {
            var answer = new RunAnalyzerResponse { Status = StatusMapping.Ok() };
            var given = calls.Proxy.Resources is { } files ? await files.InlineAsync(request.AnalyzerParams, call.Cancellation) : request.AnalyzerParams;
            // Parameters of one request are not kept: those of fields are to have the room.
            var analyzerOf = request.CollectionName.Length == 0 ? Always(Analyzer.Parse(given)) : OfField(calls, call, request);
            for (var i = 0; i < request.Placeholder.Count; i++) answer.Results.Add(Write(analyzerOf(i).GetTokens(request.Placeholder[i].Span), request));
            return answer;
        });
        calls.Add("ComputePhraseMatchSlop", ComputePhraseMatchSlopRequest.Parser, (_, status) => new ComputePhraseMatchSlopResponse { Status = status }, (request, _) =>
        {
            var matcher = new PhraseMatcher(Analyzer.Parse(request.AnalyzerParams), request.QueryText);
            var answer = new ComputePhraseMatchSlopResponse { Status = StatusMapping.Ok() };
            foreach (var text in request.DataTexts)
            {
                var slop = matcher.MinimalSlop(System.Text.Encoding.UTF8.GetBytes(text));
                answer.IsMatch.Add(slop is not null);
                answer.Slops.Add(slop ?? 0);
            }
            return answer;
        });
    }

    /// <exception cref="MilvusException">1700: no such field. 1100: the field has no analyzer, or names don't fit the texts.</exception>
    /// <returns>The analyzer of each text.</returns>
    private static Func<int, Analyzer> OfField(CallRegistry calls, Call call, RunAnalyzerRequest request)
    {
        var collection = calls.Proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
        var field = collection.Schema.Find(request.FieldName)
            ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={request.FieldName}]") { IsInputError = true };
        if (!field.EnableAnalyzer) throw MilvusException.InvalidParameter($"field {field.Name} has no analyzer: enable_analyzer is not true");
        if (field.Param("multi_analyzer_params") is not { } several) return Always(calls.Proxy.Analyzers.Get(field.Param("analyzer_params")));

        var names = request.AnalyzerNames;
        if (names.Count > 1 && names.Count != request.Placeholder.Count)
            throw MilvusException.InvalidParameter($"the number of analyzer names ({names.Count}) differs from that of texts ({request.Placeholder.Count})");
        var parsed = MultiAnalyzer.Parse(several);
        return text => parsed.Select(names.Count == 0 ? null : names[names.Count == 1 ? 0 : text]);
    }

    private static Func<int, Analyzer> Always(Analyzer analyzer) => _ => analyzer;

    private static AnalyzerResult Write(IReadOnlyList<Text.Analyzers.AnalyzerToken> tokens, RunAnalyzerRequest request)
    {
        var result = new AnalyzerResult();
        foreach (var token in tokens)
        {
            var wire = new Protocol.AnalyzerToken { Token = token.Text };
            if (request.WithDetail)
            {
                wire.StartOffset = token.StartOffset;
                wire.EndOffset = token.EndOffset;
                wire.Position = token.Position;
                wire.PositionLength = token.PositionLength;
            }
            if (request.WithHash) wire.Hash = token.Hash;
            result.Tokens.Add(wire);
        }
        return result;
    }
}
