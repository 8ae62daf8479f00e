using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>How rows of one floating type become float32 lanes.</summary>
internal unsafe interface IFloatElement
{
    static abstract TVector Load<TLanes, TVector>(byte* row, int index)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct;

    static abstract float Read(byte* row, int index);
}

internal readonly unsafe struct SingleElement : IFloatElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TLanes, TVector>(byte* row, int index)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct => TLanes.LoadSingle((float*)row + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(byte* row, int index) => ((float*)row)[index];
}

internal readonly unsafe struct HalfElement : IFloatElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TLanes, TVector>(byte* row, int index)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct => TLanes.LoadHalf((ushort*)row + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(byte* row, int index) => (float)((Half*)row)[index];
}

internal readonly unsafe struct BFloat16Element : IFloatElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TLanes, TVector>(byte* row, int index)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct => TLanes.LoadBFloat16((ushort*)row + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(byte* row, int index) => BitConverter.UInt32BitsToSingle((uint)((ushort*)row)[index] << 16);
}
