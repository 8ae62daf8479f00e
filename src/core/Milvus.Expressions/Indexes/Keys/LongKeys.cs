using System.Runtime.InteropServices;

namespace Milvus.Expressions.Indexes.Keys;

/// <summary>Numbers in ascending order, as 64-bit integers; of floating-point columns those that order like the values do.</summary>
internal sealed class LongKeys(long[] keys)
{
    public int Count => keys.Length;

    public long this[int position] => keys[position];

    public ReadOnlyMemory<byte> Bytes => MemoryMarshal.AsBytes(keys.AsSpan()).ToArray();

    public long MemoryBytes => keys.LongLength * sizeof(long);

    /// <summary>The position of the first key that is not less than the given one.</summary>
    public int LowerBound(long key)
    {
        int low = 0, high = keys.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (keys[middle] < key) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>The position of the first key that is greater than the given one.</summary>
    public int UpperBound(long key) => key == long.MaxValue ? keys.Length : LowerBound(key + 1);

    public bool IsSound(bool distinct)
    {
        for (var i = 1; i < keys.Length; i++)
            if (keys[i] < keys[i - 1] || (distinct && keys[i] == keys[i - 1])) return false;
        return true;
    }
}

/// <summary>Doubles as integers with the same order; both zeros have one form. Not for NaN.</summary>
internal static class OrderedDouble
{
    public static long Of(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value + 0.0);
        return bits ^ ((bits >> 63) & long.MaxValue);
    }
}
