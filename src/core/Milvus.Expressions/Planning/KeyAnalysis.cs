using System.Text;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Finds the values outside of which a normalized filter is never true.</summary>
internal static class KeyAnalysis
{
    /// <summary>Values of the field as the client gave them, with duplicates; null when the filter does not narrow the field.</summary>
    public static IReadOnlyList<Literal>? Values(Predicate predicate, long fieldId)
    {
        switch (predicate)
        {
            case ConstantPredicate { Value: false }:
                return [];
            case Leaf { Negated: false, EqualTo: { } values } leaf when leaf.Column.IsPlain && leaf.Column.FieldId == fieldId:
                return values;
            case AllPredicate all:
                IReadOnlyList<Literal>? fewest = null;
                foreach (var operand in all.Operands)
                    if (Values(operand, fieldId) is { } found && (fewest is null || found.Count < fewest.Count)) fewest = found;
                return fewest;
            case AnyPredicate any:
                var union = new List<Literal>();
                foreach (var operand in any.Operands)
                {
                    if (Values(operand, fieldId) is not { } found) return null;
                    union.AddRange(found);
                }
                return union;
            default:
                return null;
        }
    }

    public static PrimaryKeyLookup? PrimaryKeys(Predicate predicate, FieldSchema? key, bool sampled)
    {
        if (key is null || predicate is ConstantPredicate || Values(predicate, key.Id) is not { } values) return null;
        var keys = key.Type == DataType.Int64 ? Integers(values) : Texts(values);
        return new PrimaryKeyLookup(keys, predicate is Leaf && !sampled) { GivenCount = values.Count };
    }

    private static PrimaryKeys Integers(IReadOnlyList<Literal> values) =>
        Model.PrimaryKeys.Of([.. values.Select(v => ((Literal.Int)v).Value).Distinct().Order()]);

    private static PrimaryKeys Texts(IReadOnlyList<Literal> values)
    {
        var builder = new BinaryColumnBuilder(DataType.VarChar);
        foreach (var v in new Kernels.TextSet(values.Select(v => Encoding.UTF8.GetBytes(((Literal.Text)v).Value))).Sorted) builder.Append(v);
        return new PrimaryKeys(builder.Build());
    }
}
