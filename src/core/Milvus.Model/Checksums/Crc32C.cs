using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Arm = System.Runtime.Intrinsics.Arm;

namespace Milvus.Model;

/// <summary>
/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78, RFC 3720 appendix B.4): the checksum of every persisted format.
/// </summary>
/// <remarks>
/// The processor's CRC instruction takes three cycles but starts every cycle, so long inputs run as three independent lanes that are
/// combined by shifting (V. Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel, 2011). Without the
/// instruction a table of eight slices is used.
/// </remarks>
public static class Crc32C
{
    private const uint Polynomial = 0x82F63B78;
    private const int LaneBytes = 1024;

    private static readonly uint[] Slices = BuildSlices();
    private static readonly uint[] LaneShift = BuildShift(LaneBytes);

    private static bool IsHardware => Sse42.X64.IsSupported || Arm.Crc32.Arm64.IsSupported;

    /// <summary>Checksum of one piece; 0xE3069283 for "123456789".</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>Continues a checksum: <c>Append(Compute(a), b)</c> equals the checksum of a followed by b.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> data) =>
        IsHardware ? ~UpdateHardware(~checksum, data) : AppendScalar(checksum, data);

    /// <summary>The same without processor support: the reference that the fast path is compared with.</summary>
    internal static uint AppendScalar(uint checksum, ReadOnlySpan<byte> data)
    {
        var state = ~checksum;
        var slices = Slices;
        while (data.Length >= sizeof(ulong))
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(data) ^ state;
            state = slices[(7 * 256) + (byte)word]
                ^ slices[(6 * 256) + (byte)(word >> 8)]
                ^ slices[(5 * 256) + (byte)(word >> 16)]
                ^ slices[(4 * 256) + (byte)(word >> 24)]
                ^ slices[(3 * 256) + (byte)(word >> 32)]
                ^ slices[(2 * 256) + (byte)(word >> 40)]
                ^ slices[(1 * 256) + (byte)(word >> 48)]
                ^ slices[(byte)(word >> 56)];
            data = data[sizeof(ulong)..];
        }
        foreach (var value in data)
            state = (state >> 8) ^ slices[(byte)(state ^ value)];
        return ~state;
    }

    private static uint UpdateHardware(uint state, ReadOnlySpan<byte> data)
    {
        while (data.Length >= 3 * LaneBytes)
        {
            state = UpdateLanes(state, data[..(3 * LaneBytes)]);
            data = data[(3 * LaneBytes)..];
        }
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words)
            state = BitOperations.Crc32C(state, word);
        foreach (var value in data[(words.Length * sizeof(ulong))..])
            state = BitOperations.Crc32C(state, value);
        return state;
    }

    // Compiled with care at once: a start on a loaded directory runs it over all that is loaded, long before it would count as hot.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint UpdateLanes(uint state, ReadOnlySpan<byte> data)
    {
        var a = MemoryMarshal.Cast<byte, ulong>(data[..LaneBytes]);
        var b = MemoryMarshal.Cast<byte, ulong>(data.Slice(LaneBytes, LaneBytes))[..a.Length];
        var c = MemoryMarshal.Cast<byte, ulong>(data.Slice(2 * LaneBytes, LaneBytes))[..a.Length];
        uint first = state, second = 0, third = 0;
        for (var i = 0; i < a.Length; i++)
        {
            first = BitOperations.Crc32C(first, a[i]);
            second = BitOperations.Crc32C(second, b[i]);
            third = BitOperations.Crc32C(third, c[i]);
        }
        return ShiftLane(ShiftLane(first) ^ second) ^ third;
    }

    // What the state becomes after one lane of zero bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint ShiftLane(uint state)
    {
        var shift = LaneShift;
        return shift[(byte)state] ^ shift[256 + (byte)(state >> 8)] ^ shift[512 + (byte)(state >> 16)] ^ shift[768 + (state >> 24)];
    }

    private static uint[] BuildSlices()
    {
        var slices = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? (value >> 1) ^ Polynomial : value >> 1;
            slices[i] = value;
        }
        for (var i = 256; i < slices.Length; i++)
            slices[i] = (slices[i - 256] >> 8) ^ slices[(byte)slices[i - 256]];
        return slices;
    }

    // Shifting is linear: the shift of a state is the sum of the shifts of its bits, tabulated by byte.
    private static uint[] BuildShift(int zeroBytes)
    {
        Span<uint> bits = stackalloc uint[32];
        for (var bit = 0; bit < 32; bit++)
        {
            var value = 1U << bit;
            for (var i = 0; i < zeroBytes; i++)
                value = (value >> 8) ^ Slices[(byte)value];
            bits[bit] = value;
        }
        var table = new uint[4 * 256];
        for (var position = 0; position < 4; position++)
            for (var value = 0; value < 256; value++)
                for (var bit = 0; bit < 8; bit++)
                    if ((value >> bit & 1) != 0)
                        table[(position * 256) + value] ^= bits[(position * 8) + bit];
        return table;
    }
}
