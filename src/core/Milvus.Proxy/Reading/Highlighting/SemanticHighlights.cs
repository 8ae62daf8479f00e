using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Reading.Searches;
using Milvus.Text.Matching;

namespace Milvus.Proxy.Reading.Highlighting;

/// <summary>
/// Marks the sentences of texts that a model finds to answer the query: every sentence is scored by a reranking service, and those of at least the threshold
/// are fragments.
/// </summary>
internal sealed class SemanticHighlights : HighlightPlan
{
    private const double UsualThreshold = 0.5;

    private readonly ImmutableArray<FieldSchema> _fields;
    private readonly ImmutableArray<string> _queries;
    private readonly ModelCall _call;
    private readonly IModelGateway _models;
    private readonly ImmutableArray<string> _before;
    private readonly ImmutableArray<string> _after;
    private readonly double _threshold;
    private readonly bool _sentencesOnly;

    private SemanticHighlights(
        ImmutableArray<FieldSchema> fields, ImmutableArray<string> queries, ModelCall call, IModelGateway models, ImmutableDictionary<string, string> parameters, double threshold)
    {
        var usual = new HighlightOptions();
        (_fields, _queries, _call, _models, _threshold) = (fields, queries, call, models, threshold);
        (_before, _after) = (Tags(parameters, "pre_tags", usual.PreTags), Tags(parameters, "post_tags", usual.PostTags));
        _sentencesOnly = !parameters.TryGetValue("highlight_only", out var only) || ParamText.IsTrue(only);
    }

    /// <exception cref="MilvusException">1100: queries, fields, provider or threshold are missing or wrong.</exception>
    public static SemanticHighlights Parse(SearchPlan plan, ImmutableDictionary<string, string> parameters, IModelGateway models)
    {
        var queries = Texts(parameters, "queries");
        if (queries.Length != plan.QueryCount) throw Failed($"nq must equal to queries size, but got nq [{plan.QueryCount}], queries size [{queries.Length}]");
        var fields = ImmutableArray.CreateBuilder<FieldSchema>();
        foreach (var name in Texts(parameters, "input_fields"))
        {
            var field = plan.Collection.Schema.Find(name) ?? throw Failed($"input field {name} not found in collection schema");
            if (!field.Type.IsText()) throw Failed($"input field {name} is not a VarChar or Text field");
            fields.Add(field);
        }
        var threshold = UsualThreshold;
        if (parameters.TryGetValue("threshold", out var text) && !(ParamText.TryNumber(text, out threshold) && threshold is >= 0 and <= 1))
            throw Failed($"threshold {text} is not a number in [0, 1]");
        // Milvus asks a model that its maker hosts; here any reranking service will do.
        if (parameters.GetValueOrDefault("provider", "") is not { Length: > 0 } provider) throw Failed("this server hosts no models: name a reranking service as provider");
        var call = new ModelCall(provider.ToLowerInvariant(), parameters.RemoveRange(["queries", "input_fields", "pre_tags", "post_tags", "threshold", "highlight_only"]));
        models.CheckReranker(call);
        return new SemanticHighlights(fields.ToImmutable(), queries, call, models, parameters, threshold);
    }

    public override async Task<ImmutableArray<FieldHighlights>> HighlightAsync(RowFetch rows, int[] counts, CancellationToken cancellation)
    {
        var result = ImmutableArray.CreateBuilder<FieldHighlights>(_fields.Length);
        foreach (var field in _fields)
        {
            var texts = (BinaryColumn)await rows.FetchAsync(field, cancellation).ConfigureAwait(false);
            var fragments = ImmutableArray.CreateBuilder<ImmutableArray<string>>(texts.Count);
            var scores = ImmutableArray.CreateBuilder<ImmutableArray<float>>(texts.Count);
            for (int query = 0, first = 0; query < counts.Length; first += counts[query++])
            {
                var hits = Enumerable.Range(first, counts[query]).Select(hit => texts.IsNull(hit) ? "" : texts.GetString(hit)).ToArray();
                var sentences = Array.ConvertAll(hits, Sentences);
                string[] all = [.. hits.Zip(sentences).SelectMany(h => h.Second.Select(s => h.First[s]))];
                var given = all.Length == 0 ? [] : await _models.RerankAsync(_call, _queries[query], all, cancellation).ConfigureAwait(false);
                var next = 0;
                for (var hit = 0; hit < hits.Length; hit++)
                {
                    var own = given.AsSpan(next, sentences[hit].Length);
                    next += own.Length;
                    fragments.Add(Mark(hits[hit], sentences[hit], own));
                    scores.Add(Scores(own));
                }
            }
            result.Add(new FieldHighlights(field.Name, fragments.MoveToImmutable()) { Scores = scores.MoveToImmutable() });
        }
        return result.MoveToImmutable();
    }

    private ImmutableArray<string> Mark(string text, Range[] sentences, ReadOnlySpan<double> scores)
    {
        var fragments = ImmutableArray.CreateBuilder<string>();
        var whole = new StringBuilder();
        var done = 0;
        for (var i = 0; i < sentences.Length; i++)
        {
            if (scores[i] < _threshold) continue;
            var marked = _before[fragments.Count % _before.Length] + text[sentences[i]] + _after[fragments.Count % _after.Length];
            fragments.Add(marked);
            whole.Append(text.AsSpan(done..sentences[i].Start.Value)).Append(marked);
            done = sentences[i].End.Value;
        }
        if (_sentencesOnly || fragments.Count == 0) return fragments.DrainToImmutable();
        return [whole.Append(text.AsSpan(done)).ToString()];
    }

    private ImmutableArray<float> Scores(ReadOnlySpan<double> scores)
    {
        var kept = ImmutableArray.CreateBuilder<float>();
        foreach (var score in scores)
            if (score >= _threshold) kept.Add((float)score);
        // Of a whole text the best of its sentences.
        return _sentencesOnly || kept.Count == 0 ? kept.DrainToImmutable() : [kept.Max()];
    }

    /// <summary>Up to a full stop, question or exclamation mark before a blank, a mark of Chinese or Japanese, or the end of a line.</summary>
    private static Range[] Sentences(string text)
    {
        var sentences = new List<Range>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var ends = text[i] is '\n' or '。' or '！' or '？' || (text[i] is '.' or '!' or '?' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1])));
            if (!ends && i + 1 < text.Length) continue;
            var (from, to) = (start, i + 1);
            while (from < to && char.IsWhiteSpace(text[from])) from++;
            while (to > from && char.IsWhiteSpace(text[to - 1])) to--;
            if (from < to) sentences.Add(from..to);
            start = i + 1;
        }
        return [.. sentences];
    }

    private static ImmutableArray<string> Texts(ImmutableDictionary<string, string> parameters, string key)
    {
        if (parameters.GetValueOrDefault(key, "") is not { Length: > 0 } json) throw Failed($"{key} is required");
        try
        {
            return JsonSerializer.Deserialize<string[]>(json) is { Length: > 0 } texts ? [.. texts] : throw Failed($"{key} is required");
        }
        catch (JsonException e)
        {
            throw Failed($"Parse highlight params [{key}] failed, err: {e.Message}");
        }
    }

    private static MilvusException Failed(string reason) => MilvusException.InvalidParameter($"Create SemanticHighlight failed: {reason}");
}
