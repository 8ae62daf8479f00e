using System.Collections.Immutable;
using Milvus.Expressions.Matching;
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
        options ??= FilterOptions.Default;
        var source = new FilterSource
        {
            Expression = expression,
            Templates = templates?.ToImmutableDictionary() ?? ImmutableDictionary<string, Literal>.Empty,
            Use = use,
            SampleSeed = options.SampleSeed,
            TimeZone = options.TimeZone,
        };
        return Compile(source, schema, options);
    }

    /// <summary>As the other overload, from what another plan was compiled from: with an equal schema and analyzers it is the same plan.</summary>
    /// <param name="textMatchers">Makes the matchers of text_match and phrase_match; null for those that know no analyzers registered by name.</param>
    /// <exception cref="MilvusException">As the other overload, when the schema differs from the one of the first compilation.</exception>
    public static FilterPlan Compile(FilterSource source, CollectionSchema schema, ITextMatcherFactory? textMatchers = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Compile(source, schema, new FilterOptions
        {
            SampleSeed = source.SampleSeed,
            TimeZone = source.TimeZone,
            TextMatchers = textMatchers ?? TextLibraryMatchers.Shared,
        });
    }

    private static FilterPlan Compile(FilterSource source, CollectionSchema schema, FilterOptions options)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var expression = source.Expression;
        if (string.IsNullOrWhiteSpace(expression)) return FilterPlan.Everything(schema);
        try
        {
            var operand = new Planner(expression, schema, source.Templates, options).Plan(Parser.Parse(expression));
            return Finish(AsPredicate(operand, expression), schema, source);
        }
        catch (FilterError e) when (e.IsExecution)
        {
            throw new MilvusException(ErrorCode.SegcoreError, e.Message, e);
        }
        catch (FilterError e)
        {
            var plan = source.Use == FilterUse.Delete ? "failed to create delete plan" : "failed to create query plan";
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

    /// <summary>Takes sampling and element_filter, which stand alone or last in the outermost conjunction, out of the tree.</summary>
    private static FilterPlan Finish(Predicate written, CollectionSchema schema, FilterSource source)
    {
        double? rate = null;
        ElementMatchLeaf? elements = null;
        // A conjunction in brackets at the end of another goes on with it, as where a condition was put before what the client wrote.
        while (written is AllPredicate { Operands: [.. var first, AllPredicate rest] }) written = new AllPredicate([.. first, .. rest.Operands]);
        var last = written is AllPredicate { Operands: [.., var end] } ? end : written;
        var before = written is not AllPredicate { Operands: var operands } ? ConstantPredicate.True
            : operands.Length == 2 ? operands[0]
            : new AllPredicate(operands[..^1]);
        switch (last)
        {
            case SamplePredicate sample:
                rate = sample.Rate;
                written = before;
                break;
            case ElementFilterPredicate filter:
                // Rows without such an element cannot contribute one.
                elements = filter.Match;
                written = before is ConstantPredicate ? filter.Match : new AllPredicate([before, filter.Match]);
                break;
        }
        // Without sampling the seed decides nothing, and filters that mean the same are to be equal.
        return new FilterPlan(written, Normalizer.Normalize(written), schema, rate, rate is null ? source with { SampleSeed = 0 } : source, elements);
    }
}
