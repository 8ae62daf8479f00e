using Milvus.Expressions.Columns;
using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>match_* and element_filter: predicates on the elements of struct lists.</summary>
internal sealed class ElementPlanner(Planner planner, NameResolver names)
{
    public Predicate Plan(CallNode call)
    {
        var name = call.Name.ToLowerInvariant();
        var owner = names.Struct(call.Arguments[0]) ?? throw new FilterError($"{name} is only supported on struct array fields, but got: {planner.TextOf(call.Arguments[0])}");
        var inner = planner.ForElements(owner, name);
        if (inner.Plan(call.Arguments[1]) is not PredicateOperand { Predicate: { } written })
            throw new FilterError($"{name} needs a predicate on the elements of {owner.Name}, but got: {planner.TextOf(call.Arguments[1])}");
        var elements = Normalizer.Normalize(written);
        var fields = new List<long>();
        elements.CollectFields(fields);
        var field = (fields.Count > 0 ? names.FieldOf(fields[0]) : null) ?? names.LengthField(owner);
        var match = new ElementMatchLeaf(new ColumnRef(field), owner.Name, elements, KindOf(call.Function), Threshold(call, name));
        return call.Function == TokenKind.ElementFilter ? new ElementFilterPredicate(match) : match;
    }

    private static ElementMatchKind KindOf(TokenKind function) => function switch
    {
        TokenKind.MatchAll => ElementMatchKind.All,
        TokenKind.MatchLeast => ElementMatchKind.Least,
        TokenKind.MatchMost => ElementMatchKind.Most,
        TokenKind.MatchExact => ElementMatchKind.Exact,
        _ => ElementMatchKind.Any,
    };

    private static long Threshold(CallNode call, string name)
    {
        if (call.Named is not { } threshold) return 0;
        var least = call.Function == TokenKind.MatchLeast ? 1 : 0;
        return threshold >= least ? threshold : throw new FilterError($"{name} threshold should be >= {least}, got {threshold}");
    }
}
