using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Decides for one query which rows have to be compared, from the rows' bytes (<see cref="FlatCodes"/>) and the query in sixteen bits per component, whose rounding
/// hardly counts. The bounds are those of <see cref="ByteScreen"/>.
/// </summary>
internal sealed unsafe class CodeScreen
{
    /// <summary>Rows that are looked at together.</summary>
    public const int Rows = 4;

    /// <summary>Units of a query's largest component: high × <see cref="Base"/> + low has to fit two signed bytes.</summary>
    private const int MostUnits = 127 * Base, Base = 256;

    /// <summary>Where more than one row in so many survives, comparing all of them costs less. The first rows don't count.</summary>
    private const int MostSurvivors = 8, FirstRows = 2048, TrialRows = 4096;

    private const int AheadBytes = 8192, LineBytes = 64;

    private PinnedBuffer _query = new(0);
    private MetricType _metric;
    private DistanceRange _range;
    private float _scale;
    private float _step;
    private float _norm;
    private float _error;
    private float _rounding;
    private int _highSum;
    private int _lowSum;
    private float _limit;
    private int _stride;
    private long _seen;
    private long _survivors;

    /// <summary>Whether it rules out enough to be worth it, as far as it was used since it was set.</summary>
    public bool IsWorthwhile => _seen < FirstRows + TrialRows || _survivors * MostSurvivors < _seen - FirstRows;

    /// <summary>Takes a prepared query.</summary>
    /// <param name="query">As float32.</param>
    /// <param name="scale">1 / |query| for the cosine metric.</param>
    /// <param name="stride">Bytes of a row's code.</param>
    /// <param name="bound">The largest distance that can enter its collector.</param>
    public void Set(float* query, float scale, MetricType metric, int dimension, int stride, DistanceRange range, float bound)
    {
        (_metric, _range, _scale, _stride, _seen, _survivors, _rounding) = (metric, range, scale, stride, 0, 0, ByteScreen.Rounding(dimension));
        if (_query.Length < 2L * stride)
            _query = new PinnedBuffer(2L * stride);
        _query.Span[..(2 * stride)].Clear();
        float most = 0, square = 0, error = 0;
        for (int i = 0; i < dimension; i++)
        {
            most = Math.Max(most, Math.Abs(query[i]));
            square += query[i] * query[i];
        }

        _step = most / MostUnits;
        float inverse = _step > 0 ? 1 / _step : 0;
        (_highSum, _lowSum) = (0, 0);
        for (int i = 0; i < dimension; i++)
        {
            float scaled = query[i] * inverse, near = MathF.Round(scaled);
            error += (scaled - near) * (scaled - near);
            int units = Math.Clamp((int)near, -MostUnits, MostUnits);
            var low = unchecked((sbyte)units);
            var high = (sbyte)((units - low) / Base);
            ((sbyte*)_query.Pointer)[i] = high;
            ((sbyte*)_query.Pointer)[stride + i] = low;
            _highSum += high;
            _lowSum += low;
        }

        float norm = MathF.Sqrt(square);
        error = _step * MathF.Sqrt(error);
        (_norm, _error) = (norm + error, error + (_rounding * norm));
        Limit(bound);
    }

    /// <summary>Lowers what the query still accepts.</summary>
    /// <param name="bound">The largest distance that can enter its collector.</param>
    public void Limit(float bound)
    {
        if (_range.HasUpper)
            bound = Math.Min(bound, _range.Upper);
        float norm = _norm - _error;
        _limit = _metric switch
        {
            MetricType.L2 => bound - (norm * norm * (1 - _rounding)),
            MetricType.Cosine => _scale > 0 ? bound / _scale : float.PositiveInfinity,
            _ => bound,
        };
    }

    /// <summary>Counts rows that were looked at, and how many of them had to be compared.</summary>
    public void Count(int rows, int survivors)
    {
        _seen += rows;
        if (_seen > FirstRows)
            _survivors += survivors;
    }

    /// <summary>Asks for as many codes as four rows have, some way ahead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(in FlatCodes.Chunk chunk, int first)
    {
        if (!Sse.IsSupported)
            return;
        byte* ahead = chunk.Codes + ((nint)first * _stride) + AheadBytes;
        for (int i = 0; i < Rows * _stride; i += LineBytes)
            Sse.Prefetch0(ahead + i);
    }

