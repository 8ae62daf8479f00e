using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Ranking.Chains;

/// <summary>Checks the steps of one chain, in order, and notes which fields they read.</summary>
/// <param name="fields">Those of all chains so far; what this one reads besides is added.</param>
/// <param name="queries">Queries of the search.</param>
internal sealed class ChainParser(CollectionInfo collection, ChainStage stage, int queries, IModelGateway models, List<FieldSchema> fields)
{
    private readonly HashSet<string> _columns = new(StringComparer.Ordinal) { HitFrame.Score, HitFrame.Key };

    // Behind a select there are no columns but those that it named.
    private bool _isSelected;

    /// <summary>Null for a step that has nothing to do when the chain runs.</summary>
    /// <exception cref="MilvusException">1100: an unknown operator, one that the stage does not take, or wrong parameters.</exception>
    public ChainOperator? Parse(ChainStep step)
    {
        var name = step.Operator.Trim();
        if (name.Length == 0) throw MilvusException.InvalidParameter("function chain: op name is empty");
        if (step.Inputs.Any(string.IsNullOrWhiteSpace)) throw MilvusException.InvalidParameter("function chain: input name is empty");
        if (step.Outputs.Any(string.IsNullOrWhiteSpace)) throw MilvusException.InvalidParameter("function chain: output name is empty");
        if (name is not ("map" or "sort" or "limit" or "filter" or "select" or "group_by")) throw MilvusException.InvalidParameter($"function chain: unknown operator type {name}");
        if (stage == ChainStage.Level0Rerank && name != "map") throw Unsupported(name, "map");
        if (stage == ChainStage.Level1Rerank && name is "filter" or "select" or "group_by") throw Unsupported(name, "map, sort, limit");
        return name switch
        {
            "map" => Map(step),
            "sort" => Sort(step),
            "limit" => Limit(step),
            "select" => Select(step),
            "group_by" => Group(step),
            _ => throw Filter(step),
        };
    }

    private MilvusException Unsupported(string name, string supported) =>
        MilvusException.InvalidParameter($"function chain: operator {name} is not supported at stage {FunctionChainPlan.NameOf(stage)}, only supports: [{supported}]");

    private MapOperator Map(ChainStep step)
    {
        if (step.Function is not { } function) throw MilvusException.InvalidParameter("map operator requires function");
        if (step.Outputs.Length != 1) throw MilvusException.InvalidParameter($"map operator has one output, but got {step.Outputs.Length}");
        var output = step.Outputs[0].Trim();
        if (output[0] == '$' && output != HitFrame.Score) throw MilvusException.InvalidParameter($"function chain: unsupported system output {output}");
        var expression = Expression(function);
        _columns.Add(output);
        return new MapOperator(output, expression);
    }

    private SortOperator Sort(ChainStep step)
    {
        var by = (Text(step, "column") ?? step.Inputs.FirstOrDefault() ?? "").Trim();
        if (by.Length == 0) throw MilvusException.InvalidParameter("sort_op: column is required");
        var tie = (Text(step, "tie_break_col") ?? step.Inputs.ElementAtOrDefault(1))?.Trim();
        if (tie is "") tie = null;
        Require(by);
        if (tie is not null) Require(tie);
        return new SortOperator(by, step.Params.GetValueOrDefault("desc") is Literal.Bool { Value: true }, tie);
    }

    private static LimitOperator Limit(ChainStep step)
    {
        var limit = Positive(step, "limit_op", "limit");
        return new LimitOperator(Offset(step, "limit_op"), limit);
    }

    // Only what steps read is ever fetched, so that a select costs and saves nothing: it is a promise that the steps behind it keep.
    private ChainOperator? Select(ChainStep step)
    {
        string[] columns = step.Params.GetValueOrDefault("columns") is Literal.List list ? [.. list.Items.Select(i => i.ToString()!.Trim())] : [.. step.Inputs.Select(i => i.Trim())];
        if (columns.Length == 0) throw MilvusException.InvalidParameter("select_op: columns is required");
        foreach (var column in columns)
        {
            if (column.Length == 0) throw MilvusException.InvalidParameter("function chain: input name is empty");
            Require(column);
        }
        if (!columns.Contains(HitFrame.Key) || !columns.Contains(HitFrame.Score))
            throw MilvusException.InvalidParameter($"select_op: columns must include {HitFrame.Key} and {HitFrame.Score}, which the result consists of");
        _columns.Clear();
        _columns.UnionWith(columns);
        _isSelected = true;
        return null;
    }

    private GroupOperator Group(ChainStep step)
    {
        var field = Text(step, "field")?.Trim() ?? "";
        if (field.Length == 0) throw MilvusException.InvalidParameter("group_by_op: field is required");
        var size = Positive(step, "group_by_op", "group_size");
        var limit = Positive(step, "group_by_op", "limit");
        var offset = Offset(step, "group_by_op");
        var scorer = Text(step, "scorer") switch
        {
            null or "max" => GroupScorer.Max,
            "sum" => GroupScorer.Sum,
            "avg" => GroupScorer.Average,
            var other => throw MilvusException.InvalidParameter($"group_by_op: invalid group scorer \"{other}\", must be max/sum/avg"),
        };
        foreach (var column in (string[])[field, HitFrame.Key, HitFrame.Score]) Require(column);
        _columns.Add(HitFrame.GroupScore);
        return new GroupOperator(field, size, offset, limit, scorer);
    }

    // Every function that there is gives numbers.
    private MilvusException Filter(ChainStep step)
    {
        if (step.Function is not { } function) return MilvusException.InvalidParameter("filter_op: function is required");
        Expression(function);
        return MilvusException.InvalidParameter("filter_op: function must return boolean type, got float32");
    }

    private ChainExpression Expression(ChainFunction function)
    {
        var expression = ChainExpression.Parse(function, stage, queries, models);
        foreach (var input in expression.Inputs) Require(input);
        return expression;
    }

    // What no step before has written is a field of the collection.
    private void Require(string name)
    {
        if (_columns.Contains(name)) return;
        if (_isSelected) throw MilvusException.InvalidParameter($"function chain: column {name} not found, select has left it out");
        if (name[0] == '$') throw MilvusException.InvalidParameter($"function chain: unsupported system input {name}");
        var field = collection.Schema.Find(name) ?? throw MilvusException.InvalidParameter($"function chain: input field {name} not found in collection schema");
        if (!(field.Type is DataType.Bool or DataType.Timestamptz || field.Type.IsNumeric() || field.Type.IsText()))
            throw MilvusException.InvalidParameter($"function chain: unsupported input field type {field.Type} of field {name}");
        if (!fields.Contains(field)) fields.Add(field);
    }

    private static string? Text(ChainStep step, string key) => step.Params.GetValueOrDefault(key)?.ToString();

    private static int Positive(ChainStep step, string name, string key)
    {
        var value = Integer(step, name, key) ?? throw MilvusException.InvalidParameter($"{name}: {key} is required");
        return value > 0 ? value : throw MilvusException.InvalidParameter($"{name}: {key} must be positive");
    }

    private static int Offset(ChainStep step, string name)
    {
        var value = Integer(step, name, "offset") ?? 0;
        return value >= 0 ? value : throw MilvusException.InvalidParameter($"{name}: offset must be non-negative");
    }

    private static int? Integer(ChainStep step, string name, string key) => step.Params.GetValueOrDefault(key) switch
    {
        null => null,
        Literal.Int { Value: >= int.MinValue and <= int.MaxValue } i => (int)i.Value,
        var other => throw MilvusException.InvalidParameter($"{name}: {key} {other} is not an integer"),
    };
}
