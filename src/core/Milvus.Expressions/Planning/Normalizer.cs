using System.Collections.Immutable;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>
/// Brings a filter into the form that is evaluated: negation only at the leaves, no combination inside one of its own kind, equalities
/// of one column joined into one list, cheap operands first. Answers stay the same in three-valued logic.
/// </summary>
internal static class Normalizer
{
    public static Predicate Normalize(Predicate predicate, bool negate = false)
    {
        switch (predicate)
        {
            case NotPredicate not:
                return Normalize(not.Operand, !negate);
            case ConstantPredicate constant:
                return constant.Value != negate ? ConstantPredicate.True : ConstantPredicate.False;
            case Leaf leaf:
                return negate ? leaf with { Negated = !leaf.Negated } : leaf;
            case AllPredicate all:
                return Combine(all.Operands, isAnd: !negate, negate);
            case AnyPredicate any:
                return Combine(any.Operands, isAnd: negate, negate);
            case ElementFilterPredicate:
                throw new FilterError("element filter expression can only be the last expression in the logical and expression");
            default:
                throw new FilterError("random_sample expression can only be the last expression in the logical and expression");
        }
    }

    private static Predicate Combine(ImmutableArray<Predicate> operands, bool isAnd, bool negate)
    {
        var parts = new List<Predicate>(operands.Length);
        foreach (var operand in operands)
        {
            var part = Normalize(operand, negate);
            switch (part)
            {
                case ConstantPredicate constant when constant.Value != isAnd: return constant;
                case ConstantPredicate: break;
                case AllPredicate all when isAnd: parts.AddRange(all.Operands); break;
                case AnyPredicate any when !isAnd: parts.AddRange(any.Operands); break;
                default: parts.Add(part); break;
            }
        }
        if (parts.Count == 0) return isAnd ? ConstantPredicate.True : ConstantPredicate.False;
        parts = JoinEqualities(parts, negated: isAnd);
        if (isAnd) JoinIntervals(parts);
        if (parts.Count == 1) return parts[0];
        ImmutableArray<Predicate> ordered = [.. parts.OrderBy(p => p.Cost)];
        return isAnd ? new AllPredicate(ordered) : new AnyPredicate(ordered);
    }

    /// <summary><c>x > 1 and x &lt; 5</c> becomes one interval. Equalities stay as they are: keys are recognised by them.</summary>
    private static void JoinIntervals(List<Predicate> parts)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i] is not Leaf { Negated: false, EqualTo: null } leaf) continue;
            for (var k = parts.Count - 1; k > i; k--)
            {
                if (parts[k] is not Leaf { Negated: false, EqualTo: null } other || leaf.Intersect(other) is not { } both) continue;
                parts[i] = leaf = both;
                parts.RemoveAt(k);
            }
        }
    }

    /// <summary><c>x == 1 or x == 2</c> becomes <c>x in [1, 2]</c>, <c>x != 1 and x != 2</c> becomes <c>x not in [1, 2]</c>.</summary>
    private static List<Predicate> JoinEqualities(List<Predicate> parts, bool negated)
    {
        var groups = new Dictionary<(long Field, int Element), List<Leaf>>();
        foreach (var part in parts)
        {
            if (part is not Leaf { EqualTo: not null } leaf || leaf.Negated != negated) continue;
            var key = (leaf.Column.FieldId, leaf.Column.ElementIndex);
            if (!groups.TryGetValue(key, out var group)) groups.Add(key, group = []);
            group.Add(leaf);
        }
        if (groups.Values.All(g => g.Count < 2)) return parts;
        var result = new List<Predicate>(parts.Count);
        foreach (var part in parts)
        {
            if (part is Leaf { EqualTo: not null } leaf && leaf.Negated == negated
                && groups[(leaf.Column.FieldId, leaf.Column.ElementIndex)] is { Count: > 1 } group)
            {
                if (!ReferenceEquals(group[0], leaf)) continue;
                List<Literal> values = [.. group.SelectMany(l => l.EqualTo!)];
                result.Add(ArrayPlanner.Term(leaf.Column, values) with { Negated = negated });
            }
            else result.Add(part);
        }
        return result;
    }
}
