using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// RaBitQ codes (<see cref="RaBitQuantiser"/>) of what remains of the rows after their list's centroid is taken off. Each bit of the
/// codes is a plane of 4-bit indexes, four components each, into one table of the query, scanned 32 rows at a time. A row is compared
/// exactly unless its estimate is beyond the worst result held by more than the estimate's error explains.
/// </summary>
/// <remarks>
/// With r = x − c, y its code, R its rescaling and P the rotation, r(q − c) is estimated by R(⟨y,Pq⟩ − ⟨y,Pc⟩): the error is
/// proportional to |q − c| although the table is of q alone. Hence |q − x|² = |q − c|² + (|r|² + 2R⟨y,Pc⟩) − 2R⟨y,Pq⟩, and
/// −qx = −qc + (R⟨y,Pc⟩ − rc) − R⟨y,Pq⟩; the brackets belong to the row.
/// </remarks>
internal sealed unsafe class RaBitQCodes : IvfCodes
{
    /// <summary>Standard deviations of an estimate that its row is given: one in a hundred true results is taken for farther than it is.</summary>
    private const float Deviations = 2.3f;

    private const int MostQueryBits = 8;
    private const int TermAdd = 0, TermRescale = 1, TermError = 2, RowTerms = 3;
    private const int RowsPerBlock = 512;
    private const int PerGroup = 4;

    private readonly RaBitQuantiser _quantiser;
    private readonly IvfLists _lists;
    private readonly NibbleBlocks _blocks;
    private readonly bool _isProduct;

    private RaBitQCodes(RaBitQuantiser quantiser, IvfLists lists, bool isProduct, PayloadReader? source = null)
    {
        _quantiser = quantiser;
        _lists = lists;
        _isProduct = isProduct;
        _blocks = new NibbleBlocks(lists, quantiser.CodedDimension / PerGroup, quantiser.Bits, RowTerms, source);
    }

    public override long MemoryBytes => _blocks.MemoryBytes;

    public override int BytesPerRow => _blocks.BytesPerRow;

    public override long PayloadBytes => _blocks.PayloadBytes;

    public static RaBitQCodes Encode(
        VectorStore store, MetricType metric, IvfParameters parameters, VectorStore centroids, IvfLists lists, CancellationToken cancellation)
    {
        var codes = new RaBitQCodes(new RaBitQuantiser(store.Dimension, parameters.Bits, parameters.Seed), lists, metric != MetricType.L2);
        var source = new FloatRows(store, metric == MetricType.Cosine);
        RaBitQuantiser quantiser = codes._quantiser;
        int dimension = store.Dimension, coded = quantiser.CodedDimension;
        var rotated = new PinnedBuffer((long)lists.Count * coded * sizeof(float));
        for (int list = 0; list < lists.Count; list++)
            quantiser.Rotate(new ReadOnlySpan<float>(centroids.RowPointer(list), dimension), new Span<float>((float*)rotated.Pointer + ((long)list * coded), coded));

        // Lists do not share blocks, so threads may fill them at once.
        BuildThreads.ForBlocks(lists.Count, 1, parameters.Threads, cancellation, (list, _) =>
        {
            var room = new PinnedBuffer((dimension + coded) * sizeof(float));
            var code = new PinnedBuffer(coded * sizeof(ushort));
            float* remainder = (float*)room.Pointer, turned = remainder + dimension;
            float* centroid = (float*)centroids.RowPointer(list), turnedCentroid = (float*)rotated.Pointer + ((long)list * coded);
            for (int i = 0; i < lists.Size(list); i++)
            {
                ProductCodes.Remainder(source, lists.Rows[lists.Start(list) + i], centroid, remainder);
                quantiser.Rotate(new ReadOnlySpan<float>(remainder, dimension), new Span<float>(turned, coded));
                RaBitTerms terms = quantiser.Encode(turned, (ushort*)code.Pointer);
                double centred = 0;
                for (int k = 0; k < coded; k++)
                    centred += (((ushort*)code.Pointer)[k] - (double)quantiser.Centre) * turnedCentroid[k];
                double shared = terms.Rescale * centred;
                codes.Set(list, i, (ushort*)code.Pointer, terms, codes._isProduct
                    ? (float)(shared - ProductCodes.RowProduct(remainder, centroid, dimension))
                    : (float)(((double)terms.Norm * terms.Norm) + (2 * shared)));
            }

            GC.KeepAlive(room);
            GC.KeepAlive(code);
        });
        GC.KeepAlive(rotated);
        GC.KeepAlive(centroids);
        return codes;
    }