    /// <summary>One bit for each of four rows behind one another: 1 where the row has to be compared.</summary>
    /// <param name="first">The first one, counted within the chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Survivors(in FlatCodes.Chunk chunk, int first)
    {
        byte* codes = chunk.Codes + ((nint)first * _stride);
        Multiply(codes, codes + _stride, codes + (2 * (nint)_stride), codes + (3 * (nint)_stride), out Vector128<int> high, out Vector128<int> low);
        return Judge(
            high, low, Vector128.Load(chunk.Steps + first), Vector128.Load(chunk.Norms + first), Vector128.Load(chunk.Errors + first), Vector128.Load(chunk.Zeros + first));
    }

    /// <summary>As the other, of four rows anywhere in a chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Survivors(in FlatCodes.Chunk chunk, int a, int b, int c, int d)
    {
        byte* codes = chunk.Codes;
        Multiply(codes + ((nint)a * _stride), codes + ((nint)b * _stride), codes + ((nint)c * _stride), codes + ((nint)d * _stride), out Vector128<int> high, out Vector128<int> low);
        return Judge(high, low, Four(chunk.Steps, a, b, c, d), Four(chunk.Norms, a, b, c, d), Four(chunk.Errors, a, b, c, d), Four((float*)chunk.Zeros, a, b, c, d).AsInt32());
    }

    private static Vector128<float> Four(float* values, int a, int b, int c, int d) => Vector128.Create(values[a], values[b], values[c], values[d]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Judge(Vector128<int> high, Vector128<int> low, Vector128<float> steps, Vector128<float> norms, Vector128<float> errors, Vector128<int> zeros)
    {
        // Exact in integers; only the sum of the two halves is rounded.
        Vector128<float> product = (Vector128.ConvertToSingle(high - (zeros * _highSum)) * Base) + Vector128.ConvertToSingle(low - (zeros * _lowSum));
        product *= steps * _step;
        Vector128<float> slack = (((norms * _rounding) + errors) * _norm) + (norms * _error);
        Vector128<float> value = _metric switch
        {
            MetricType.L2 => (norms * norms * (1 - _rounding)) - ((product + slack) * 2),
            MetricType.Cosine => -(product + slack) / norms,
            _ => -(product + slack),
        };

        // Written so that NaN survives.
        return ~Vector128.GreaterThan(value, Vector128.Create(_limit)).ExtractMostSignificantBits() & 0xF;
    }

    /// <summary>Products of four rows with the halves of the query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Multiply(byte* a, byte* b, byte* c, byte* d, out Vector128<int> high, out Vector128<int> low)
    {
        sbyte* q = (sbyte*)_query.Pointer;
        int stride = _stride;
        Vector256<int> ah = default, bh = default, ch = default, dh = default, al = default, bl = default, cl = default, dl = default;
        for (int i = 0; i < stride; i += FlatCodes.Lanes)
        {
            Vector256<sbyte> qh = Vector256.Load(q + i), ql = Vector256.Load(q + stride + i);
            Vector256<byte> row = Vector256.Load(a + i);
            ah = AvxVnni.MultiplyWideningAndAdd(ah, row, qh);
            al = AvxVnni.MultiplyWideningAndAdd(al, row, ql);
            row = Vector256.Load(b + i);
            bh = AvxVnni.MultiplyWideningAndAdd(bh, row, qh);
            bl = AvxVnni.MultiplyWideningAndAdd(bl, row, ql);
            row = Vector256.Load(c + i);
            ch = AvxVnni.MultiplyWideningAndAdd(ch, row, qh);
            cl = AvxVnni.MultiplyWideningAndAdd(cl, row, ql);
            row = Vector256.Load(d + i);
            dh = AvxVnni.MultiplyWideningAndAdd(dh, row, qh);
            dl = AvxVnni.MultiplyWideningAndAdd(dl, row, ql);
        }

        high = Sums(ah, bh, ch, dh);
        low = Sums(al, bl, cl, dl);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sums(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        Vector256<int> sums = Avx2.HorizontalAdd(Avx2.HorizontalAdd(a, b), Avx2.HorizontalAdd(c, d));
        return sums.GetLower() + sums.GetUpper();
    }
}
