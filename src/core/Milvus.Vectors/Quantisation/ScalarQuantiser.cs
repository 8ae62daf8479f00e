using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// Every component as an integer of 4, 6 or 8 bits on an even grid between the smallest and the largest value seen in that component:
/// the decoded component is within half a step of the true one (uniform scalar quantisation; Max 1960, "Quantizing for minimum
/// distortion", treats the general case). Immutable.
/// </summary>
/// <remarks>
/// Codes come in groups of 64 components. 8 bits: 64 bytes in order. 4 bits: 32 bytes, byte j holding component j below and 32 + j
/// above. 6 bits: 48 bytes, byte j of each third holding component j of that third in its lower bits, and two bits of component 48 + j
/// (mod 16) above.
/// </remarks>
public sealed unsafe class ScalarQuantiser
{
    private const int Group = 64;

    private readonly float[] _least;
    private readonly float[] _step;

    private ScalarQuantiser(int bits, float[] least, float[] step)
    {
        Bits = bits;
        _least = least;
        _step = step;
        PaddedDimension = (least.Length + Group - 1) / Group * Group;
        CodeBytes = PaddedDimension * bits / 8;
    }

    /// <summary>4, 6 or 8.</summary>
    public int Bits { get; }

    /// <summary>Components of a vector.</summary>
    public int Dimension => _least.Length;

    /// <summary>Components of an unpacked code: the dimension rounded up to whole groups; those beyond it are zero.</summary>
    public int PaddedDimension { get; }

    /// <summary>Bytes of a code.</summary>
    public int CodeBytes { get; }

    /// <summary>The value of code 0, per component.</summary>
    public ReadOnlySpan<float> Least => _least;

    /// <summary>The distance between neighbouring codes, per component; 0 where all values were equal.</summary>
    public ReadOnlySpan<float> Step => _step;

    /// <summary>Makes a quantiser for values between two bounds.</summary>
    /// <param name="bits">4, 6 or 8.</param>
    /// <param name="least">The smallest value per component.</param>
    /// <param name="largest">The largest value per component.</param>
    /// <exception cref="ArgumentException">Other bits, or the bounds are not finite or of different lengths.</exception>
    public static ScalarQuantiser For(int bits, ReadOnlySpan<float> least, ReadOnlySpan<float> largest)
    {
        if (bits is not (4 or 6 or 8) || least.Length != largest.Length || least.IsEmpty)
            throw new ArgumentException($"no scalar quantiser of {bits} bits between {least.Length} and {largest.Length} bounds");
        var step = new float[least.Length];
        for (int k = 0; k < step.Length; k++)
        {
            step[k] = (float)(((double)largest[k] - least[k]) / ((1 << bits) - 1));
            if (!float.IsFinite(step[k]) || step[k] < 0)
                throw new ArgumentException($"component {k} has no finite range");
        }

        return new ScalarQuantiser(bits, least.ToArray(), step);
    }

    /// <summary>A quantiser from its stored <see cref="Least"/> and <see cref="Step"/>.</summary>
    /// <exception cref="ArgumentException">They do not make one.</exception>
    public static ScalarQuantiser Restore(int bits, float[] least, float[] step)
    {
        if (bits is not (4 or 6 or 8) || least.Length != step.Length || step.Any(s => !(s >= 0)))
            throw new ArgumentException("not a scalar quantiser");
        return new ScalarQuantiser(bits, least, step);
    }

    /// <summary>Codes one vector; components outside the bounds take the nearest code.</summary>
    /// <param name="vector"><see cref="Dimension"/> components.</param>
    /// <param name="code"><see cref="CodeBytes"/> bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Encode(float* vector, byte* code)
    {
        byte* wide = stackalloc byte[Group];
        int top = (1 << Bits) - 1;
        for (int start = 0; start < PaddedDimension; start += Group)
        {
            for (int j = 0; j < Group; j++)
            {
                int k = start + j;
                float steps = k < Dimension && _step[k] > 0 ? (vector[k] - _least[k]) / _step[k] : 0f;
                wide[j] = (byte)Math.Clamp((int)MathF.Round(Math.Clamp(steps, 0f, 255f)), 0, top);
            }

            code = Pack(wide, code);
        }
    }

    /// <summary>The vector a code stands for.</summary>
    public void Decode(byte* code, float* vector)
    {
        byte* wide = stackalloc byte[PaddedDimension];
        Unpack(code, wide);
        for (int k = 0; k < Dimension; k++)
            vector[k] = _least[k] + (wide[k] * _step[k]);
    }

    /// <summary>Writes one byte per component, <see cref="PaddedDimension"/> of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Unpack(byte* code, byte* wide)
    {
        byte* end = wide + PaddedDimension;
        switch (Bits)
        {
            case 8:
                new ReadOnlySpan<byte>(code, PaddedDimension).CopyTo(new Span<byte>(wide, PaddedDimension));
                break;
            case 4:
                Vector256<byte> nibble = Vector256.Create((byte)15);
                for (; wide < end; wide += Group, code += 32)
                {
                    Vector256<byte> both = Vector256.Load(code);
                    (both & nibble).Store(wide);
                    (Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & nibble).Store(wide + 32);
                }

                break;
            default:
                Vector128<byte> six = Vector128.Create((byte)63), two = Vector128.Create((byte)3);
                for (; wide < end; wide += Group, code += 48)
                {
                    Vector128<byte> a = Vector128.Load(code), b = Vector128.Load(code + 16), c = Vector128.Load(code + 32);
                    (a & six).Store(wide);
                    (b & six).Store(wide + 16);
                    (c & six).Store(wide + 32);
                    Vector128<byte> low = Vector128.ShiftRightLogical(a.AsUInt16(), 6).AsByte() & two;
                    Vector128<byte> middle = Vector128.ShiftRightLogical(b.AsUInt16(), 6).AsByte() & two;
                    Vector128<byte> high = Vector128.ShiftRightLogical(c.AsUInt16(), 6).AsByte() & two;
                    (low | Vector128.ShiftLeft(middle.AsUInt16(), 2).AsByte() | Vector128.ShiftLeft(high.AsUInt16(), 4).AsByte()).Store(wide + 48);
                }

                break;
        }
    }

    private byte* Pack(byte* wide, byte* code)
    {
        switch (Bits)
        {
            case 8:
                new ReadOnlySpan<byte>(wide, Group).CopyTo(new Span<byte>(code, Group));
                return code + Group;
            case 4:
                for (int j = 0; j < 32; j++)
                    code[j] = (byte)(wide[j] | (wide[32 + j] << 4));
                return code + 32;
            default:
                for (int j = 0; j < 48; j++)
                    code[j] = (byte)(wide[j] | (((wide[48 + (j % 16)] >> (2 * (j / 16))) & 3) << 6));
                return code + 48;
        }
    }
}
