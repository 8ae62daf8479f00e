using Milvus.Expressions.Columns;
using Milvus.Expressions.Matching;
using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Gives every part of an expression its meaning against one schema. Recursion is bounded by the parser.</summary>
internal sealed class Planner
{
    private readonly string _source;
    private readonly IReadOnlyDictionary<string, Literal> _templates;
    private readonly NameResolver _names;
    private readonly CallPlanner _calls;

    private readonly CollectionSchema _schema;
    private readonly string? _elementFunction;

    public Planner(string source, CollectionSchema schema, IReadOnlyDictionary<string, Literal>? templates, FilterOptions options)
        : this(source, schema, templates ?? new Dictionary<string, Literal>(), options, null, null)
    {
    }

    private Planner(
        string source, CollectionSchema schema, IReadOnlyDictionary<string, Literal> templates, FilterOptions options, StructFieldSchema? elementsOf, string? elementFunction)
    {
        _source = source;
        _schema = schema;
        _templates = templates;
        _elementFunction = elementFunction;
        _names = new NameResolver(schema, elementsOf, elementFunction ?? "");
        _calls = new CallPlanner(this, _names, options);
        Options = options;
    }

    /// <summary>Plans what a function says about the elements of a struct list.</summary>
    public Planner ForElements(StructFieldSchema owner, string function) => new(_source, _schema, _templates, Options, owner, function);

    private FilterOptions Options { get; }

    public Operand Plan(SyntaxNode node) => node switch
    {
        NullTestNode or TimeComparisonNode or CallNode or UnaryNode { Operator: TokenKind.Exists } when _elementFunction is not null =>
            throw new FilterError($"only comparisons, ranges, in, arithmetic, like and regular expressions are supported inside {_elementFunction}, but got: {TextOf(node)}"),
        NumberNode n => new ConstantOperand(n, n.Value),
        BooleanNode n => new ConstantOperand(n, new Literal.Bool(n.Value)),
        StringNode n => new ConstantOperand(n, new Literal.Text(n.Value)),
        ListNode n => List(n),
        TemplateNode n => Template(n),
        NameNode or JsonAccessNode or StructAccessNode => new ColumnOperand(node, ValueColumn(node)),
        UnaryNode n => Unary(n),
        BinaryNode n => Binary(n),
        LogicalNode n => Logical(n),
        MembershipNode n => Membership(n),
        ChainNode n => Chain(n),
        NullTestNode n => new PredicateOperand(n, NullTest(n)),
        TimeComparisonNode n => new PredicateOperand(n, TimePlanner.Plan(n, _names, Options.TimeZone)),
        CallNode n => _calls.Plan(n),
        _ => throw new FilterError("unsupported expression"),
    };

    public string TextOf(SyntaxNode node) => _source[node.Start..node.End];

    /// <summary>A constant of any kind, or the error that <paramref name="refusal"/> words.</summary>
    public ConstantOperand Constant(SyntaxNode node, Func<string, string> refusal) =>
        Plan(node) as ConstantOperand ?? throw new FilterError(refusal(TextOf(node)));

    /// <summary>A column whose values an operator may look at: no text, no vector.</summary>
    private ColumnRef ValueColumn(SyntaxNode node)
    {
        var column = _names.Resolve(node);
        if (column.Field.Type == DataType.Text) throw new FilterError($"filter on text field ({column.Field.Name}) is not supported yet");
        if (column.Field.Type.IsVector()) throw new FilterError($"filter on vector field ({column.Field.Name}) is not supported");
        return column;
    }

    private ConstantOperand List(ListNode node)
    {
        var items = System.Collections.Immutable.ImmutableArray.CreateBuilder<Literal>(node.Items.Length);
        foreach (var item in node.Items)
            items.Add(Constant(item, text => "array element type must be generic value, but got: " + text).Value);
        return new ConstantOperand(node, new Literal.List(items.MoveToImmutable()));
    }

    private ConstantOperand Template(TemplateNode node)
    {
        if (!_templates.TryGetValue(node.Name, out var value))
            throw new FilterError($"the value of expression template variable name {{{node.Name}}} is not found");
        return new ConstantOperand(node, value, node.Name);
    }

