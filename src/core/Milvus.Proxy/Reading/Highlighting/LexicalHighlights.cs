using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Reading.Searches;
using Milvus.Text.Analyzers;
using Milvus.Text.Matching;

namespace Milvus.Proxy.Reading.Highlighting;

/// <summary>Marks in the texts of hits what they were found by: the text of a full-text search, or texts that the request names.</summary>
internal sealed class LexicalHighlights : HighlightPlan
{
    private readonly HighlightOptions _options;
    private readonly ImmutableArray<(FieldSchema Field, TextHighlighter[] Queries)> _fields;

    private LexicalHighlights(HighlightOptions options, ImmutableArray<(FieldSchema, TextHighlighter[])> fields)
    {
        _options = options;
        _fields = fields;
    }

    /// <summary>What is looked for in one field.</summary>
    /// <param name="Texts">A list of texts per query.</param>
    private sealed record Wanted(FieldSchema Field, Analyzer Analyzer, List<string>[] Texts);

    /// <exception cref="MilvusException">1100: parameters that this server does not know.</exception>
    public static LexicalHighlights Parse(SearchPlan plan, HighlightRequest request, AnalyzerRegistry analyzers)
    {
        var wanted = new Dictionary<string, Wanted>(StringComparer.Ordinal);
        if (MarksSearchText(request.Params)) AddSearchText(plan, analyzers, wanted);
        foreach (var (field, text) in Queries(request.Params.GetValueOrDefault("highlight_query", "")))
            Add(plan, analyzers, wanted, field, Enumerable.Repeat(text, plan.QueryCount));
        if (wanted.Count == 0) throw MilvusException.InvalidParameter("highlighter needs highlight_search_text or highlight_query");
        return new LexicalHighlights(Options(request.Params), [.. wanted.Values.Select(w => (w.Field, Array.ConvertAll(w.Texts, t => new TextHighlighter(w.Analyzer, t))))]);
    }

    public static bool MarksSearchText(ImmutableDictionary<string, string> parameters) => ParamText.IsTrue(parameters.GetValueOrDefault("highlight_search_text"));

    public override async Task<ImmutableArray<FieldHighlights>> HighlightAsync(RowFetch rows, int[] counts, CancellationToken cancellation)
    {
        var result = ImmutableArray.CreateBuilder<FieldHighlights>(_fields.Length);
        foreach (var (field, queries) in _fields)
        {
            var texts = (BinaryColumn)await rows.FetchAsync(field, cancellation).ConfigureAwait(false);
            var hits = ImmutableArray.CreateBuilder<ImmutableArray<string>>(texts.Count);
            for (int query = 0, hit = 0; query < counts.Length; query++)
                for (var i = 0; i < counts[query]; i++, hit++)
                    hits.Add(texts.IsNull(hit) ? [] : [.. queries[query].Fragments(texts.GetString(hit), _options)]);
            result.Add(new FieldHighlights(field.Name, hits.MoveToImmutable()));
        }
        return result.MoveToImmutable();
    }

    private static void AddSearchText(SearchPlan plan, AnalyzerRegistry analyzers, Dictionary<string, Wanted> wanted)
    {
        var schema = plan.Collection.Schema;
        var isFullText = schema.FunctionOf(plan.Field) is { Type: FunctionType.BM25 } && (plan.Keys is not null || plan.Vectors!.Type.IsText());
        if (!isFullText) throw MilvusException.InvalidParameter("highlight_search_text is for full-text searches with texts only");
        Add(plan, analyzers, wanted, schema.FunctionOf(plan.Field)!.InputFields[0], SearchTexts(plan));
    }

    // Of rows without a text there are no hits either.
    private static IEnumerable<string> SearchTexts(SearchPlan plan)
    {
        var texts = (plan.Found is { } found ? found.Vectors : plan.Vectors) is { } given ? given.Rows.Select(t => Encoding.UTF8.GetString(t.Span)).ToArray() : [];
        if (plan.Found?.Present is not { } present) return texts;
        var spread = new string[plan.QueryCount];
        Array.Fill(spread, "");
        for (var i = 0; i < present.Length; i++) spread[present[i]] = texts[i];
        return spread;
    }

    private static void Add(SearchPlan plan, AnalyzerRegistry analyzers, Dictionary<string, Wanted> wanted, string name, IEnumerable<string> texts)
    {
        var field = plan.Collection.Schema.Find(name) ?? throw MilvusException.InvalidParameter($"highlight field {name} not exist");
        if (!field.Type.IsText() || !field.EnableAnalyzer) throw MilvusException.InvalidParameter($"highlight field {name} must be a VarChar field with enable_analyzer");
        var analyzer = field.Param("multi_analyzer_params") is { Length: > 0 } several
            ? MultiAnalyzer.Parse(several).Select(plan.Parameters.AnalyzerName)
            : analyzers.Get(field.Param("analyzer_params"));
        if (!wanted.TryGetValue(name, out var known)) wanted[name] = known = new Wanted(field, analyzer, [.. Enumerable.Range(0, plan.QueryCount).Select(_ => new List<string>())]);
        var query = 0;
        foreach (var text in texts) known.Texts[query++].Add(text);
    }

    internal static HighlightOptions Options(ImmutableDictionary<string, string> parameters)
    {
        var usual = new HighlightOptions();
        return new HighlightOptions
        {
            PreTags = Tags(parameters, "pre_tags", usual.PreTags),
            PostTags = Tags(parameters, "post_tags", usual.PostTags),
            FragmentOffset = Number(parameters, "fragment_offset", usual.FragmentOffset, 0),
            FragmentSize = Number(parameters, "fragment_size", usual.FragmentSize, 1),
            FragmentCount = Number(parameters, "num_of_fragments", usual.FragmentCount, 0),
        };
    }

    private static int Number(ImmutableDictionary<string, string> parameters, string key, int usual, int least)
    {
        if (!parameters.TryGetValue(key, out var text)) return usual;
        return ParamText.TryInt(text, out var value) && value >= least && value <= int.MaxValue ? (int)value : throw MilvusException.InvalidParameter($"invalid {key}: {text}");
    }

    private static List<(string Field, string Text)> Queries(string json)
    {
        var queries = new List<(string, string)>();
        if (json.Length == 0) return queries;
        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var q in document.RootElement.EnumerateArray())
            {
                var type = q.TryGetProperty("type", out var t) ? t.GetString() : "TextMatch";
                if (type != "TextMatch") throw MilvusException.InvalidParameter($"unsupported highlight query type: {type}");
                queries.Add((q.GetProperty("field").GetString()!, q.GetProperty("text").GetString()!));
            }
            return queries;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw MilvusException.InvalidParameter($"failed to parse highlight_query {json}: {e.Message}");
        }
    }
}
