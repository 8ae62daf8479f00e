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
    /// Where more than one pair in so many has to be compared, or has to be looked at by <see cref="CodeScreen"/>, comparing at once by float32 costs less. The first rows
    /// don't count: every one of them is among the best so far.
    /// </summary>
    private const int MostCandidates = 12, MostSurvivors = 4;
    private const int FirstRows = 2048;
    private const long TrialPairs = 64 * 1024;

    private readonly RowTerms[] _terms = new RowTerms[Places];
    private readonly RoundedRow[] _rounded = new RoundedRow[Places];
    private readonly nint[] _codes = new nint[Places];
    private PinnedBuffer _packed = new(0);
    private PinnedBuffer _numbers = new(0);
    private PinnedBuffer _rows = new(0);
    private PinnedBuffer _bytes = new(0);
    private PinnedBuffer _units = new(0);
    private PinnedBuffer _products = new(ByteTile.Rows * ByteTile.MaxQueries * sizeof(int));
    private MetricType _metric;
    private DistanceRange _range;
    private PreparedQueries _queries = null!;
    private int _dimension;
    private int _padded;
    private int _filled;
    private int _codeBytes;
    private long _pairs;
    private long _survivors;
    private long _candidates;
    private int _loaded;
    private float _rounding;

    public int Count { get; private set; }

    /// <summary>Groups of queries that are multiplied at once.</summary>
    public int Groups => (Count + (ByteTile.Queries - 1)) / ByteTile.Queries;

    /// <summary>Whether it rules out enough to be worth it, as far as it was used since it was set.</summary>
    public bool IsWorthwhile => _pairs < TrialPairs || (_candidates * MostCandidates) + (_survivors * MostSurvivors) < _pairs;

    private float* Limits => (float*)_numbers.Pointer;

    private float* Steps => Limits + _filled;

    private float* Norms => Steps + _filled;

    private float* Errors => Norms + _filled;

    private int* Sums => (int*)(Errors + _filled);

    /// <summary>Room for what float32 rounding adds here and in the kernels, relative to |q||r|.</summary>
    public static float Rounding(int dimension) => Math.Max(4e-6f, ((dimension / 64) + 16) * 1.2e-7f);

    public static bool Serves(int dimension) => ByteTile.IsSupported && dimension >= LeastDimension;

    /// <summary>Takes the prepared queries; their collectors are empty.</summary>
    public void Set(PreparedQueries queries, MetricType metric, int dimension, DistanceRange range)
    {
        (Count, _queries, _metric, _range, _dimension, _padded, _codeBytes) = (queries.Count, queries, metric, range, dimension, ByteTile.Pad(dimension), FlatCodes.StrideOf(dimension));
        (_pairs, _survivors, _candidates, _loaded) = (0, 0, 0, 0);
        _rounding = Rounding(dimension);
        _filled = (Count + (ByteTile.QueryStep - 1)) / ByteTile.QueryStep * ByteTile.QueryStep;
        _packed = AtLeast(_packed, (long)_filled * _padded);
        _numbers = AtLeast(_numbers, 5L * _filled * sizeof(float));
        _rows = AtLeast(_rows, (long)Places * _padded);
        _bytes = AtLeast(_bytes, (long)Places * _codeBytes);
        _units = AtLeast(_units, (long)_padded * sizeof(short));
        _packed.Span.Clear();
        short* units = (short*)_units.Pointer;
        for (int i = 0; i < _filled; i++)
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
    public void Load(int place, float* row, float inverseNorm)
    {
        byte* codes = _bytes.Pointer + ((nint)place * _codeBytes);
        RoundedRow rounded = RoundedRow.Of(row, _dimension, codes, _codeBytes);
        Load(place, codes, rounded, ByteTile.IsNarrow ? rounded.NarrowError(codes, _dimension) : 0, inverseNorm);
    }

    /// <summary>Takes a rounded row into one of the places.</summary>
    /// <param name="row">Counted within the chunk, which has to stay until another row takes the place.</param>
    /// <param name="inverseNorm">For the cosine metric.</param>
    public void Load(int place, in FlatCodes.Chunk chunk, int row, float inverseNorm) =>
        Load(place, chunk.Codes + ((nint)row * _codeBytes), chunk.Row(row), ByteTile.IsNarrow ? chunk.NarrowErrors[row] : 0, inverseNorm);

    /// <summary>The bytes of the row in a place and what is known of it.</summary>
    public byte* Codes(int place, out RoundedRow row)
    {
        row = _rounded[place];
        return (byte*)_codes[place];
    }

    private void Load(int place, byte* codes, in RoundedRow rounded, float narrowError, float inverseNorm)
    {
        (_codes[place], _rounded[place]) = ((nint)codes, rounded);
        byte* target = _rows.Pointer + ((nint)place * _padded);
        if (ByteTile.IsNarrow)
        {
            Take(place, rounded.Narrow(codes, target, _padded, narrowError), inverseNorm);
            return;
        }

        Buffer.MemoryCopy(codes, target, _padded, _padded);
        Take(place, rounded, inverseNorm);
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

    /// <summary>One bit for each query of the group multiplied last: 1 where a row cannot be ruled out.</summary>
    /// <param name="place">The first multiplied row's.</param>
    /// <param name="rows">So many of them count.</param>
    /// <param name="survivors">Receives the bits of each row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Survivors(int group, int place, int rows, ulong* survivors)
    {
        int first = group * ByteTile.Queries, width = Width(group), count = 0;
        for (int i = 0; i < rows; i++)
            survivors[i] = 0;
        for (int offset = 0; offset < width; offset += ByteTile.QueryStep)
        {
            Vector512<float> steps = Vector512.Load(Steps + first + offset), norms = Vector512.Load(Norms + first + offset);
            Vector512<float> errors = Vector512.Load(Errors + first + offset), limits = Vector512.Load(Limits + first + offset);
            Vector512<int> sums = Vector512.Load(Sums + first + offset);
            int* products = (int*)_products.Pointer + offset;
            for (int i = 0; i < rows; i++, products += ByteTile.MaxQueries)
            {
                ref RowTerms terms = ref _terms[place + i];
                Vector512<float> product = Vector512.ConvertToSingle(Vector512.Load(products) - (sums * terms.Zero));
                Vector512<float> value = (product * steps * terms.Factor) + Vector512.Create(terms.Base) - (norms * terms.Error) - (errors * terms.Norm);

                // Written so that NaN survives.
                ulong some = ~Vector512.GreaterThan(value, limits).ExtractMostSignificantBits() & 0xFFFF;
                survivors[i] |= some << offset;
                count += System.Numerics.BitOperations.PopCount(some);
            }
        }

        _survivors += _loaded > FirstRows ? count : 0;
    }

    /// <summary>Counts a row that <see cref="CodeScreen"/> could not rule out either.</summary>
    public void CountCandidate() => _candidates += _loaded > FirstRows ? 1 : 0;

    private sbyte* Group(int group) => (sbyte*)_packed.Pointer + ((nint)group * ByteTile.Queries * _padded);

    private static PinnedBuffer AtLeast(PinnedBuffer buffer, long bytes) => buffer.Length >= bytes ? buffer : new PinnedBuffer(bytes);

    private readonly record struct RowTerms(float Base, float Factor, float Error, float Norm, int Zero);
}
