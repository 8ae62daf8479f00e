using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The byte codes that follow a graph, so that loading need not make them again: a head of 40 bytes – version, flags (1: rotated, 2: along a subspace,
/// 4: of whole numbers), the rotation's seed (8), components of the subspace, step of the codes, step of the axes, share beyond the subspace, bytes of a
/// code, zero – then what is taken off every vector (float32), the axes of the subspace, the codes of all rows, their terms (float32). All little-endian.
/// </summary>
internal static class GraphCodesFile
{
    private const int Version = 1;
    private const int HeadBytes = 40;
    private const int Rotated = 1, Reduced = 2, Whole = 4;

    /// <summary>Bytes of the codes before their checksums.</summary>
    public static long Bytes(CodedRows rows)
    {
        CodeSpaceState state = rows.Space.State;
        return Bytes(state.FullLength, state.Subspace?.Width ?? 0, rows.Space.Length, rows.Count);
    }

    public static void Write(CodedRows rows, PayloadWriter writer)
    {
        CodeSpaceState state = rows.Space.State;
        var head = new byte[HeadBytes];
        int flags = (state.Rotation is null ? 0 : Rotated) | (state.Subspace is null ? 0 : Reduced) | (state.IsWhole ? Whole : 0);
        MemoryMarshal.Write(head, Version);
        MemoryMarshal.Write(head.AsSpan(4), flags);
        MemoryMarshal.Write(head.AsSpan(8), state.Rotation?.Seed ?? 0);
        MemoryMarshal.Write(head.AsSpan(16), state.Subspace?.Width ?? 0);
        MemoryMarshal.Write(head.AsSpan(20), state.Step);
        MemoryMarshal.Write(head.AsSpan(24), state.Subspace?.AxisStep ?? 0);
        MemoryMarshal.Write(head.AsSpan(28), state.Subspace?.Shared ?? 0);
        MemoryMarshal.Write(head.AsSpan(32), rows.Space.Length);
        writer.Write(head);
        writer.Write(MemoryMarshal.AsBytes(state.Offset.AsSpan()));
        if (state.Subspace is { } subspace)
            writer.Write(subspace.Axes);
        rows.Write(writer);
    }

    /// <param name="payloadBytes">Bytes of all that follows the graph.</param>
    /// <exception cref="IntegrityException">Damaged, of an unknown version, or contradicts itself.</exception>
    public static CodedRows Read(VectorStore store, MetricType metric, long payloadBytes, PayloadReader reader, string sourceName)
    {
        if (payloadBytes < HeadBytes)
            throw Contradiction(sourceName);
        var head = new byte[HeadBytes];
        reader.Read(head);
        int version = Int(head, 0), flags = Int(head, 4), width = Int(head, 16), codeBytes = Int(head, 32);
        if (version != Version)
            throw new IntegrityException(sourceName, $"version {version} of a graph's codes is not known");
        bool isRotated = (flags & Rotated) != 0, isReduced = (flags & Reduced) != 0;
        int length = CodeSpaceState.FullLengthOf(store.Dimension, isRotated, isReduced);
        float step = Float(head, 20), axisStep = Float(head, 24), shared = Float(head, 28);
        bool fits = (isReduced ? isRotated && Subspace.IsPossible(width, length) : width == 0)
            && codeBytes == (isReduced ? width : length) && float.IsFinite(step) && step > 0 && float.IsFinite(axisStep) && float.IsFinite(shared)
            && Bytes(length, width, codeBytes, store.Count) == payloadBytes;
        if (!fits)
            throw Contradiction(sourceName);
        var offset = new float[length];
        reader.Read(MemoryMarshal.AsBytes(offset.AsSpan()));
        var state = new CodeSpaceState(
            store.Dimension,
            isRotated ? new RandomRotation(store.Dimension, MemoryMarshal.Read<ulong>(head.AsSpan(8))) : null,
            isReduced ? Subspace.Restore(width, length, axisStep, shared, axes => reader.Read(axes.Span)) : null,
            (flags & Whole) != 0,
            step,
            offset);
        return CodedRows.Read(store.Count, CodeSpace.Restore(store.Type, metric, state), reader);
    }

    private static long Bytes(int fullLength, int subspaceWidth, int codeBytes, int rows) =>
        HeadBytes + ((long)fullLength * sizeof(float)) + ((long)subspaceWidth * fullLength) + (rows * (codeBytes + (long)sizeof(float)));

    private static int Int(byte[] head, int at) => MemoryMarshal.Read<int>(head.AsSpan(at));

    private static float Float(byte[] head, int at) => MemoryMarshal.Read<float>(head.AsSpan(at));

    private static IntegrityException Contradiction(string sourceName) => new(sourceName, "the codes of the vector index contradict themselves");
}
