using System.Numerics;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>
/// Int8, Int16 and Int32 share one container on the wire. Whatever width the edge read, the stored column has the field's own, and a
/// value that does not fit is refused.
/// </summary>
internal static class IntegerNarrowing
{
    /// <summary>Null when the column holds something else than integers of up to 32 bits.</summary>
    public static Column? Narrow(DataType type, Column column) => type switch
    {
        DataType.Int8 => To<sbyte>(type, column),
        DataType.Int16 => To<short>(type, column),
        _ => To<int>(type, column),
    };

    private static FixedColumn<T>? To<T>(DataType type, Column column)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => column switch
        {
            FixedColumn<T> same when same.Type == type => same,
            FixedColumn<sbyte> c when c.Type == DataType.Int8 => Copy<sbyte, T>(type, c),
            FixedColumn<short> c when c.Type == DataType.Int16 => Copy<short, T>(type, c),
            FixedColumn<int> c when c.Type == DataType.Int32 => Copy<int, T>(type, c),
            _ => null,
        };

    private static FixedColumn<TTo> Copy<TFrom, TTo>(DataType type, FixedColumn<TFrom> column)
        where TFrom : unmanaged, IBinaryInteger<TFrom>
        where TTo : unmanaged, IBinaryInteger<TTo>, IMinMaxValue<TTo>
    {
        var source = column.Values;
        var target = new TTo[source.Length];
        for (var i = 0; i < source.Length; i++)
        {
            var value = int.CreateChecked(source[i]);
            if (value < int.CreateChecked(TTo.MinValue) || value > int.CreateChecked(TTo.MaxValue))
            {
                if (column.IsNull(i)) continue;
                throw MilvusException.InvalidParameter($"the {i}th element ({value}) out of range: [{TTo.MinValue}, {TTo.MaxValue}]", "integer doesn't overflow", "out of range");
            }
            target[i] = TTo.CreateTruncating(value);
        }
        return new FixedColumn<TTo>(type, target, column.Validity);
    }
}
