using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Reading.Searches;
using Milvus.Text.Analyzers;
using Milvus.Text.Highlighting;

namespace Milvus.Proxy.Reading.Highlighting;

/// <summary>Marks in the texts of hits what they were found by: the text of a full-text search, or texts that the request names.</summary>
internal sealed class HighlightPlan
{
    private readonly LexicalHighlighter _highlighter;
    private readonly ImmutableArray<(FieldSchema Field, Analyzer Analyzer, HashSet<string>[] Terms)> _fields;

    private HighlightPlan(LexicalHighlighter highlighter, ImmutableArray<(FieldSchema, Analyzer, HashSet<string>[])> fields)
    {
        _highlighter = highlighter;
        _fields = fields;
    }

    /// <summary>Null when nothing is to be highlighted.</summary>
    /// <exception cref="MilvusException">1100: a highlighter or parameters that this server does not know.</exception>
    public static HighlightPlan? Find(SearchPlan plan, HighlightRequest? request, AnalyzerRegistry analyzers)
    {
        if (request is null) return null;
        if (request.IsSemantic) throw new MilvusException(ErrorCode.Unimplemented, "the semantic highlighter needs a model service: service unimplemented") { IsInputError = true };
        if (plan.Parameters.IsIterator) throw MilvusException.InvalidParameter("highlighter is not supported when doing iteration");
        var terms = new Dictionary<string, (FieldSchema Field, Analyzer Analyzer, HashSet<string>[] Terms)>(StringComparer.Ordinal);
        if (ParamText.IsTrue(request.Params.GetValueOrDefault("highlight_search_text"))) AddSearchText(plan, analyzers, terms);
        foreach (var (field, text) in Queries(request.Params.GetValueOrDefault("highlight_query", "")))
            Add(plan, analyzers, terms, field, Enumerable.Repeat(text, plan.QueryCount));
        if (terms.Count == 0) throw MilvusException.InvalidParameter("highlighter needs highlight_search_text or highlight_query");
        return new HighlightPlan(new LexicalHighlighter(Options(request.Params)), [.. terms.Values]);
    }

    /// <summary>The fragments of every field for every hit, aligned with the hits.</summary>
    public async Task<ImmutableArray<FieldHighlights>> HighlightAsync(RowFetch rows, int[] counts, CancellationToken cancellation)
    {
        var result = ImmutableArray.CreateBuilder<FieldHighlights>(_fields.Length);
        foreach (var (field, analyzer, terms) in _fields)
        {
            var texts = (BinaryColumn)await rows.FetchAsync(field, cancellation).ConfigureAwait(false);
            var hits = ImmutableArray.CreateBuilder<ImmutableArray<string>>(texts.Count);
            for (int query = 0, hit = 0; query < counts.Length; query++)
                for (var i = 0; i < counts[query]; i++, hit++)
                    hits.Add(texts.IsNull(hit) ? [] : _highlighter.Highlight(analyzer, texts[hit], terms[query]));
            result.Add(new FieldHighlights(field.Name, hits.MoveToImmutable()));
        }
        return result.MoveToImmutable();
    }

    private static void AddSearchText(SearchPlan plan, AnalyzerRegistry analyzers, Dictionary<string, (FieldSchema, Analyzer, HashSet<string>[])> terms)
    {
        var schema = plan.Collection.Schema;
        if (plan.Vectors is not { } texts || !texts.Type.IsText() || schema.FunctionOf(plan.Field) is not { Type: FunctionType.BM25 } function)
            throw MilvusException.InvalidParameter("highlight_search_text is for full-text searches with texts only");
        Add(plan, analyzers, terms, function.InputFields[0], texts.Rows.Select(t => Encoding.UTF8.GetString(t.Span)));
    }

    private static void Add(
        SearchPlan plan, AnalyzerRegistry analyzers, Dictionary<string, (FieldSchema Field, Analyzer Analyzer, HashSet<string>[] Terms)> terms, string name, IEnumerable<string> texts)
    {
        var field = plan.Collection.Schema.Find(name) ?? throw MilvusException.InvalidParameter($"highlight field {name} not exist");
        if (!field.Type.IsText() || !field.EnableAnalyzer) throw MilvusException.InvalidParameter($"highlight field {name} must be a VarChar field with enable_analyzer");
        OutputFields.RequireLoaded(plan.Collection, field);
        var analyzer = field.Param("multi_analyzer_params") is { Length: > 0 } several
            ? MultiAnalyzer.Parse(several).Select(plan.Parameters.AnalyzerName)
            : analyzers.Get(field.Param("analyzer_params"));
        var added = texts.Select(t => LexicalHighlighter.Terms(analyzer, t)).ToArray();
        if (terms.TryGetValue(name, out var known))
            for (var q = 0; q < added.Length; q++) known.Terms[q].UnionWith(added[q]);
        else terms[name] = (field, analyzer, added);
    }

    private static HighlightOptions Options(ImmutableDictionary<string, string> parameters)
    {
        var usual = HighlightOptions.Default;
        var options = new HighlightOptions
        {
            PreTags = Tags(parameters, "pre_tags", usual.PreTags),
            PostTags = Tags(parameters, "post_tags", usual.PostTags),
            FragmentOffset = Number(parameters, "fragment_offset", usual.FragmentOffset, 0),
            FragmentSize = Number(parameters, "fragment_size", usual.FragmentSize, 1),
            Fragments = Number(parameters, "num_of_fragments", usual.Fragments, 0),
        };
        return options;
    }

    private static int Number(ImmutableDictionary<string, string> parameters, string key, int usual, int least)
    {
        if (!parameters.TryGetValue(key, out var text)) return usual;
        return ParamText.TryInt(text, out var value) && value >= least && value <= int.MaxValue ? (int)value : throw MilvusException.InvalidParameter($"invalid {key}: {text}");
    }

    private static ImmutableArray<string> Tags(ImmutableDictionary<string, string> parameters, string key, ImmutableArray<string> usual)
    {
        if (!parameters.TryGetValue(key, out var text)) return usual;
        try
        {
            return JsonSerializer.Deserialize<string[]>(text) is { Length: > 0 } tags ? [.. tags] : throw MilvusException.InvalidParameter($"{key} cannot be empty");
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"failed to parse {key} {text}: {e.Message}");
        }
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
