using Milvus.Expressions.Columns;
using Milvus.Expressions.Matching;
using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Function calls.</summary>
internal sealed class CallPlanner(Planner planner, NameResolver names, FilterOptions options)
{
    private const double SampleMargin = 1e-10;

    private readonly GeometryPlanner _geometry = new(planner, names);
    private readonly ElementPlanner _elements = new(planner, names);

    public Operand Plan(CallNode call) => call.Function switch
    {
        TokenKind.Contains => Contains(call, ContainsKind.Any, single: true),
        TokenKind.ContainsAny => Contains(call, ContainsKind.Any, single: false),
        TokenKind.ContainsAll => Contains(call, ContainsKind.All, single: false),
        TokenKind.ArrayLength => new LengthOperand(call, LengthColumn(call)),
        TokenKind.RandomSample => new PredicateOperand(call, Sample(call)),
        TokenKind.TextMatch => new PredicateOperand(call, TextMatch(call)),
        TokenKind.PhraseMatch => new PredicateOperand(call, PhraseMatch(call)),
        TokenKind.TextMatchFuzzy => new PredicateOperand(call, FuzzyMatch(call)),
        TokenKind.Spatial or TokenKind.SpatialWithin or TokenKind.SpatialIsValid => new PredicateOperand(call, _geometry.Plan(call)),
        TokenKind.Identifier => new PredicateOperand(call, Function(call)),
        _ => new PredicateOperand(call, _elements.Plan(call)),
    };

    private PredicateOperand Contains(CallNode call, ContainsKind kind, bool single)
    {
        if (planner.Plan(call.Arguments[0]) is not ColumnOperand { Column: { } column } || !(column.IsJson || column.IsWholeArray))
            throw new FilterError($"{call.Name} operation are only supported explicitly on json or array fields");
        var element = planner.Constant(call.Arguments[1], text => $"{call.Name} operation element must be a constant, but got: {text}").Value;
        if (single) return new PredicateOperand(call, ArrayPlanner.Contains(column, kind, [element]));
        if (element is not Literal.List list)
            throw new FilterError($"{(kind == ContainsKind.All ? "ContainsAll" : "ContainsAny")} operation element must be an array");
        return new PredicateOperand(call, ArrayPlanner.Contains(column, kind, list.Items));
    }

    private ColumnRef LengthColumn(CallNode call)
    {
        if (names.Struct(call.Arguments[0]) is { } owner) return new ColumnRef(names.LengthField(owner));
        var column = names.Resolve(call.Arguments[0]);
        return column.IsJson || column.IsWholeArray || column.Field.Type == DataType.ArrayOfVector
            ? column
            : throw new FilterError($"array_length operation are only supported on json or array fields, got: {Literals.TypeName(column.Type)}");
    }

    private SamplePredicate Sample(CallNode call)
    {
        var factor = planner.Constant(call.Arguments[0], text => "random_sample needs a constant factor, but got: " + text);
        if (factor.Template is not null) throw new FilterError("random_sample does not support a template variable as its factor");
        var rate = factor.Value is Literal.Float f ? f.Value : 0;
        if (rate <= SampleMargin || rate >= 1 - SampleMargin)
            throw new FilterError("the sample factor should be between 0 and 1 and not too close to 0 or 1");
        return new SamplePredicate(rate);
    }

    private TextTestLeaf TextMatch(CallNode call)
    {
        var (field, query) = TextArguments(call);
        var minimum = call.Named ?? 1;
        if (minimum < 1) throw new FilterError($"minimum_should_match should be >= 1, got {minimum}");
        if (minimum > 1000) throw new FilterError($"minimum_should_match should be <= 1000, got {minimum}");
        var matcher = options.TextMatchers.Match(field, query, (int)minimum);
        return new TextTestLeaf(new ColumnRef(field), new AnalyzedTest(matcher, $"text_match \"{query}\" {minimum}"));
    }

    private TextTestLeaf PhraseMatch(CallNode call)
    {
        var (field, query) = TextArguments(call);
        long slop = 0;
        if (call.Arguments.Length > 2)
        {
            var constant = planner.Constant(call.Arguments[2], text => "phrase_match slop must be a constant integer, but got: " + text);
            if (constant.Template is not null || constant.Value is not Literal.Int value)
                throw new FilterError($"phrase_match slop must be a constant integer, but got: {planner.TextOf(call.Arguments[2])}");
            if (value.Value is < 0 or > uint.MaxValue) throw new FilterError($"phrase_match slop should be between 0 and {uint.MaxValue}, got {value}");
            slop = value.Value;
        }
        var matcher = options.TextMatchers.Phrase(field, query, (uint)slop);
        return new TextTestLeaf(new ColumnRef(field), new AnalyzedTest(matcher, $"phrase_match \"{query}\" {slop}"));
    }

    private TextTestLeaf FuzzyMatch(CallNode call)
    {
        var (field, query) = TextArguments(call);
        var distance = call.Named ?? -1;
        if (distance is < 0 or > 2) throw new FilterError($"max_edit_distance should be 0, 1 or 2, got {distance}");
        var matcher = options.TextMatchers.Fuzzy(field, query, (int)distance);
        return new TextTestLeaf(new ColumnRef(field), new AnalyzedTest(matcher, $"text_match_fuzzy \"{query}\" {distance}"));
    }

    private (FieldSchema Field, string Query) TextArguments(CallNode call)
    {
        var field = names.Declared(call.Arguments[0]);
        if (field.Type is not (DataType.VarChar or DataType.Text))
            throw new FilterError($"{call.Name.ToLowerInvariant()} operation on non-string field {field.Name} is unsupported");
        if (!field.EnableMatch) throw new FilterError($"field \"{field.Name}\" does not enable match");
        var query = planner.Constant(call.Arguments[1], text => $"{call.Name.ToLowerInvariant()} query must be a string, but got: {text}");
        return query.Value is Literal.Text text
            ? (field, text.Value)
            : throw new FilterError($"{call.Name.ToLowerInvariant()} query must be a string, but got: {planner.TextOf(call.Arguments[1])}");
    }

    /// <summary>The executor's functions; a name it does not know is found out when it runs, as in Milvus.</summary>
    private Predicate Function(CallNode call)
    {
        var arguments = call.Arguments.Select(planner.Plan).ToArray();
        return (call.Name, arguments) switch
        {
            ("empty", [ColumnOperand { Column.Type: DataType.VarChar } a]) => new TextTestLeaf(a.Column, new LiteralTest(LiteralTest.Shape.Equal, [])),
            ("starts_with", [ColumnOperand { Column.Type: DataType.VarChar } a, ConstantOperand { Value: Literal.Text } b]) =>
                new TextTestLeaf(a.Column, new LiteralTest(LiteralTest.Shape.Prefix, Literals.ToUtf8(b.Value))),
            ("starts_with", [ColumnOperand { Column.Type: DataType.VarChar } a, ColumnOperand { Column.Type: DataType.VarChar } b]) =>
                new TextComparisonLeaf(a.Column, CompareOp.Equal, b.Column, IsPrefixTest: true),
            _ => throw new FilterError($"function not found: {call.Name}({string.Join(", ", arguments.Select(a => a.TypeName))})") { IsExecution = true },
        };
    }
}
