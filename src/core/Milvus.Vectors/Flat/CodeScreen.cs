using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Decides for one query which rows have to be compared, from the rows' bytes (<see cref="FlatCodes"/>) and the query in words of sixteen bits, whose rounding
/// hardly counts. The bounds are those of <see cref="ByteScreen"/>, and it decides again on what that lets through.
/// </summary>
internal sealed unsafe class CodeScreen
{
    /// <summary>Rows that are looked at together.</summary>
    public const int Rows = 4;

    /// <summary>Where more than one row in so many survives, comparing all of them costs less. The first rows don't count.</summary>
    private const int MostSurvivors = 8, FirstRows = 2048, TrialRows = 4096;

    private PinnedBuffer _query = new(0);
    private MetricType _metric;
    private DistanceRange _range;
    private float _scale;
    private float _step;
    private float _norm;
    private float _error;
    private float _rounding;
    private int _sum;
    private float _limit;
    private int _stride;
    private long _seen;
    private long _survivors;

    /// <summary>Rows that <see cref="Note"/> did not rule out.</summary>
    public CandidateRows Candidates { get; } = new();

    public static bool IsSupported => Avx2.IsSupported;

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
        if (_query.Length < (long)stride * sizeof(short))
            _query = new PinnedBuffer((long)stride * sizeof(short));
        RoundedQuery rounded = RoundedQuery.Of(query, dimension, short.MaxValue, (short*)_query.Pointer, stride);

        // |q'| is at most |q| + |q − q'|.
        (_step, _sum, _norm, _error) = (rounded.Step, rounded.Sum, rounded.Norm + rounded.Error, rounded.Error + (_rounding * rounded.Norm));
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

    /// <summary>One bit for each of four rows behind one another: 1 where the row has to be compared.</summary>
    /// <param name="first">The first one, counted within the chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Survivors(in FlatCodes.Chunk chunk, int first)
    {
        byte* codes = chunk.Codes + ((nint)first * _stride);
        Vector128<int> products = WordProducts.Of(codes, codes + _stride, codes + (2 * (nint)_stride), codes + (3 * (nint)_stride), (short*)_query.Pointer, _stride);
        return Judge(
            products, Vector128.Load(chunk.Steps + first), Vector128.Load(chunk.Norms + first), Vector128.Load(chunk.Errors + first), Vector128.Load(chunk.Zeros + first));
    }

    /// <summary>As the other, of four rows anywhere in a chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Survivors(in FlatCodes.Chunk chunk, int a, int b, int c, int d)
    {
        byte* codes = chunk.Codes;
        Vector128<int> products = WordProducts.Of(
            codes + ((nint)a * _stride), codes + ((nint)b * _stride), codes + ((nint)c * _stride), codes + ((nint)d * _stride), (short*)_query.Pointer, _stride);
        return Judge(
            products, Four(chunk.Steps, a, b, c, d), Four(chunk.Norms, a, b, c, d), Four(chunk.Errors, a, b, c, d), Four((float*)chunk.Zeros, a, b, c, d).AsInt32());
    }

    /// <summary>Takes a row as a candidate unless its bytes rule it out. What it bounds is left to <see cref="Limit"/>.</summary>
    /// <param name="code">Its bytes.</param>
    /// <param name="number">Its number in the store.</param>
    /// <returns>Whether it became a candidate.</returns>
    public bool Note(byte* code, in RoundedRow row, int number)
    {
        float product = (WordProducts.Of(code, (short*)_query.Pointer, _stride) - (row.Zero * _sum)) * (row.Step * _step);
        float slack = (((row.Norm * _rounding) + row.Error) * _norm) + (row.Norm * _error);
        (float low, float high) = _metric switch
        {
            MetricType.L2 => ((row.Norm * row.Norm * (1 - _rounding)) - (2 * (product + slack)),
                (((row.Norm * row.Norm) + (_norm * _norm)) * (1 + _rounding)) - (2 * (product - slack))),
            MetricType.Cosine => (-(product + slack) / row.Norm, _scale > 0 ? -(product - slack) / row.Norm * _scale : float.PositiveInfinity),
            _ => (-(product + slack), -(product - slack)),
        };

        // Written so that NaN stays.
        if (low > _limit)
            return false;
        Candidates.Add(number, low, high, _limit);
        return true;
    }

    /// <summary>Drops candidates that the limit rules out by now.</summary>
    public void KeepCandidates() => Candidates.Keep(_limit);

    private static Vector128<float> Four(float* values, int a, int b, int c, int d) => Vector128.Create(values[a], values[b], values[c], values[d]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Judge(Vector128<int> products, Vector128<float> steps, Vector128<float> norms, Vector128<float> errors, Vector128<int> zeros)
    {
        Vector128<float> product = Vector128.ConvertToSingle(products - (zeros * _sum)) * (steps * _step);
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
}
