using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>The instruction sets for which kernels exist.</summary>
public enum InstructionSet
{
    /// <summary>128-bit operations that the runtime maps to whatever the processor has; works everywhere.</summary>
    Portable = 0,

    /// <summary>AVX2 with FMA.</summary>
    Avx2 = 1,

    /// <summary>AVX-512 F and BW.</summary>
    Avx512 = 2,
}

public static class InstructionSets
{
    /// <summary>The widest set that this processor runs well.</summary>
    public static InstructionSet Best { get; } =
        Runs(InstructionSet.Avx512) ? InstructionSet.Avx512 : Runs(InstructionSet.Avx2) ? InstructionSet.Avx2 : InstructionSet.Portable;

    /// <summary>Whether this processor runs kernels of <paramref name="set"/>.</summary>
    public static bool Runs(InstructionSet set) => set switch
    {
        InstructionSet.Avx512 => Avx512F.IsSupported && Avx512BW.IsSupported && Vector512.IsHardwareAccelerated,
        InstructionSet.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        _ => true,
    };
}