    public static RaBitQCodes Read(VectorStore store, MetricType metric, IvfParameters parameters, IvfLists lists, PayloadReader reader, string sourceName)
    {
        var codes = new RaBitQCodes(new RaBitQuantiser(store.Dimension, parameters.Bits, parameters.Seed), lists, metric != MetricType.L2, reader);
        codes._blocks.Check(sourceName);
        return codes;
    }

    public override void Write(PayloadWriter writer) => _blocks.Write(writer);

    public override void Begin(in IvfSearch search)
    {
        IvfScratch scratch = search.Scratch;
        int coded = _quantiser.CodedDimension;
        float* rotated = (float*)scratch.Work((coded + (_blocks.Groups * NibbleScan.GroupBytes)) * sizeof(float));
        float* numbers = rotated + coded;
        _quantiser.Rotate(new ReadOnlySpan<float>(scratch.Query, _quantiser.Dimension), new Span<float>(rotated, coded));
        double rounding = search.Parameters.QueryBits is > 0 and var bits ? Round(new Span<float>(rotated, coded), Math.Min(bits, MostQueryBits)) : 0;
        double sum = 0;
        for (int group = 0; group < _blocks.Groups; group++)
        {
            float* four = rotated + (group * PerGroup), table = numbers + (group * NibbleScan.GroupBytes);
            table[0] = 0;
            for (int i = 1; i < NibbleScan.GroupBytes; i++)
                table[i] = table[i & (i - 1)] + four[BitOperations.TrailingZeroCount(i)];
            sum += table[NibbleScan.GroupBytes - 1];
        }

        NibbleTables tables = NibbleTables.Of(numbers, _blocks.Groups, scratch.Tables(_blocks.PlaneBytes));
        int weights = (1 << _quantiser.Bits) - 1;
        double squares = ((1L << (2 * _quantiser.Bits)) - 1) / 3.0;

        // ⟨y,Pq⟩ is offset + scale × the sum of all planes, to within rounding errors, of the tables and of the query, given as many deviations.
        double codeSquares = coded * (((1L << (2 * _quantiser.Bits)) - 1) / 12.0);
        double deviation = Math.Sqrt(((double)tables.Deviation * tables.Deviation * squares) + (rounding * rounding * codeSquares));
        scratch.QueryScale = tables.Step;
        scratch.QueryOffset = (float)(((double)weights * tables.Offset) - (_quantiser.Centre * sum));
        scratch.QuerySlack = search.Ranks ? 0 : (float)(Deviations * deviation);
    }

    public override void Scan(in IvfSearch search, int list, RowFilter filter, TopK results)
    {
        IvfScratch scratch = search.Scratch;
        float* centroid = (float*)search.Index.Centroids.RowPointer(list);
        float squared = KMeans.SquaredDistance(scratch.Query, centroid, _quantiser.Dimension);
        float constant = _isProduct ? -ProductCodes.RowProduct(scratch.Query, centroid, _quantiser.Dimension) : squared;
        Scan(search, list, constant, MathF.Sqrt(squared), filter, results);
        scratch.Survivors.Flush(search, results);
        GC.KeepAlive(search.Index);
    }

