using System.Text;
using Milvus.Expressions.Evaluation;

namespace Milvus.Expressions.Predicates;

/// <summary>
/// A node of a compiled filter. A row passes when the node is <em>true</em>; with negation pushed down to the leaves (De Morgan's laws
/// hold in Kleene's logic) and / or need to know nothing else, so one bitmap flows through the tree: candidates in, passing rows out.
/// Immutable and thread-safe.
/// </summary>
internal abstract record Predicate
{
    /// <summary>Rough nanoseconds per row, for evaluating cheap operands first.</summary>
    public abstract int Cost { get; }

    /// <summary>What statistics say of the block, without touching a column.</summary>
    public abstract Verdict Prune(in BlockContext block);

    /// <summary>Clears the bits of <paramref name="rows"/> that do not pass; bits that are 0 stay 0.</summary>
    public abstract void Filter(in BlockContext block, Span<ulong> rows);

    /// <summary>Adds the ids of the fields that are read.</summary>
    public abstract void CollectFields(List<long> fields);

    public abstract void Explain(StringBuilder text);

    public sealed override string ToString()
    {
        var text = new StringBuilder();
        Explain(text);
        return text.ToString();
    }
}

internal sealed record ConstantPredicate(bool Value) : Predicate
{
    public static readonly ConstantPredicate True = new(true);

    public static readonly ConstantPredicate False = new(false);

    public override int Cost => 0;

    public override Verdict Prune(in BlockContext block) => Value ? Verdict.All : Verdict.None;

    public override void Filter(in BlockContext block, Span<ulong> rows)
    {
        if (!Value) rows.Clear();
    }

    public override void CollectFields(List<long> fields)
    {
    }

    public override void Explain(StringBuilder text) => text.Append(Value ? "true" : "false");
}

/// <summary>A negation as written; the normalizer removes every one of them.</summary>
internal sealed record NotPredicate(Predicate Operand) : Predicate
{
    public override int Cost => Operand.Cost;

    public override Verdict Prune(in BlockContext block) => throw new InvalidOperationException("the filter was not normalized");

    public override void Filter(in BlockContext block, Span<ulong> rows) => throw new InvalidOperationException("the filter was not normalized");

    public override void CollectFields(List<long> fields) => Operand.CollectFields(fields);

    public override void Explain(StringBuilder text)
    {
        text.Append("not (");
        Operand.Explain(text);
        text.Append(')');
    }
}

/// <summary>random_sample as written; planning moves it out of the tree.</summary>
internal sealed record SamplePredicate(double Rate) : Predicate
{
    public override int Cost => 0;

    public override Verdict Prune(in BlockContext block) => throw new InvalidOperationException("sampling is no part of the tree");

    public override void Filter(in BlockContext block, Span<ulong> rows) => throw new InvalidOperationException("sampling is no part of the tree");

    public override void CollectFields(List<long> fields)
    {
    }

    public override void Explain(StringBuilder text) => text.Append("random_sample");
}
