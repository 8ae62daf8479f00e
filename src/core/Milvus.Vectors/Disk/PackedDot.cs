using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Products of codes of one, two or four bits per component with signed bytes. A block of 32 bytes holds 256 / bits components: bits
/// s × bits … of byte j belong to component 32 s + j, so that a shift and a mask give 32 neighbouring ones.
/// </summary>
internal static unsafe class PackedDot
{
    public const int BlockBytes = 32;

    /// <summary>Components of one block.</summary>
    public static int PerBlock(int bits) => BlockBytes * 8 / bits;

    /// <summary>Σ code × query over whole blocks; the query has as many components as the blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Of(byte* code, sbyte* query, int blocks, int bits)
    {
        if (!Avx2.IsSupported)
            return Portable(code, query, blocks, bits);
        Vector256<int> even = default, odd = default;
        switch (bits)
        {
            case 1:
                Vector256<byte> one = Vector256.Create((byte)1);
                for (int i = 0; i < blocks; i++, code += BlockBytes, query += 256)
                {
                    Vector256<ushort> v = Vector256.Load((ushort*)code);
                    even = Add(even, v.AsByte() & one, query);
                    odd = Add(odd, (v >>> 1).AsByte() & one, query + 32);
                    even = Add(even, (v >>> 2).AsByte() & one, query + 64);
                    odd = Add(odd, (v >>> 3).AsByte() & one, query + 96);
                    even = Add(even, (v >>> 4).AsByte() & one, query + 128);
                    odd = Add(odd, (v >>> 5).AsByte() & one, query + 160);
                    even = Add(even, (v >>> 6).AsByte() & one, query + 192);
                    odd = Add(odd, (v >>> 7).AsByte() & one, query + 224);
                }

                break;
            case 2:
                Vector256<byte> three = Vector256.Create((byte)3);
                for (int i = 0; i < blocks; i++, code += BlockBytes, query += 128)
                {
                    Vector256<ushort> v = Vector256.Load((ushort*)code);
                    even = Add(even, v.AsByte() & three, query);
                    odd = Add(odd, (v >>> 2).AsByte() & three, query + 32);
                    even = Add(even, (v >>> 4).AsByte() & three, query + 64);
                    odd = Add(odd, (v >>> 6).AsByte() & three, query + 96);
                }

                break;
            default:
                Vector256<byte> fifteen = Vector256.Create((byte)15);
                for (int i = 0; i < blocks; i++, code += BlockBytes, query += 64)
                {
                    Vector256<ushort> v = Vector256.Load((ushort*)code);
                    even = Add(even, v.AsByte() & fifteen, query);
                    odd = Add(odd, (v >>> 4).AsByte() & fifteen, query + 32);
                }

                break;
        }

        return Vector256.Sum(even + odd);
    }

    /// <summary>Packs codes, one per component in natural order; those missing at the end are zero.</summary>
    /// <param name="packed">Whole blocks; overwritten.</param>
    public static void Pack(ReadOnlySpan<ushort> codes, int bits, Span<byte> packed)
    {
        packed.Clear();
        int perBlock = PerBlock(bits);
        for (int i = 0; i < codes.Length; i++)
        {
            int within = i % perBlock;
            packed[(i / perBlock * BlockBytes) + (within & 31)] |= (byte)(codes[i] << (within / 32 * bits));
        }
    }

    internal static int Portable(byte* code, sbyte* query, int blocks, int bits)
    {
        int sum = 0, mask = (1 << bits) - 1, perBlock = PerBlock(bits);
        for (int i = 0; i < blocks * perBlock; i++)
        {
            int within = i % perBlock;
            sum += ((code[(i / perBlock * BlockBytes) + (within & 31)] >> (within / 32 * bits)) & mask) * query[i];
        }

        return sum;
    }

    // Codes below 16 times signed bytes, two added: no sum leaves 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, sbyte* query) => AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(sum, codes, Vector256.Load(query))
        : sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes, Vector256.Load(query)), Vector256<short>.One);
}
