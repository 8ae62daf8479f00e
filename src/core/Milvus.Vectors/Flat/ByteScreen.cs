using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The queries of one pass as bytes, and what decides from the product of rounded vectors that a row cannot be among the best. The decision allows for all that
/// rounding can have changed, so rows it lets through are compared again by the exact kernel and no row is lost: answers are those of one query at a time.
/// </summary>
/// <remarks>
/// With q', r' the rounded vectors, |⟨q,r⟩ − ⟨q',r'⟩| ≤ |q'||r − r'| + |q − q'||r| (Cauchy and Schwarz). A row is kept unless its distance less that much, twice
/// for L2, is beyond the bound. For usual vectors of some hundred components that is one or two hundredths of |q||r|.
/// </remarks>
internal sealed unsafe class ByteScreen
{
    /// <summary>Fewer queries or components than this don't pay for rounding the rows.</summary>
    public const int LeastQueries = 32;
    public const int LeastDimension = 48;

    /// <summary>Rows that are loaded together, a multiple of <see cref="ByteTile.Rows"/>: beside them a group of queries stays in cache.</summary>
    public const int Places = 24;

    /// <summary>Fewer queries than this are faster one at a time where rows are rounded already.</summary>
    public const int LeastQueriesOfCodes = 8;

    /// <summary>
    /// Where more than one pair in so many survives, comparing at once by float32 costs less. The first rows don't count: every one of them is among the best so far.
    /// </summary>
    private const int MostSurvivors = 12;
    private const int FirstRows = 2048;
    private const long TrialPairs = 64 * 1024;

    private readonly RowTerms[] _terms = new RowTerms[Places];
    private PinnedBuffer _packed = new(0);
    private PinnedBuffer _numbers = new(0);
    private PinnedBuffer _rows = new(0);
    private PinnedBuffer _units = new(0);
    private PinnedBuffer _products = new(ByteTile.MaxRows * ByteTile.MaxQueries * sizeof(int));
    private MetricType _metric;
    private DistanceRange _range;
    private PreparedQueries _queries = null!;
    private int _dimension;
    private int _padded;
    private int _stride;
    private long _pairs;
    private long _survivors;
    private int _loaded;
    private float _rounding;

    public int Count { get; private set; }

    /// <summary>Groups of queries that are multiplied at once.</summary>
    public int Groups => (Count + (ByteTile.Queries - 1)) / ByteTile.Queries;

    /// <summary>Whether it rules out enough to be worth it, as far as it was used since it was set.</summary>
    public bool IsWorthwhile => _pairs < TrialPairs || _survivors * MostSurvivors < _pairs;

    private float* Limits => (float*)_numbers.Pointer;

    private float* Steps => Limits + _stride;

    private float* Norms => Steps + _stride;

    private float* Errors => Norms + _stride;

    private int* Sums => (int*)(Errors + _stride);

    /// <summary>Room for what float32 rounding adds here and in the kernels, relative to |q||r|.</summary>
    public static float Rounding(int dimension) => Math.Max(4e-6f, ((dimension / 64) + 16) * 1.2e-7f);

    public static bool Serves(int dimension) => ByteTile.IsSupported && dimension >= LeastDimension;

    /// <summary>Takes the prepared queries; their collectors are empty.</summary>
    public void Set(PreparedQueries queries, MetricType metric, int dimension, DistanceRange range)
    {
        (Count, _queries, _metric, _range, _dimension, _padded, _pairs, _survivors) = (queries.Count, queries, metric, range, dimension, ByteTile.Pad(dimension), 0, 0);
        _loaded = 0;
        _rounding = Rounding(dimension);
        _stride = (Count + (ByteTile.QueryStep - 1)) / ByteTile.QueryStep * ByteTile.QueryStep;
        _packed = AtLeast(_packed, (long)_stride * _padded);
        _numbers = AtLeast(_numbers, 5L * _stride * sizeof(float));
        _rows = AtLeast(_rows, (long)Places * _padded);
        _units = AtLeast(_units, (long)_padded * sizeof(short));
        _packed.Span.Clear();
        short* units = (short*)_units.Pointer;
        for (int i = 0; i < _stride; i++)
        {
            if (i >= Count)
            {
                (Limits[i], Steps[i], Norms[i], Errors[i], Sums[i]) = (float.NegativeInfinity, 0, 0, 0, 0);
                continue;
            }

            RoundedQuery terms = RoundedQuery.Of((float*)queries.Pointer(i), dimension, ByteTile.MostUnits, units, _padded);
            int group = i / ByteTile.Queries;
            ByteTile.Pack(units, dimension, Group(group), Width(group), i % ByteTile.Queries);

            // |q'| is at most |q| + |q − q'|.
            (Steps[i], Norms[i], Errors[i], Sums[i]) = (terms.Step, terms.Norm + terms.Error, terms.Error + (_rounding * terms.Norm), terms.Sum);
            Limit(i, float.PositiveInfinity);
        }
    }

