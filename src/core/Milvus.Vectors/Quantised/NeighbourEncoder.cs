using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Writes codes and factors of <see cref="NeighbourCodes"/>, from byte codes without decoding them: a difference's signs are a comparison
/// of bytes, its sums are sums of bytes. One per thread.
/// </summary>
internal sealed unsafe class NeighbourEncoder
{
    private const int Degree = NeighbourCodes.Degree;
    private const int Zero = 128;

    private readonly CodedRows _rows;
    private readonly Edge _edge;
    private readonly PinnedBuffer _bits;
    private readonly int _bitBytes;
    private readonly int _width;
    private readonly int _length;

    public NeighbourEncoder(CodedRows rows)
    {
        _rows = rows;
        _width = rows.Space.Width;
        _length = rows.Space.Length;
        _bitBytes = _length / 8;
        _bits = new PinnedBuffer(Degree * _bitBytes);
        _edge = rows.Visit(new EdgeFactory(rows));
    }

    /// <summary>Fills the codes of a record and the factors behind them; places without a neighbour get zeros.</summary>
    public void Encode(int node, ReadOnlySpan<int> neighbours, byte* codes, float* factors)
    {
        _bits.Span.Clear();
        new Span<float>(factors, 2 * Degree).Clear();
        RowReader rows = _rows.Rows;
        byte* p = rows.Pointer(node);
        int nodeSum = Sum(p);
        for (int i = 0; i < neighbours.Length; i++)
            Difference(p, rows.Pointer(neighbours[i]), nodeSum, node, neighbours[i], (ulong*)(_bits.Pointer + (i * _bitBytes)), factors + i);
        Spread(codes);
        GC.KeepAlive(this);
    }

    /// <summary>Signs of one neighbour's difference from the node, and its factors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Difference(byte* node, byte* neighbour, int nodeSum, int nodeRow, int row, ulong* bits, float* factors)
    {
        int size = 0, nodeWherePositive = 0, positive = 0;
        Vector512<int> squares = default;
        for (int i = 0; i < _length; i += 64)
        {
            Vector512<byte> p = Vector512.Load(node + i), x = Vector512.Load(neighbour + i);
            Vector512<byte> above = Vector512.GreaterThan(x, p);
            ulong mask = above.ExtractMostSignificantBits();
            bits[i / 64] = mask;
            positive += System.Numerics.BitOperations.PopCount(mask);
            Vector512<byte> difference = Vector512.Max(x, p) - Vector512.Min(x, p);
            squares += Squares(difference);
            size += ByteSums.Of(difference);
            nodeWherePositive += ByteSums.Of(p & above);
        }

        // In steps of the space: r = x − p, s its signs. Where codes are equal the sign is −, as the bit 0 says.
        CodeSpace space = _rows.Space;
        float square = space.Step * space.Step * Vector512.Sum(squares);
        float gain = size > 0 ? square / (size * space.Step) : 0;
        int centredWherePositive = nodeWherePositive - (Zero * positive), centred = nodeSum - (Zero * _length);
        float signed = space.Step * ((2 * centredWherePositive) - centred);
        if (space.IsProduct)
        {
            factors[0] = (gain * signed) - _edge.Along(nodeRow, row);
            factors[Degree] = -gain;
        }
        else
        {
            factors[0] = square + (2 * gain * signed);
            factors[Degree] = -2 * gain;
        }
    }

    /// <summary>Puts the bits of 32 neighbours into the order of <see cref="NibbleScan"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Spread(byte* codes)
    {
        int groups = _width / 4;
        for (int place = 0; place < 16; place++)
        {
            byte* low = _bits.Pointer + (place * _bitBytes), high = low + (16 * _bitBytes);
            byte* target = codes + place;
            for (int group = 0; group < groups; group += 2)
            {
                int first = low[group / 2], second = high[group / 2];
                target[group * NibbleScan.GroupBytes] = (byte)((first & 15) | (second << 4));
                target[(group + 1) * NibbleScan.GroupBytes] = (byte)((first >> 4) | (second & 0xF0));
            }
        }
    }

    private int Sum(byte* code)
    {
        int sum = 0;
        for (int i = 0; i < _length; i += 64)
            sum += ByteSums.Of(Vector512.Load(code + i));
        return sum;
    }

    /// <summary>The sum of squares of 64 bytes, in 16 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Squares(Vector512<byte> bytes)
    {
        (Vector512<ushort> low, Vector512<ushort> high) = Vector512.Widen(bytes);
        if (Avx512BW.IsSupported)
            return Avx512BW.MultiplyAddAdjacent(low.AsInt16(), low.AsInt16()) + Avx512BW.MultiplyAddAdjacent(high.AsInt16(), high.AsInt16());
        (Vector512<uint> first, Vector512<uint> second) = Vector512.Widen(low);
        (Vector512<uint> third, Vector512<uint> fourth) = Vector512.Widen(high);
        return ((first * first) + (second * second) + (third * third) + (fourth * fourth)).AsInt32();
    }

    /// <summary>⟨x − p, p + mean⟩ for products, by the codes' kernel.</summary>
    private abstract class Edge
    {
        public abstract float Along(int node, int row);
    }

    private sealed class EdgeFactory(CodedRows rows) : IKernelVisitor<Edge>
    {
        public Edge Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new Edge<TKernel, TScale>(rows);
    }

    private sealed class Edge<TKernel, TScale>(CodedRows rows) : Edge
        where TKernel : struct, IVectorKernel
        where TScale : struct, IRowScale
    {
        private readonly PinnedBuffer _query = new(rows.QueryBytes);
        private int _prepared = -1;
        private float _own;

        public override float Along(int node, int row)
        {
            if (_prepared != node)
            {
                rows.AsQuery(node, _query.Pointer, out _);
                _prepared = node;
                _own = Distance(node);
            }

            return _own - Distance(row);
        }

        private float Distance(int row) => new RowScorer<TKernel, TScale>(_query.Pointer, 1, rows.Length, rows.Rows, rows.Norms, rows.RowBytes).Score(row);
    }
}