    private Operand Unary(UnaryNode node)
    {
        if (node.Operator == TokenKind.Exists) return new PredicateOperand(node, Exists(node.Operand));
        var operand = Plan(node.Operand);
        switch (node.Operator)
        {
            case TokenKind.Not or TokenKind.Bang:
                return operand switch
                {
                    ConstantOperand { Value: Literal.Bool b } => new ConstantOperand(node, new Literal.Bool(!b.Value)),
                    PredicateOperand p => new PredicateOperand(node, new NotPredicate(p.Predicate)),
                    ConstantOperand { Template: null } => throw new FilterError("not can only apply on boolean"),
                    _ => throw new FilterError("not op can only be applied on boolean expression"),
                };
            case TokenKind.Plus:
                return operand;
            case TokenKind.Minus when operand is ConstantOperand { Template: null } c:
                return new ConstantOperand(node, ConstantFolding.Negate(c.Value));
            case TokenKind.Minus:
                throw new FilterError($"unary minus is not supported on: {TextOf(node.Operand)}");
            default:
                throw new FilterError("bitwise not is not supported");
        }
    }

    private Predicate Exists(SyntaxNode operand)
    {
        if (Plan(operand) is not ColumnOperand { Column: { } column }) throw new FilterError($"exists operations are only supported on single fields now, got: {TextOf(operand)}");
        if (!column.IsJson) throw new FilterError($"exists operation are only supported on json field, got: {Literals.TypeName(column.Type)}");
        if (column.Path is null) throw new FilterError($"exists operation needs a path into json field {column.Field.Name}");
        return new ExistsLeaf(column);
    }

    private Operand Binary(BinaryNode node)
    {
        switch (node.Operator)
        {
            case TokenKind.Like or TokenKind.RegexMatch or TokenKind.RegexNotMatch:
                return new PredicateOperand(node, Match(node));
            case TokenKind.Equal: return Compare(CompareOp.Equal, node);
            case TokenKind.NotEqual: return Compare(CompareOp.NotEqual, node);
            case TokenKind.Less: return Compare(CompareOp.Less, node);
            case TokenKind.LessOrEqual: return Compare(CompareOp.LessOrEqual, node);
            case TokenKind.Greater: return Compare(CompareOp.Greater, node);
            case TokenKind.GreaterOrEqual: return Compare(CompareOp.GreaterOrEqual, node);
            default: return ArithmeticPlanner.Plan(node, Plan(node.Left), Plan(node.Right));
        }
    }

    private Operand Compare(CompareOp op, BinaryNode node) => ComparisonPlanner.Plan(op, Plan(node.Left), Plan(node.Right), node);

    private Operand Logical(LogicalNode node)
    {
        var isAnd = node.Operator == TokenKind.And;
        var predicates = new List<Predicate>(node.Operands.Count);
        bool? decided = null;
        foreach (var part in node.Operands)
        {
            switch (Plan(part))
            {
                case ConstantOperand { Value: Literal.Bool b }:
                    if (b.Value != isAnd) decided = b.Value;
                    break;
                case PredicateOperand p:
                    predicates.Add(p.Predicate);
                    break;
                default:
                    throw new FilterError($"'{(isAnd ? "and" : "or")}' can only be used between boolean expressions");
            }
        }
        if (decided is { } value) return new ConstantOperand(node, new Literal.Bool(value));
        return predicates.Count switch
        {
            0 => new ConstantOperand(node, new Literal.Bool(isAnd)),
            1 => new PredicateOperand(node, predicates[0]),
            _ => new PredicateOperand(node, isAnd ? new AllPredicate([.. predicates]) : new AnyPredicate([.. predicates])),
        };
    }

    private PredicateOperand Membership(MembershipNode node)
    {
        var operand = Plan(node.Operand);
        if (operand is ConstantOperand) throw new FilterError("'term' can only be used on non-const expression");
        if (operand is not ColumnOperand { Column: { } column }) throw new FilterError("'term' can only be used on single field");
        if (Plan(node.List) is not ConstantOperand constant) throw new FilterError($"value '{_source[node.Written]}' in list cannot be a non-const expression");
        if (constant.Value is not Literal.List list)
        {
            throw new FilterError(constant.Template is { } name
                ? $"the value of term expression template variable {{{name}}} is not array"
                : $"the right-hand side of 'in' must be a list, but got: {_source[node.Written]}");
        }
        foreach (var item in list.Items)
        {
            var fits = !column.IsWholeArray && (Literals.Fits(item, column.Type) || (column.Type == DataType.Timestamptz && item is Literal.Int));
            if (!fits) throw new FilterError($"value '{Literals.Describe(item)}' in list cannot be casted to {Literals.TypeName(column.Type)}");
        }
        Predicate term = ArrayPlanner.Term(column, list.Items);
        return new PredicateOperand(node, node.IsNegated ? new NotPredicate(term) : term);
    }

