using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Components as IEEE binary16 (eleven significant bits, to 65 504) or bfloat16 (eight, float32's range), rounded to the nearest, ties to
/// even (IEEE 754-2019, section 4.3.1). Larger numbers than binary16 holds become its largest.
/// </summary>
public static class HalfCodes
{
    private const float LargestHalf = 65504f;

    /// <summary>Codes finite numbers.</summary>
    /// <param name="type">Float16Vector or BFloat16Vector.</param>
    /// <param name="codes">Receives two bytes per number, little-endian.</param>
    /// <exception cref="ArgumentException">Another type, or too little room.</exception>
    public static void Encode(DataType type, ReadOnlySpan<float> numbers, Span<byte> codes)
    {
        if (codes.Length < numbers.Length * sizeof(ushort))
            throw new ArgumentException("there is too little room for the codes", nameof(codes));
        Span<ushort> target = MemoryMarshal.Cast<byte, ushort>(codes);
        switch (type)
        {
            case DataType.Float16Vector:
                for (int i = 0; i < numbers.Length; i++)
                    target[i] = BitConverter.HalfToUInt16Bits((Half)Math.Clamp(numbers[i], -LargestHalf, LargestHalf));
                break;
            case DataType.BFloat16Vector:
                for (int i = 0; i < numbers.Length; i++)
                {
                    uint bits = BitConverter.SingleToUInt32Bits(numbers[i]);
                    uint rounded = bits + 0x7FFF + ((bits >> 16) & 1);

                    // Rounding up from the largest exponent would give infinity.
                    target[i] = (ushort)((rounded & 0x7F80_0000) == 0x7F80_0000 ? bits >> 16 : rounded >> 16);
                }

                break;
            default:
                throw new ArgumentException($"{type} is no 16-bit float type", nameof(type));
        }
    }

    /// <summary>The numbers that codes stand for; exact.</summary>
    /// <exception cref="ArgumentException">Another type, or the lengths do not fit.</exception>
    public static unsafe void Decode(DataType type, ReadOnlySpan<byte> codes, Span<float> numbers)
    {
        if (!FloatDecoder.IsNeededFor(type) || codes.Length < numbers.Length * sizeof(ushort))
            throw new ArgumentException($"{codes.Length} bytes of {type} are not {numbers.Length} numbers", nameof(type));
        fixed (byte* source = codes)
        fixed (float* target = numbers)
            FloatDecoder.Decode(type, source, target, numbers.Length);
    }
}