    /// <summary>Leaves the rest of the pass to products of float32.</summary>
    public void HandOver(TiledQueries tiles, ReadOnlySpan<TopK> results)
    {
        tiles.Set(_queries, _metric, _dimension, _range);
        for (int i = 0; i < results.Length; i++)
            tiles.Limit(i, results[i].Bound);
    }

    /// <summary>Lowers what a query still accepts.</summary>
    /// <param name="bound">The largest distance that can enter its collector.</param>
    public void Limit(int query, float bound)
    {
        if (_range.HasUpper)
            bound = Math.Min(bound, _range.Upper);
        float norm = Norms[query] - Errors[query];
        Limits[query] = _metric switch
        {
            MetricType.L2 => bound - (norm * norm * (1 - _rounding)),
            MetricType.Cosine => _queries.Scale(query) is > 0 and var scale ? bound / scale : float.PositiveInfinity,
            _ => bound,
        };
    }

    /// <summary>Queries of a group, filled up to a multiple of <see cref="ByteTile.QueryStep"/>.</summary>
    public int Width(int group) => ByteTile.GroupWidth(group * ByteTile.Queries, Count);

    /// <summary>Rounds a row into one of the <see cref="Places"/>.</summary>
    /// <param name="row">The row as float32.</param>
    /// <param name="inverseNorm">For the cosine metric.</param>
    public void Load(int place, float* row, float inverseNorm) =>
        Take(place, RoundedRow.Of(row, _dimension, _rows.Pointer + ((nint)place * _padded), _padded), inverseNorm);

    /// <summary>Takes a rounded row into one of the places.</summary>
    /// <param name="row">Counted within the chunk.</param>
    /// <param name="inverseNorm">For the cosine metric.</param>
    public void Load(int place, in FlatCodes.Chunk chunk, int row, int stride, float inverseNorm)
    {
        Buffer.MemoryCopy(chunk.Codes + ((nint)row * stride), _rows.Pointer + ((nint)place * _padded), _padded, _padded);
        Take(place, new RoundedRow(chunk.Steps[row], chunk.Norms[row], chunk.Errors[row], chunk.Zeros[row]), inverseNorm);
    }

    private void Take(int place, in RoundedRow terms, float inverseNorm)
    {
        _loaded++;
        float error = terms.Error + (_rounding * terms.Norm);
        _terms[place] = _metric switch
        {
            MetricType.L2 => new RowTerms(terms.Norm * terms.Norm * (1 - _rounding), -2 * terms.Step, 2 * error, 2 * terms.Norm, terms.Zero),
            MetricType.Cosine => new RowTerms(0, -inverseNorm * terms.Step, inverseNorm * error, inverseNorm * terms.Norm, terms.Zero),
            _ => new RowTerms(0, -terms.Step, error, terms.Norm, terms.Zero),
        };
    }

    /// <summary>Multiplies <see cref="ByteTile.Rows"/> loaded rows by the queries of a group.</summary>
    /// <param name="place">The first one's.</param>
    /// <param name="rows">So many of them count.</param>
    public void Multiply(int group, int place, int rows)
    {
        ByteTile.Multiply(_rows.Pointer + ((nint)place * _padded), Group(group), _padded, Width(group), (int*)_products.Pointer);
        _pairs += _loaded > FirstRows ? (long)rows * Width(group) : 0;
    }

    /// <summary>One bit for each of sixteen queries of the group multiplied last: 1 where the row in a place has to be compared exactly.</summary>
    /// <param name="place">The row's.</param>
    /// <param name="within">The row's number among those multiplied.</param>
    /// <param name="offset">The first query's number in the group.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Survivors(int place, int within, int group, int offset)
    {
        RowTerms terms = _terms[place];
        int first = (group * ByteTile.Queries) + offset;
        Vector512<int> product = Vector512.Load((int*)_products.Pointer + (within * ByteTile.MaxQueries) + offset) - (Vector512.Load(Sums + first) * terms.Zero);
        Vector512<float> value = (Vector512.ConvertToSingle(product) * Vector512.Load(Steps + first) * terms.Factor) + Vector512.Create(terms.Base)
            - (Vector512.Load(Norms + first) * terms.Error) - (Vector512.Load(Errors + first) * terms.Norm);

        // Written so that NaN survives.
        ulong survivors = ~Vector512.GreaterThan(value, Vector512.Load(Limits + first)).ExtractMostSignificantBits() & 0xFFFF;
        _survivors += _loaded > FirstRows ? System.Numerics.BitOperations.PopCount(survivors) : 0;
        return survivors;
    }

    private sbyte* Group(int group) => (sbyte*)_packed.Pointer + ((nint)group * ByteTile.Queries * _padded);

    private static PinnedBuffer AtLeast(PinnedBuffer buffer, long bytes) => buffer.Length >= bytes ? buffer : new PinnedBuffer(bytes);

    private readonly record struct RowTerms(float Base, float Factor, float Error, float Norm, int Zero);
}
