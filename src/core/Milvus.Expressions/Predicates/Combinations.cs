using System.Collections.Immutable;
using System.Text;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Kernels;

namespace Milvus.Expressions.Predicates;

/// <summary>and: each operand sees only the rows that passed those before it.</summary>
internal sealed record AllPredicate(ImmutableArray<Predicate> Operands) : Predicate
{
    public override int Cost { get; } = Combination.CostOf(Operands);

    public override Verdict Prune(in BlockContext block)
    {
        var all = true;
        foreach (var operand in Operands)
        {
            var verdict = operand.Prune(block);
            if (verdict == Verdict.None) return Verdict.None;
            all &= verdict == Verdict.All;
        }
        return all ? Verdict.All : Verdict.Mixed;
    }

    public override void Filter(in BlockContext block, Span<ulong> rows)
    {
        if (block.HasAnswers)
        {
            // What indexes have answered costs nothing any more and may spare the others.
            foreach (var operand in Operands)
                if (operand is Leaf leaf && block.AnswerOf(leaf) is { } answer) answer.Apply(rows, block.FirstWord, leaf.Negated);
            if (Bitmaps.IsEmpty(rows)) return;
        }
        foreach (var operand in Operands)
        {
            operand.Filter(block, rows);
            if (Bitmaps.IsEmpty(rows)) return;
        }
    }

    public override void CollectFields(List<long> fields) => Combination.CollectFields(Operands, fields);

    public override void Explain(StringBuilder text) => Combination.Explain(Operands, " and ", text);
}

/// <summary>or: each operand sees only the rows that none before it let pass.</summary>
internal sealed record AnyPredicate(ImmutableArray<Predicate> Operands) : Predicate
{
    public override int Cost { get; } = Combination.CostOf(Operands);

    public override Verdict Prune(in BlockContext block)
    {
        var none = true;
        foreach (var operand in Operands)
        {
            var verdict = operand.Prune(block);
            if (verdict == Verdict.All) return Verdict.All;
            none &= verdict == Verdict.None;
        }
        return none ? Verdict.None : Verdict.Mixed;
    }

    public override void Filter(in BlockContext block, Span<ulong> rows)
    {
        var open = block.Scratch.Rent(rows.Length);
        var passing = block.Scratch.Rent(rows.Length);
        rows.CopyTo(open);
        rows.Clear();
        foreach (var operand in Operands)
        {
            open.CopyTo(passing);
            operand.Filter(block, passing);
            Bitmaps.Or(rows, passing);
            Bitmaps.AndNot(open, passing);
            if (Bitmaps.IsEmpty(open)) break;
        }
        block.Scratch.Return(2);
    }

    public override void CollectFields(List<long> fields) => Combination.CollectFields(Operands, fields);

    public override void Explain(StringBuilder text) => Combination.Explain(Operands, " or ", text);
}

internal static class Combination
{
    public static int CostOf(ImmutableArray<Predicate> operands)
    {
        long sum = 0;
        foreach (var o in operands) sum += o.Cost;
        return (int)Math.Min(sum, int.MaxValue);
    }

    public static void CollectFields(ImmutableArray<Predicate> operands, List<long> fields)
    {
        foreach (var o in operands) o.CollectFields(fields);
    }

    public static void Explain(ImmutableArray<Predicate> operands, string separator, StringBuilder text)
    {
        text.Append('(');
        for (var i = 0; i < operands.Length; i++)
        {
            if (i > 0) text.Append(separator);
            operands[i].Explain(text);
        }
        text.Append(')');
    }
}
