using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Reading.Fusion;
using Milvus.Proxy.Reading.Queries;
using Milvus.Proxy.Reading.Searches;

namespace Milvus.Proxy.Reading.Explaining;

/// <summary>Answers reads with the parameter <c>explain</c>: as without it, over shards whose answers are noted.</summary>
internal sealed class ReadExplainer(
    TimeProvider time, Func<ReadNotes, QueryExecutor> queries, Func<ReadNotes, SearchExecutor> searches, Func<ReadNotes, HybridExecutor> hybrids)
{
    private const string Parameter = "explain";

    /// <summary>The parameter stands among the others or, as SDKs send what they do not know, inside the JSON of <c>params</c>.</summary>
    public static bool IsWanted(ImmutableDictionary<string, string> parameters)
    {
        if (parameters.TryGetValue(Parameter, out var value)) return ParamText.IsTrue(value);
        if (!parameters.TryGetValue("params", out var nested) || !nested.Contains($"\"{Parameter}\"", StringComparison.Ordinal)) return false;
        try
        {
            using var document = JsonDocument.Parse(nested);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(Parameter, out var found)
                && (found.ValueKind == JsonValueKind.True || (found.ValueKind == JsonValueKind.String && ParamText.IsTrue(found.GetString())));
        }
        catch (JsonException)
        {
            // Whoever reads the parameters says what is wrong with them.
            return false;
        }
    }

    public async Task<QueryResult> QueryAsync(CollectionInfo collection, QueryRequest request, CancellationToken cancellation)
    {
        var notes = new ReadNotes(time);
        var result = await queries(notes).QueryAsync(collection, request, cancellation).ConfigureAwait(false);
        return result with { Explain = notes.Finish() };
    }

    public async Task<SearchResult> SearchAsync(CollectionInfo collection, SearchRequest request, CancellationToken cancellation)
    {
        var notes = new ReadNotes(time);
        var result = await searches(notes).SearchAsync(collection, request, cancellation).ConfigureAwait(false);
        return result with { Explain = notes.Finish() };
    }

    public async Task<SearchResult> SearchAsync(CollectionInfo collection, HybridSearchRequest request, CancellationToken cancellation)
    {
        var notes = new ReadNotes(time);
        var result = await hybrids(notes).SearchAsync(collection, request, cancellation).ConfigureAwait(false);
        return result with { Explain = notes.Finish() };
    }
}