    private PredicateOperand Chain(ChainNode node)
    {
        var target = new ColumnOperand(node.Target, ValueColumn(node.Target));
        var ascending = node.FirstOperator is TokenKind.Less or TokenKind.LessOrEqual;
        var (lowNode, lowOp, highNode, highOp) = ascending
            ? (node.First, node.FirstOperator, node.Second, node.SecondOperator)
            : (node.Second, node.SecondOperator, node.First, node.FirstOperator);
        var low = Constant(lowNode, text => "lowerbound cannot be a non-const expression: " + text);
        var high = Constant(highNode, text => "upperbound cannot be a non-const expression: " + text);
        return new PredicateOperand(node, ComparisonPlanner.Range(target.Column, low.Value, IsInclusive(lowOp), high.Value, IsInclusive(highOp)));
    }

    private static bool IsInclusive(TokenKind op) => op is TokenKind.LessOrEqual or TokenKind.GreaterOrEqual;

    private Predicate NullTest(NullTestNode node)
    {
        if (_names.Struct(node.Target) is { } owner)
        {
            var lists = new NullLeaf(new ColumnRef(_names.LengthField(owner)));
            return node.IsNull ? lists : new NotPredicate(lists);
        }
        var column = _names.NullTested(node.Target);
        if (column.Field.Type == DataType.Text) throw new FilterError($"filter on text field ({column.Field.Name}) is not supported yet");
        if (column.Field.Type.IsVector() && column.Field.Type != DataType.ArrayOfVector) throw new FilterError("IsNull/IsNotNull operations are not supported on vector fields");
        if (column.ElementIndex >= 0) throw new FilterError("IsNull/IsNotNull operations are not supported on array element access");
        // A path has no null of its own: it counts as null where it does not exist.
        if (column.Path is not null) return node.IsNull ? new NotPredicate(new ExistsLeaf(column)) : new ExistsLeaf(column);
        return node.IsNull ? new NullLeaf(column) : new NotPredicate(new NullLeaf(column));
    }

    /// <summary>like, =~ and !~.</summary>
    private Predicate Match(BinaryNode node)
    {
        if (Plan(node.Left) is not ColumnOperand { Column: { } column }) throw new FilterError($"{(node.Operator == TokenKind.Like ? "like" : "regex match")} operation is only supported on fields");
        if (column.IsWholeArray) throw new FilterError("can not comparisons array fields directly");
        if (column.Type != DataType.VarChar && !column.IsJson)
            throw new FilterError(node.Operator == TokenKind.Like ? "like operation on non-string or no-json field is unsupported" : "regex match on non-string or non-json field is unsupported");
        var test = node.Operator == TokenKind.Like ? LikePattern.Compile(Pattern(node.Right, regex: false)) : RegexTest.Compile(Pattern(node.Right, regex: true));
        var leaf = TextLeafOf(column, test);
        return node.Operator == TokenKind.RegexNotMatch ? new NotPredicate(leaf) : leaf;
    }

    public static Leaf TextLeafOf(ColumnRef column, TextTest test) =>
        column.IsJson ? new JsonLeaf(column, new Json.JsonTextMatchTest(test), test.ToString()!) : new TextTestLeaf(column, test);

    private string Pattern(SyntaxNode node, bool regex)
    {
        // A pattern keeps the backslashes that an ordinary string resolves or refuses.
        if (regex && node is StringNode text) return text.Pattern;
        var argument = regex ? "regex pattern" : "the right operand of like";
        return Constant(node, t => $"{argument} should be a string literal or template variable, got: {t}").Value is Literal.Text value
            ? value.Value
            : throw new FilterError(node is TemplateNode template && !regex
                ? $"the value of like expression template variable {{{template.Name}}} is not string"
                : $"{argument} should be a string literal or template variable, got: {TextOf(node)}");
    }
}
