using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The queries of one pass, packed for <see cref="ProductTile"/>, with what is needed to decide from a product that a row cannot be among
/// the best. The decision allows for the product's rounding, so rows it lets through are compared again by the exact kernel and no row is
/// lost: answers are those of one query at a time.
/// </summary>
/// <remarks>
/// With c the product's relative error a row is kept unless its distance is surely beyond the bound B: for L2 while
/// |r|²(1 − c) − 2qr − 2c|q||r| ≤ B − |q|²(1 − c), for IP while −qr − c|q||r| ≤ B, for cosine while −qr/|r| − c|q| ≤ B|q|.
/// </remarks>
internal sealed unsafe class TiledQueries
{
    private PinnedBuffer _packed = new(0);
    private PinnedBuffer _norms = new(0);
    private PinnedBuffer _limits = new(0);
    private MetricType _metric;
    private DistanceRange _range;
    private float _error;
    private PreparedQueries _queries = null!;

    public int Count { get; private set; }

    public float* Packed => (float*)_packed.Pointer;

    /// <summary>Takes the prepared queries; their collectors are empty.</summary>
    public void Set(PreparedQueries queries, MetricType metric, int dimension, DistanceRange range)
    {
        Count = queries.Count;
        _queries = queries;
        _metric = metric;
        _range = range;
        _error = ProductTile.RelativeError(dimension);
        int padded = (Count + ProductTile.QueryStep - 1) / ProductTile.QueryStep * ProductTile.QueryStep;
        _packed = AtLeast(_packed, ProductTile.PackedLength(Count, dimension) * sizeof(float));
        _norms = AtLeast(_norms, padded * sizeof(float));
        _limits = AtLeast(_limits, padded * sizeof(float));
        ProductTile.Pack(queries.Pointer(0), queries.StrideBytes, Count, dimension, Packed);
        float* norms = (float*)_norms.Pointer;
        for (int i = 0; i < padded; i++)
        {
            norms[i] = i < Count ? MathF.Sqrt(SquaredNorm((float*)queries.Pointer(i), dimension)) : 0f;
            if (i < Count)
                Limit(i, float.PositiveInfinity);
            else
                ((float*)_limits.Pointer)[i] = float.NegativeInfinity;
        }
    }

    /// <summary>Lowers what a query still accepts.</summary>
    /// <param name="bound">The largest distance that can enter its collector.</param>
    public void Limit(int query, float bound)
    {
        if (_range.HasUpper)
            bound = Math.Min(bound, _range.Upper);
        float norm = ((float*)_norms.Pointer)[query];
        ((float*)_limits.Pointer)[query] = _metric switch
        {
            MetricType.L2 => bound - (norm * norm * (1 - _error)),
            MetricType.Cosine => _queries.Scale(query) is > 0 and var scale ? bound / scale : float.PositiveInfinity,
            _ => bound,
        };
    }

    /// <summary>The row's share of the decision.</summary>
    /// <param name="row">The row as float32.</param>
    /// <param name="inverseNorm">For the cosine metric.</param>
    public RowTerms Terms(float* row, int dimension, float inverseNorm)
    {
        if (_metric == MetricType.Cosine)
            return new RowTerms(0f, -inverseNorm, _error);
        float squared = SquaredNorm(row, dimension), norm = MathF.Sqrt(squared);
        return _metric == MetricType.L2
            ? new RowTerms(squared * (1 - _error), -2f, 2 * _error * norm)
            : new RowTerms(0f, -1f, _error * norm);
    }

    /// <summary>One bit per query of the sixteen from <paramref name="first"/>: 1 where the row has to be compared exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Survivors(in RowTerms terms, float* products, int first)
    {
        Vector512<float> value = (Vector512.Load(products) * terms.Factor) + Vector512.Create(terms.Base)
            - (Vector512.Load((float*)_norms.Pointer + first) * terms.Slack);

        // Written so that NaN survives.
        return ~Vector512.GreaterThan(value, Vector512.Load((float*)_limits.Pointer + first)).ExtractMostSignificantBits() & 0xFFFF;
    }

    /// <summary>The square of a row's norm, by the widest vectors there are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SquaredNorm(float* row, int dimension)
    {
        Vector512<float> even = default, odd = default;
        int i = 0;
        for (; i <= dimension - 32; i += 32)
        {
            Vector512<float> a = Vector512.Load(row + i), b = Vector512.Load(row + i + 16);
            even = Vector512.MultiplyAddEstimate(a, a, even);
            odd = Vector512.MultiplyAddEstimate(b, b, odd);
        }

        float sum = Vector512.Sum(even + odd);
        for (; i < dimension; i++)
            sum += row[i] * row[i];
        return sum;
    }

    private static PinnedBuffer AtLeast(PinnedBuffer buffer, long bytes) => buffer.Length >= bytes ? buffer : new PinnedBuffer(bytes);

    internal readonly struct RowTerms(float basis, float factor, float slack)
    {
        public readonly float Base = basis;
        public readonly float Factor = factor;
        public readonly float Slack = slack;
    }
}
