using Milvus.Model;

namespace Milvus.Segments;

/// <summary>Numbers the distinct values of a column in order of first sight; nulls are one value.</summary>
internal abstract class GroupKeys
{
    private readonly Column _values;
    private int _null = -1;

    private GroupKeys(Column values) => _values = values;

    protected int Count { get; private set; }

    public static GroupKeys For(Column values) => values switch
    {
        FixedColumn<bool> c => new OfFixed<bool>(c),
        FixedColumn<sbyte> c => new OfFixed<sbyte>(c),
        FixedColumn<short> c => new OfFixed<short>(c),
        FixedColumn<int> c => new OfFixed<int>(c),
        FixedColumn<long> c => new OfFixed<long>(c),
        BinaryColumn c => new OfBytes(c),
        _ => throw MilvusException.InvalidParameter($"unsupported data type {values.Type} for group by operator"),
    };

    /// <summary>The number of the value at a row of the column; a value not seen before gets the next one.</summary>
    public int Add(int row)
    {
        if (!_values.IsNull(row)) return AddValue(row);
        if (_null < 0) _null = Count++;
        return _null;
    }

    protected abstract int AddValue(int row);

    private sealed class OfFixed<T>(FixedColumn<T> values) : GroupKeys(values)
        where T : unmanaged
    {
        private readonly Dictionary<T, int> _numbers = [];

        protected override int AddValue(int row)
        {
            ref var number = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_numbers, values.Values[row], out var known);
            if (!known) number = Count++;
            return number;
        }
    }

    private sealed class OfBytes(BinaryColumn values) : GroupKeys(values)
    {
        private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _numbers =
            new Dictionary<byte[], int>(BytesComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

        protected override int AddValue(int row)
        {
            ref var number = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_numbers, values[row], out var known);
            if (!known) number = Count++;
            return number;
        }
    }
}
