using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>Registers of sixteen queries in a group: a constant to the compiler, which leaves out what is beyond.</summary>
internal interface IQueryRegisters
{
    static abstract int Count { get; }
}

/// <summary>Up to 16 queries.</summary>
internal readonly struct OneRegister : IQueryRegisters
{
    public static int Count => 1;
}

/// <summary>Up to 32 queries.</summary>
internal readonly struct TwoRegisters : IQueryRegisters
{
    public static int Count => 2;
}

/// <summary>Up to 48 queries.</summary>
internal readonly struct ThreeRegisters : IQueryRegisters
{
    public static int Count => 3;
}

internal static unsafe class QueryRegisters
{
    /// <summary>Stores the registers that a group has behind one another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TGroup, T>(T* target, Vector512<T> first, Vector512<T> second, Vector512<T> third)
        where TGroup : struct, IQueryRegisters
        where T : unmanaged
    {
        first.Store(target);
        if (TGroup.Count > 1)
            second.Store(target + Vector512<T>.Count);
        if (TGroup.Count > 2)
            third.Store(target + (2 * Vector512<T>.Count));
    }
}
