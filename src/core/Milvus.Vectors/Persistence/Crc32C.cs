using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Arm = System.Runtime.Intrinsics.Arm;

namespace Milvus.Vectors;

/// <summary>CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), by the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    private const uint Reflected = 0x82F6_3B78;

    private static readonly uint[] Table = MakeTable();

    /// <summary>The checksum of <paramref name="bytes"/>, or of what came before and them.</summary>
    /// <param name="previous">The checksum so far; 0 at the start.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Compute(ReadOnlySpan<byte> bytes, uint previous = 0)
    {
        uint crc = ~previous;
        if (Sse42.X64.IsSupported)
        {
            foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
                crc = (uint)Sse42.X64.Crc32(crc, word);
            bytes = bytes[(bytes.Length & ~7)..];
        }
        else if (Arm.Crc32.Arm64.IsSupported)
        {
            foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
                crc = Arm.Crc32.Arm64.ComputeCrc32C(crc, word);
            bytes = bytes[(bytes.Length & ~7)..];
        }

        return ~Portable(bytes, crc);
    }

    /// <summary>The running remainder, byte by byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static uint Portable(ReadOnlySpan<byte> bytes, uint crc)
    {
        foreach (byte value in bytes)
            crc = Table[(byte)(crc ^ value)] ^ (crc >> 8);
        return crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? (value >> 1) ^ Reflected : value >> 1;
            table[i] = value;
        }

        return table;
    }
}
