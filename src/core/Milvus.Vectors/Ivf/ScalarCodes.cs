using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Scalar codes of the rows (of rows of length one for the cosine metric). A row is compared exactly unless the estimate from its code is
/// so far beyond the worst result held that rounding, four standard deviations of it, cannot explain the difference.
/// </summary>
internal sealed unsafe class ScalarCodes : IvfCodes
{
    private const float Deviations = 4;

    /// <summary>Room for float32 rounding of the sums that estimates are made of.</summary>
    private const float Rounding = 4e-6f;

    private readonly ScalarQuantiser _quantiser;
    private readonly IvfLists _lists;
    private readonly PinnedBuffer _codes;
    private readonly PinnedBuffer? _squares;
    private readonly float _spread;
    private readonly float _largestSquare;

    private ScalarCodes(ScalarQuantiser quantiser, IvfLists lists, PinnedBuffer codes, PinnedBuffer? squares, float spread)
    {
        _quantiser = quantiser;
        _lists = lists;
        _codes = codes;
        _squares = squares;
        _spread = spread;
        for (int place = 0; squares is not null && place < lists.RowCount; place++)
            _largestSquare = Math.Max(_largestSquare, ((float*)squares.Pointer)[place]);
    }

    public override long MemoryBytes => _codes.MemoryBytes + (_squares?.MemoryBytes ?? 0) + (2L * _quantiser.Dimension * sizeof(float));

    public override int BytesPerRow => _quantiser.CodeBytes + (_squares is null ? 0 : sizeof(float));

    public override long PayloadBytes => Bytes(_quantiser.Bits, _quantiser.Dimension, _lists.RowCount, _squares is not null);

    /// <summary>Codes all rows; the bounds of every component are those of the rows.</summary>
    public static ScalarCodes Encode(VectorStore store, MetricType metric, IvfParameters parameters, IvfLists lists, CancellationToken cancellation)
    {
        var source = new FloatRows(store, metric == MetricType.Cosine);
        int dimension = store.Dimension;
        ScalarQuantiser quantiser = Train(source, parameters.Bits);
        var codes = new PinnedBuffer((long)lists.RowCount * quantiser.CodeBytes);
        PinnedBuffer? squares = metric == MetricType.L2 ? new PinnedBuffer((long)lists.RowCount * sizeof(float)) : null;
        float spread = 0;
        var gate = new Lock();
        BuildThreads.ForBlocks(lists.RowCount, 1024, parameters.Threads, cancellation, (first, some) =>
        {
            var row = new PinnedBuffer((long)dimension * sizeof(float));
            var wide = new PinnedBuffer(quantiser.PaddedDimension);
            float widest = 0;
            for (int place = first; place < first + some; place++)
            {
                source.Read(lists.Rows[place], (float*)row.Pointer);
                byte* code = codes.Pointer + ((nint)place * quantiser.CodeBytes);
                quantiser.Encode((float*)row.Pointer, code);
                if (squares is not null)
                    ((float*)squares.Pointer)[place] = TiledQueries.SquaredNorm((float*)row.Pointer, dimension);
                quantiser.Unpack(code, wide.Pointer);
                widest = Math.Max(widest, Spread(wide.Span[..dimension], ScalarQuery.Middle(quantiser.Bits)));
            }

            GC.KeepAlive(row);
            GC.KeepAlive(wide);
            lock (gate)
                spread = Math.Max(spread, widest);
        });
        return new ScalarCodes(quantiser, lists, codes, squares, spread);
    }

    public static ScalarCodes Read(VectorStore store, MetricType metric, IvfParameters parameters, IvfLists lists, PayloadReader reader, string sourceName)
    {
        float[] least = new float[store.Dimension], step = new float[store.Dimension], spread = new float[1];
        foreach (float[] numbers in new[] { least, step, spread })
        {
            reader.Read(MemoryMarshal.AsBytes(numbers.AsSpan()));
            IvfFile.CheckFinite(numbers, sourceName);
        }

        if (step.Any(s => s < 0))
            throw new IntegrityException(sourceName, "the vector index holds a negative step");
        ScalarQuantiser quantiser = ScalarQuantiser.Restore(parameters.Bits, least, step);
        PinnedBuffer codes = reader.TakePart((long)lists.RowCount * quantiser.CodeBytes);
        PinnedBuffer squares = reader.TakePart(metric == MetricType.L2 ? (long)lists.RowCount * sizeof(float) : 0);
        IvfFile.CheckFinite(MemoryMarshal.Cast<byte, float>(squares.Span), sourceName);

        return new ScalarCodes(quantiser, lists, codes, metric == MetricType.L2 ? squares : null, spread[0]);
    }

