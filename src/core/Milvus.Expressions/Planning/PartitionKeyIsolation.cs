using Milvus.Expressions.Predicates;

namespace Milvus.Expressions.Planning;

/// <summary>
/// The rule of <c>partitionkey.isolation</c>: a filter is a conjunction with exactly <c>key == value</c> in it; every other use of the
/// key is refused. Works on the filter as written, before it is normalized.
/// </summary>
internal static class PartitionKeyIsolation
{
    private const string Missing = "partition key not found in expr or the expr is invalid when validating partition key isolation";

    /// <returns>Null when the rule is kept, else what is wrong.</returns>
    public static string? Violation(Predicate predicate, long keyId)
    {
        var found = false;
        return Check(predicate, keyId, ref found) ?? (found ? null : Missing);
    }

    private static string? Check(Predicate predicate, long keyId, ref bool found)
    {
        if (predicate is AllPredicate all)
        {
            foreach (var operand in all.Operands)
                if (Check(operand, keyId, ref found) is { } problem) return problem;
            return null;
        }
        var fields = new List<long>();
        predicate.CollectFields(fields);
        if (!fields.Contains(keyId)) return null;
        if (predicate is Leaf { EqualTo.Count: 1, IsTerm: false })
        {
            found = true;
            return null;
        }
        return "partition key isolation does not support " + predicate switch
        {
            AnyPredicate => "OR",
            NotPredicate { Operand: Leaf { EqualTo: not null, IsTerm: false } } => "NotEqual",
            NotPredicate => "NOT",
            Leaf { IsTerm: true } => "IN",
            _ => "other operators than equality",
        };
    }
}