    /// <summary>Rounds components to a grid between the smallest and the largest.</summary>
    /// <returns>The standard deviation of the error of one.</returns>
    private static double Round(Span<float> components, int bits)
    {
        float least = components[0], largest = least;
        foreach (float component in components)
            (least, largest) = (Math.Min(least, component), Math.Max(largest, component));
        float step = (largest - least) / ((1 << bits) - 1);
        if (!(step > 0))
            return 0;
        foreach (ref float component in components)
            component = least + (MathF.Round((component - least) / step) * step);
        return step / Math.Sqrt(12);
    }

    private void Set(int list, int within, ushort* code, in RaBitTerms terms, float add)
    {
        int block = _blocks.First(list) + (within / NibbleScan.Vectors), lane = within % NibbleScan.Vectors;
        for (int plane = 0; plane < _quantiser.Bits; plane++)
        {
            for (int group = 0; group < _blocks.Groups; group++)
            {
                int index = 0;
                for (int i = 0; i < PerGroup; i++)
                    index |= ((code[(group * PerGroup) + i] >> plane) & 1) << i;
                _blocks.Set(block, lane, plane, group, index);
            }
        }

        float factor = _isProduct ? 1 : 2;
        _blocks.SetTerm(block, lane, TermAdd, add);
        _blocks.SetTerm(block, lane, TermRescale, factor * terms.Rescale);
        _blocks.SetTerm(block, lane, TermError, factor * Deviations * terms.Error);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scan(in IvfSearch search, int list, float constant, float distance, RowFilter filter, TopK results)
    {
        IvfScratch scratch = search.Scratch;
        byte* tables = scratch.Tables(_blocks.PlaneBytes);
        ushort* sums = stackalloc ushort[NibbleScan.Vectors];
        int groups = _blocks.PlaneBytes / NibbleScan.GroupBytes;
        Vector512<float> step = Vector512.Create(scratch.QueryScale), offset = Vector512.Create(scratch.QueryOffset + scratch.QuerySlack);
        Vector512<float> fixedPart = Vector512.Create(constant), far = Vector512.Create(search.Ranks ? 0 : distance);
        float* estimates = stackalloc float[16];
        int place = _lists.Start(list), left = _lists.Size(list);
        for (int block = _blocks.First(list); left > 0; block++)
        {
            byte* codes = _blocks.Codes(block);
            float* terms = _blocks.Terms(block);
            NibbleScan.Sum(codes, tables, groups, sums);
            Vector512<int> low = NibbleProductCodes.Widen(sums), high = NibbleProductCodes.Widen(sums + 16);
            for (int plane = 1; plane < _quantiser.Bits; plane++)
            {
                codes += _blocks.PlaneBytes;
                NibbleScan.Sum(codes, tables, groups, sums);
                low += NibbleProductCodes.Widen(sums) << plane;
                high += NibbleProductCodes.Widen(sums + 16) << plane;
            }

            for (int half = 0; half < 32 && half < left; half += 16)
            {
                Vector512<float> product = (Vector512.ConvertToSingle(half == 0 ? low : high) * step) + offset;
                Vector512<float> least = fixedPart + Vector512.Load(terms + half)
                    - (product * Vector512.Load(terms + (TermRescale * NibbleScan.Vectors) + half))
                    - (far * Vector512.Load(terms + (TermError * NibbleScan.Vectors) + half));
                ulong near = ~Vector512.GreaterThan(least, Vector512.Create(search.Bound(results))).ExtractMostSignificantBits() & 0xFFFF;
                if (left - half < 16)
                    near &= (1UL << (left - half)) - 1;
                if (near == 0)
                    continue;
                least.Store(estimates);
                for (; near != 0; near &= near - 1)
                {
                    int lane = BitOperations.TrailingZeroCount(near), row = _lists.Rows[place + half + lane];
                    if (filter.Passes(row))
                        search.Take(row, estimates[lane], results);
                }
            }

            place += NibbleScan.Vectors;
            left -= NibbleScan.Vectors;
        }
    }
}
