using System.Runtime.InteropServices;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Reading.Searches;

namespace Milvus.Proxy.Reading.Fusion;

/// <summary>
/// How the elements that one search of a hybrid search finds become rows: what of the scores of a row's elements is its score. Only elements that the search
/// returns count, so its limit bounds them. Asked for as <c>element_scope: {"collapse": {"strategy": …, "topk": …}}</c> in a search's parameters.
/// </summary>
/// <param name="Best">How many of a row's best elements count.</param>
/// <param name="IsMean">Their mean counts, not their sum.</param>
internal sealed record ElementCollapse(int Best, bool IsMean)
{
    public const string Parameter = "element_scope";

    private const string CollapseName = Parameter + ".collapse";

    /// <summary>A row counts as its best element.</summary>
    private static readonly ElementCollapse Usual = new(1, IsMean: false);

    /// <param name="rows">Whether the hybrid search fuses rows.</param>
    /// <returns>Null where nothing is to be collapsed.</returns>
    /// <exception cref="MilvusException">1100, 1101: the parameter is wrong, or does not fit the search.</exception>
    public static ElementCollapse? Of(SearchPlan plan, bool rows)
    {
        if (!plan.IndexParams.Others.TryGetValue(Parameter, out var text)) return plan.IsElementLevel && rows ? Usual : null;
        if (!plan.IsElementLevel) throw MilvusException.InvalidParameter($"{Parameter} is only allowed for element-level search, but field {plan.Field.Name} is searched by rows");
        if (!rows) throw MilvusException.InvalidParameter($"{Parameter} is not allowed for same-struct element-level hybrid search");
        using var document = ParseObject(text);
        return Read(Members(document.RootElement, Parameter, ["collapse"]), plan.Metric);
    }

    /// <summary>One hit per row of every query, best first. It stands where the row's best element stood.</summary>
    public MergedHits Apply(MergedHits hits, bool largerIsBetter)
    {
        var scores = hits.Scores.ToArray();
        var kept = new int[hits.Counts.Length][];
        for (int query = 0, first = 0; query < kept.Length; first += hits.Counts[query++])
        {
            var best = Collapse(hits, first, hits.Counts[query], scores);
            // Sorting is stable: rows that score alike keep the order of their best elements.
            kept[query] = [.. largerIsBetter ? best.OrderByDescending(i => scores[i]) : best.OrderBy(i => scores[i])];
        }
        return hits.Pick(kept, scores);
    }

    // The best element of every row of a query, in order, with the row's score in its place.
    private List<int> Collapse(MergedHits hits, int first, int count, float[] scores)
    {
        var best = new List<int>();
        var rowOf = new Dictionary<KeyValue, int>(count);
        var (sums, counted) = (new double[count], new int[count]);
        for (var hit = first; hit < first + count; hit++)
        {
            ref var row = ref CollectionsMarshal.GetValueRefOrAddDefault(rowOf, KeyValue.Of(hits.Ids, hit), out var isKnown);
            if (!isKnown)
            {
                row = best.Count;
                best.Add(hit);
            }
            if (counted[row] == Best) continue;
            sums[row] += hits.Scores[hit];
            counted[row]++;
        }
        for (var row = 0; row < best.Count; row++) scores[best[row]] = (float)(IsMean ? sums[row] / counted[row] : sums[row]);
        return best;
    }

    private static ElementCollapse Read(Dictionary<string, JsonElement> scope, MetricType metric)
    {
        if (!scope.TryGetValue("collapse", out var value)) throw Missing($"{CollapseName} is required");
        var members = Members(value, CollapseName, ["strategy", "topk"]);
        var strategy = "";
        if (members.TryGetValue("strategy", out var name))
            strategy = name.ValueKind == JsonValueKind.String ? name.GetString()!.Trim() : throw MilvusException.InvalidParameter($"{CollapseName}.strategy must be a string");
        if (strategy.Length == 0) throw Missing($"{CollapseName}.strategy is required");
        if (strategy is not ("max" or "sum" or "avg" or "topk_sum" or "topk_avg")) throw MilvusException.InvalidParameter($"unsupported {CollapseName}.strategy: {strategy}");
        var bounded = strategy.StartsWith("topk_", StringComparison.Ordinal);
        var best = strategy == "max" ? 1 : int.MaxValue;
        if (members.TryGetValue("topk", out var given))
        {
            if (given.ValueKind != JsonValueKind.Number || !given.TryGetInt32(out best)) throw MilvusException.InvalidParameter($"{CollapseName}.topk must be an integer");
            if (best <= 0) throw MilvusException.InvalidParameter($"{CollapseName}.topk must be positive");
            if (!bounded) throw MilvusException.InvalidParameter($"{CollapseName}.topk is only valid for topk strategies");
        }
        else if (bounded) throw Missing($"{CollapseName}.topk is required for strategy {strategy}");
        if (strategy.EndsWith("sum", StringComparison.Ordinal) && !metric.LargerIsBetter())
            throw MilvusException.InvalidParameter($"{CollapseName}.strategy {strategy} is only supported for positively related metrics");
        return new ElementCollapse(best, strategy.EndsWith("avg", StringComparison.Ordinal));
    }

    private static JsonDocument ParseObject(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"{Parameter} must be a JSON object: {e.Message}");
        }
    }

    private static Dictionary<string, JsonElement> Members(JsonElement value, string name, string[] known)
    {
        if (value.ValueKind != JsonValueKind.Object) throw MilvusException.InvalidParameter($"{name} must be a JSON object: it is {value.ValueKind}");
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
            members[member.Name] = known.Contains(member.Name) ? member.Value : throw MilvusException.InvalidParameter($"unsupported {name} key: {member.Name}");
        return members;
    }

    private static MilvusException Missing(string text) => new(ErrorCode.MissingParameter, text + ": missing parameter") { IsInputError = true };
}
