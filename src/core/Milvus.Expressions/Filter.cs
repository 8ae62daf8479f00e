using Milvus.Expressions.Planning;
using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>Compiles filter expressions of the Milvus 3.0 language.</summary>
public static class Filter
{
    /// <summary>
    /// Parses, resolves names against the schema, checks types, folds constants and binds templates. An empty or blank text gives a plan
    /// that is always true.
    /// </summary>
    /// <param name="templates">Values of <c>{name}</c>; names that do not occur are ignored.</param>
    /// <exception cref="MilvusException">
    /// 1100, <c>failed to create query plan: cannot parse expression: {expression}, error: {reason}: invalid parameter</c>
    /// (<c>delete plan</c> for deletes); 2000 for a call of an unknown function.
    /// </exception>
    public static FilterPlan Compile(
        string expression,
        CollectionSchema schema,
        IReadOnlyDictionary<string, Literal>? templates = null,
        FilterUse use = FilterUse.Query,
        FilterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(expression);
        ArgumentNullException.ThrowIfNull(schema);
        if (string.IsNullOrWhiteSpace(expression)) return FilterPlan.Everything(schema);
        options ??= FilterOptions.Default;
        try
        {
            var operand = new Planner(expression, schema, templates, options).Plan(Parser.Parse(expression));
            return Finish(AsPredicate(operand, expression), schema, options);
        }
        catch (FilterError e) when (e.IsExecution)
        {
            throw new MilvusException(ErrorCode.SegcoreError, e.Message, e);
        }
        catch (FilterError e)
        {
            var plan = use == FilterUse.Delete ? "failed to create delete plan" : "failed to create query plan";
            var reason = e.IsWholeMessage ? e.Message : $"cannot parse expression: {expression}, error: {e.Message}";
            throw MilvusException.InvalidParameter($"{plan}: {reason}");
        }
    }

    /// <summary>A predicate or a constant truth value may stand alone; a value or a column may not.</summary>
    private static Predicate AsPredicate(Operand operand, string expression) => operand switch
    {
        PredicateOperand p => p.Predicate,
        ConstantOperand { Value: Literal.Bool b } => b.Value ? ConstantPredicate.True : ConstantPredicate.False,
        _ => throw new FilterError($"predicate is not a boolean expression: {expression}, data type: {operand.TypeName}") { IsWholeMessage = true },
    };

    /// <summary>Takes sampling out of the tree: it stands alone or last in the outermost conjunction.</summary>
    private static FilterPlan Finish(Predicate written, CollectionSchema schema, FilterOptions options)
    {
        double? rate = null;
        switch (written)
        {
            case SamplePredicate sample:
                rate = sample.Rate;
                written = ConstantPredicate.True;
                break;
            case AllPredicate { Operands: [.., SamplePredicate last] operands }:
                rate = last.Rate;
                written = operands.Length == 2 ? operands[0] : new AllPredicate(operands[..^1]);
                break;
        }
        return new FilterPlan(written, Normalizer.Normalize(written), schema, rate, options.SampleSeed);
    }
}
