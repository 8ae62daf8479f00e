using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>One non-zero component of a sparse vector, laid out as on the wire: uint32 index, float32 value, little-endian.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct SparseElement(uint Index, float Value);

/// <summary>
/// Sparse vectors in their encoding on the wire and in columns: pairs of index and value, strictly ascending by index. An empty row is
/// the zero vector.
/// </summary>
public static class SparseRow
{
    /// <summary>Bytes of one pair.</summary>
    public const int ElementBytes = 8;

    /// <summary>Sees the pairs of an encoded row without copying.</summary>
    /// <param name="row">A valid row.</param>
    public static ReadOnlySpan<SparseElement> Elements(ReadOnlySpan<byte> row)
    {
        // The wire is little-endian, and so is every machine this runs on; the check folds away.
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("sparse rows are read in place, which needs a little-endian machine");
        return MemoryMarshal.Cast<byte, SparseElement>(row);
    }

    /// <summary>Checks a row that came from a client.</summary>
    /// <exception cref="MilvusException">
    /// 1100: not whole pairs, indexes not strictly ascending or 2³² − 1, a value that is negative or not finite.
    /// </exception>
    public static void Validate(ReadOnlySpan<byte> row)
    {
        if (row.Length % ElementBytes != 0)
            throw MilvusException.InvalidParameter($"invalid data length in sparse float vector: {row.Length}");
        long previous = -1;
        foreach (SparseElement element in Elements(row))
        {
            if (element.Index == uint.MaxValue)
                throw MilvusException.InvalidParameter("invalid index in sparse float vector: must be less than 2^32-1");
            if (element.Index <= previous)
                throw MilvusException.InvalidParameter("unsorted or same indices in sparse float vector");
            if (!float.IsFinite(element.Value))
                throw MilvusException.InvalidParameter($"value '{NonFinite(element.Value)}' is not a number or infinity");
            if (element.Value < 0)
                throw MilvusException.InvalidParameter("negative value in sparse float vector");
            previous = element.Index;
        }
    }

    /// <summary>Inner product of two valid rows, added up by ascending index in single precision.</summary>
    public static float Dot(ReadOnlySpan<SparseElement> a, ReadOnlySpan<SparseElement> b)
    {
        float sum = 0;
        int i = 0, j = 0;
        while (i < a.Length && j < b.Length)
        {
            uint left = a[i].Index, right = b[j].Index;
            if (left == right)
                sum += a[i++].Value * b[j++].Value;
            else if (left < right)
                i++;
            else
                j++;
        }
        return sum;
    }

    /// <summary>Inner product of two valid encoded rows.</summary>
    public static float Dot(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => Dot(Elements(a), Elements(b));

    /// <summary>The largest index plus one, as the wire's <c>dim</c>; 0 for an empty row.</summary>
    public static long Dimension(ReadOnlySpan<byte> row) => row.IsEmpty ? 0 : Elements(row)[^1].Index + 1L;

    /// <summary>The sum of a row's values: the length in tokens when they are term frequencies.</summary>
    public static float Sum(ReadOnlySpan<SparseElement> row)
    {
        float sum = 0;
        foreach (SparseElement element in row)
            sum += element.Value;
        return sum;
    }

    /// <summary>Encodes index and value pairs given in ascending order.</summary>
    public static byte[] Encode(params ReadOnlySpan<SparseElement> elements) => MemoryMarshal.AsBytes(elements).ToArray();

    /// <summary>Where <paramref name="index"/> stands or would stand, searching from <paramref name="from"/> by doubling steps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Seek(ReadOnlySpan<SparseElement> row, int from, uint index)
    {
        int step = 1, low = from;
        while (low + step < row.Length && row[low + step].Index < index)
        {
            low += step;
            step <<= 1;
        }
        int high = Math.Min(row.Length, low + step + 1);
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (row[middle].Index < index)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    // As Go prints them.
    private static string NonFinite(float value) => float.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