    public override void Write(PayloadWriter writer)
    {
        writer.Write(MemoryMarshal.AsBytes(_quantiser.Least));
        writer.Write(MemoryMarshal.AsBytes(_quantiser.Step));
        float spread = _spread;
        writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<float>(in spread)));
        writer.WritePart(_codes.Span);
        writer.WritePart(_squares is null ? default : _squares.Span);
        GC.KeepAlive(this);
    }

    public override void Begin(in IvfSearch search)
    {
        IvfScratch scratch = search.Scratch;
        ScalarQuery query = ScalarQuery.Of(_quantiser, scratch.Query, _spread, (sbyte*)scratch.Tables(_quantiser.PaddedDimension));
        float factor = _squares is null ? 1 : 2;
        float scale = _squares is null ? MathF.Abs(query.Offset) + scratch.SquaredNorm : scratch.SquaredNorm + _largestSquare;
        scratch.QueryScale = factor * query.Factor;

        // The estimate is offset − scale × sum, plus the row's square for L2; where it rules rows out it is as small as its errors allow.
        float caution = search.Ranks ? 0 : (factor * Deviations * query.Deviation) + (Rounding * scale);
        scratch.QueryOffset = (_squares is null ? 0 : scratch.SquaredNorm) - (factor * query.Offset) - caution;
    }

    public override void Scan(in IvfSearch search, int list, RowFilter filter, TopK results)
    {
        if (_quantiser.Bits != 8)
            ScanPacked(search, list, filter, results);
        else if (AvxVnni.IsSupported)
            Scan<CodeLanesVnni>(search, list, filter, results);
        else if (Avx512BW.IsSupported)
            Scan<CodeLanes512>(search, list, filter, results);
        else if (Avx2.IsSupported)
            Scan<CodeLanes256>(search, list, filter, results);
        else
            Scan<CodeLanesPortable>(search, list, filter, results);
        search.Scratch.Survivors.Flush(search, results);
    }

    private static ScalarQuantiser Train(FloatRows source, int bits)
    {
        int dimension = source.Dimension;
        float[] row = new float[dimension], least = new float[dimension], largest = new float[dimension];
        Array.Fill(least, float.PositiveInfinity);
        Array.Fill(largest, float.NegativeInfinity);
        fixed (float* start = row)
        {
            for (int i = 0; i < source.Count; i++)
            {
                source.Read(i, start);
                for (int k = 0; k < dimension; k++)
                {
                    least[k] = Math.Min(least[k], row[k]);
                    largest[k] = Math.Max(largest[k], row[k]);
                }
            }
        }

        return ScalarQuantiser.For(bits, least, largest);
    }

    private static float Spread(ReadOnlySpan<byte> code, int middle)
    {
        long sum = 0;
        foreach (byte value in code)
            sum += (value - middle) * (value - middle);
        return sum;
    }

    private static long Bytes(int bits, int dimension, int rows, bool squares) =>
        (((2L * dimension) + 1) * sizeof(float)) + ((long)rows * (((dimension + 63) / 64 * 8 * bits) + (squares ? sizeof(float) : 0)));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scan<TLanes>(in IvfSearch search, int list, RowFilter filter, TopK results)
        where TLanes : struct, ICodeLanes
    {
        IvfScratch scratch = search.Scratch;
        sbyte* weights = (sbyte*)scratch.Tables(_quantiser.PaddedDimension);
        int bytes = _quantiser.CodeBytes, width = _quantiser.PaddedDimension;
        int place = _lists.Start(list), end = place + _lists.Size(list);
        for (; place < end; place++)
            Offer(search, place, TLanes.Dot(_codes.Pointer + ((nint)place * bytes), weights, width), filter, results);
    }

    /// <summary>Codes of 4 and 6 bits are unpacked row by row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanPacked(in IvfSearch search, int list, RowFilter filter, TopK results)
    {
        IvfScratch scratch = search.Scratch;
        int width = _quantiser.PaddedDimension;
        sbyte* weights = (sbyte*)scratch.Tables(width);
        byte* wide = scratch.Work(width);
        int end = _lists.Start(list) + _lists.Size(list);
        for (int place = _lists.Start(list); place < end; place++)
        {
            if (!filter.Passes(_lists.Rows[place]))
                continue;
            _quantiser.Unpack(_codes.Pointer + ((nint)place * _quantiser.CodeBytes), wide);
            int dot = AvxVnni.IsSupported ? CodeLanesVnni.Dot(wide, weights, width)
                : Avx2.IsSupported ? CodeLanes256.Dot(wide, weights, width) : CodeLanesPortable.Dot(wide, weights, width);
            Offer(search, place, dot, RowFilter.All, results);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Offer(in IvfSearch search, int place, int dot, RowFilter filter, TopK results)
    {
        IvfScratch scratch = search.Scratch;
        float least = scratch.QueryOffset - (scratch.QueryScale * dot) + (_squares is null ? 0 : ((float*)_squares.Pointer)[place]);
        if (least > search.Bound(results))
            return;
        int row = _lists.Rows[place];
        if (filter.Passes(row))
            search.Take(row, least, results);
    }
}
