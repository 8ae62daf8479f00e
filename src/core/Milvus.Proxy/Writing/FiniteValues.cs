using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Refuses NaN and infinities: an IEEE number is one of them exactly when all its exponent bits are set.</summary>
internal static class FiniteValues
{
    public static void Check(ReadOnlySpan<float> values)
    {
        var at = FirstWithAllBits(MemoryMarshal.Cast<float, uint>(values), 0x7F80_0000u);
        if (at >= 0) throw NotFinite(values[at]);
    }

    public static void Check(ReadOnlySpan<double> values)
    {
        var at = FirstWithAllBits(MemoryMarshal.Cast<double, ulong>(values), 0x7FF0_0000_0000_0000UL);
        if (at >= 0) throw NotFinite(values[at]);
    }

    /// <param name="data">Whole vectors in the type's encoding, little-endian; types without such values pass.</param>
    public static void CheckVectors(DataType type, ReadOnlySpan<byte> data)
    {
        switch (type)
        {
            case DataType.FloatVector:
                // Rows need not be aligned for the cast: unaligned loads are legal on every platform .NET 10 runs on.
                Check(MemoryMarshal.Cast<byte, float>(data));
                break;
            case DataType.Float16Vector:
                CheckHalves(MemoryMarshal.Cast<byte, ushort>(data), 0x7C00);
                break;
            case DataType.BFloat16Vector:
                CheckHalves(MemoryMarshal.Cast<byte, ushort>(data), 0x7F80);
                break;
        }
    }

    private static void CheckHalves(ReadOnlySpan<ushort> values, ushort exponent)
    {
        var at = FirstWithAllBits(values, exponent);
        if (at < 0) return;
        var mantissa = exponent == 0x7C00 ? values[at] & 0x03FF : values[at] & 0x007F;
        throw NotFinite(mantissa != 0 ? double.NaN : (values[at] & 0x8000) != 0 ? double.NegativeInfinity : double.PositiveInfinity);
    }

    private static int FirstWithAllBits<T>(ReadOnlySpan<T> values, T mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        var i = 0;
        var masks = new Vector<T>(mask);
        for (; i <= values.Length - Vector<T>.Count; i += Vector<T>.Count)
            if (Vector.EqualsAny(new Vector<T>(values[i..]) & masks, masks)) break;
        for (; i < values.Length; i++)
            if ((values[i] & mask) == mask) return i;
        return -1;
    }

    private static MilvusException NotFinite(double value)
    {
        var text = double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        return MilvusException.InvalidParameter(string.Create(CultureInfo.InvariantCulture, $"value '{text}' is not a number or infinity"));
    }
}
