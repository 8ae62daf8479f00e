using System.Numerics;
using Milvus.Expressions.Columns;
using Milvus.Expressions.Json;
using Milvus.Expressions.Kernels;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Tests of whole arrays, and membership lists; picks the implementation for the element type.</summary>
internal static class ArrayPlanner
{
    /// <param name="list">Elements that fit the array's element type.</param>
    public static Leaf Equal(ColumnRef column, Literal.List list) => column.Field.ElementType switch
    {
        DataType.Bool => EqualIntegers<byte>(column, list),
        DataType.Int8 => EqualIntegers<sbyte>(column, list),
        DataType.Int16 => EqualIntegers<short>(column, list),
        DataType.Int32 => EqualIntegers<int>(column, list),
        DataType.Int64 => EqualIntegers<long>(column, list),
        DataType.Float => new ArrayEqualsLeaf<float>(column, [.. list.Items.Select(i => (float)Literals.ToDouble(i))]),
        DataType.Double => new ArrayEqualsLeaf<double>(column, [.. list.Items.Select(Literals.ToDouble)]),
        _ => new ArrayEqualsTextLeaf(column, [.. list.Items.Select(Literals.ToUtf8)]),
    };

    public static Leaf Contains(ColumnRef column, ContainsKind kind, IReadOnlyList<Literal> values)
    {
        if (column.IsJson) return new JsonLeaf(column, new JsonContainsTest(kind, values), $"contains {kind} [{string.Join(", ", values.Take(10))}]");
        foreach (var v in values)
            if (!Literals.Fits(v, column.Field.ElementType)) throw Literals.CannotCast(v, column.Field.ElementType);
        return column.Field.ElementType switch
        {
            DataType.Bool => ContainsIntegers<byte>(column, kind, values),
            DataType.Int8 => ContainsIntegers<sbyte>(column, kind, values),
            DataType.Int16 => ContainsIntegers<short>(column, kind, values),
            DataType.Int32 => ContainsIntegers<int>(column, kind, values),
            DataType.Int64 => ContainsIntegers<long>(column, kind, values),
            DataType.Float => new ArrayContainsLeaf<float>(column, kind, [.. values.Select(i => (float)Literals.ToDouble(i)).Distinct()]),
            DataType.Double => new ArrayContainsLeaf<double>(column, kind, [.. values.Select(Literals.ToDouble).Distinct()]),
            _ => new ArrayContainsTextLeaf(column, kind, new TextSet(values.Select(Literals.ToUtf8))),
        };
    }

    /// <summary>column in [...]; the values fit the column's type.</summary>
    public static Leaf Term(ColumnRef column, IReadOnlyList<Literal> values)
    {
        if (values.Count == 0) return new KnownLeaf(column, false) { EqualTo = column.IsJson ? null : values, IsTerm = true };
        Leaf leaf = column.Type switch
        {
            DataType.Json => new JsonLeaf(column, new JsonTermTest(values), $"in [{string.Join(", ", values.Take(10))}]"),
            DataType.Bool => TermIntegers<byte>(column, values),
            DataType.Int8 => TermIntegers<sbyte>(column, values),
            DataType.Int16 => TermIntegers<short>(column, values),
            DataType.Int32 => TermIntegers<int>(column, values),
            DataType.Int64 or DataType.Timestamptz => TermIntegers<long>(column, values),
            DataType.Float => new FloatTermLeaf<float>(column, [.. values.Select(v => (float)Literals.ToDouble(v)).Distinct().Order()]),
            DataType.Double => new FloatTermLeaf<double>(column, [.. values.Select(Literals.ToDouble).Distinct().Order()]),
            _ => new TextTermLeaf(column, new TextSet(values.Select(Literals.ToUtf8))),
        };
        return leaf with { EqualTo = column.IsJson ? null : values, IsTerm = true };
    }

    private static long ToLong(Literal value) => value is Literal.Bool b ? (b.Value ? 1 : 0) : ((Literal.Int)value).Value;

    private static bool InWidth<T>(long value)
        where T : unmanaged, INumber<T> => long.CreateChecked(T.CreateSaturating(value)) == value;

    private static Leaf EqualIntegers<T>(ColumnRef column, Literal.List list)
        where T : unmanaged, INumber<T>
    {
        long[] values = [.. list.Items.Select(ToLong)];
        return values.All(InWidth<T>) ? new ArrayEqualsLeaf<T>(column, [.. values.Select(T.CreateChecked)]) : new KnownLeaf(column, false);
    }

    private static Leaf ContainsIntegers<T>(ColumnRef column, ContainsKind kind, IReadOnlyList<Literal> literals)
        where T : unmanaged, INumber<T>
    {
        long[] values = [.. literals.Select(ToLong).Distinct()];
        if (kind == ContainsKind.All && !values.All(InWidth<T>)) return new KnownLeaf(column, false);
        return new ArrayContainsLeaf<T>(column, kind, [.. values.Where(InWidth<T>).Select(T.CreateChecked)]);
    }

    private static Leaf TermIntegers<T>(ColumnRef column, IReadOnlyList<Literal> literals)
        where T : unmanaged, INumber<T>
    {
        var set = new LongSet(literals.Select(ToLong).Where(InWidth<T>));
        return set.Sorted.Length == 0 ? new KnownLeaf(column, false) : new IntegerTermLeaf<T>(column, set);
    }
}
