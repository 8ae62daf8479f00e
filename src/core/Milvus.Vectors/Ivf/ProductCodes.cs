using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Product codes of what remains of the rows after their list's centroid is taken off. Rows are ranked by estimates, and the best few
/// times as many as are wanted are compared exactly. Numbers of up to four bits are scanned 32 rows at a time
/// (<see cref="NibbleScan"/>), wider ones by table lookups.
/// </summary>
/// <remarks>
/// With c the centroid and r the decoded remainder, |q − c − r|² = |q − c|² + (|r|² + 2cr) − 2qr: the middle term belongs to the row, and
/// the table of qr to the query alone, whatever the list.
/// </remarks>
internal abstract unsafe class ProductCodes : IvfCodes
{
    private const int TrainedRows = 65536;
    private const int RowsPerBlock = 512;

    private protected ProductCodes(ProductQuantiser quantiser, IvfLists lists, bool isProduct)
    {
        Quantiser = quantiser;
        Lists = lists;
        IsProduct = isProduct;
    }

    private protected ProductQuantiser Quantiser { get; }

    private protected IvfLists Lists { get; }

    /// <summary>The metric is IP or cosine.</summary>
    private protected bool IsProduct { get; }

    /// <summary>Codes all rows.</summary>
    public static ProductCodes Encode(
        VectorStore store, MetricType metric, IvfParameters parameters, VectorStore centroids, IvfLists lists, CancellationToken cancellation)
    {
        int dimension = store.Dimension;
        var source = new FloatRows(store, metric == MetricType.Cosine);
        int[] sample = KMeans.Sample(lists.RowCount, Math.Min(lists.RowCount, Math.Min(TrainedRows, 64 << parameters.Bits)), new Random((int)parameters.Seed));
        var training = new PinnedBuffer((long)sample.Length * dimension * sizeof(float));
        int[] listOf = ListOfPlaces(lists);
        for (int i = 0; i < sample.Length; i++)
            Remainder(source, lists.Rows[sample[i]], (float*)centroids.RowPointer(listOf[sample[i]]), (float*)training.Pointer + ((long)i * dimension));
        ProductQuantiser quantiser = ProductQuantiser.Train(
            (float*)training.Pointer, sample.Length, dimension, parameters.Parts, parameters.Bits, parameters.Seed, parameters.Threads, cancellation);
        GC.KeepAlive(training);

        ProductCodes codes = Of(quantiser, lists, metric, null);
        BuildThreads.ForBlocks(lists.RowCount, RowsPerBlock, parameters.Threads, cancellation, (first, some) =>
        {
            var rows = new PinnedBuffer((long)some * dimension * sizeof(float));
            var numbers = new PinnedBuffer((long)some * quantiser.Parts * sizeof(ushort));
            var decoded = new PinnedBuffer((long)dimension * sizeof(float));
            for (int i = 0; i < some; i++)
                Remainder(source, lists.Rows[first + i], (float*)centroids.RowPointer(listOf[first + i]), (float*)rows.Pointer + ((long)i * dimension));
            quantiser.Encode((float*)rows.Pointer, some, (ushort*)numbers.Pointer);
            lock (codes)
            {
                for (int i = 0; i < some; i++)
                {
                    ushort* code = (ushort*)numbers.Pointer + ((long)i * quantiser.Parts);
                    quantiser.Decode(code, (float*)decoded.Pointer);
                    float term = codes.IsProduct ? 0 : RowTerm((float*)decoded.Pointer, (float*)centroids.RowPointer(listOf[first + i]), dimension);
                    codes.Set(listOf[first + i], first + i, code, term);
                }
            }

            GC.KeepAlive(rows);
            GC.KeepAlive(numbers);
            GC.KeepAlive(decoded);
        });
        GC.KeepAlive(centroids);
        return codes;
    }

    public static ProductCodes Read(VectorStore store, MetricType metric, IvfParameters parameters, IvfLists lists, PayloadReader reader, string sourceName)
    {
        var centroids = new PinnedBuffer(((long)store.Dimension << parameters.Bits) * sizeof(float));
        reader.Read(centroids.Span);
        IvfFile.CheckFinite(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(centroids.Span), sourceName);
        ProductCodes codes = Of(ProductQuantiser.Restore(store.Dimension, parameters.Parts, parameters.Bits, centroids), lists, metric, reader);
        codes.Check(sourceName);
        return codes;
    }

    public override void Write(PayloadWriter writer)
    {
        writer.Write(Quantiser.CentroidSpan);
        WriteCodes(writer);
    }

    public override bool OnlyRanks => true;

    public override void Begin(in IvfSearch search) => Prepare(search);

    public override void Scan(in IvfSearch search, int list, RowFilter filter, TopK results)
    {
        // Estimates do not tell on which side of a bound a row lies.
        if (!search.Ranks)
        {
            int end = Lists.Start(list) + Lists.Size(list);
            for (int place = Lists.Start(list); place < end; place++)
            {
                if (filter.Passes(Lists.Rows[place]))
                    search.Scratch.Survivors.Add(Lists.Rows[place], search, results);
            }

            search.Scratch.Survivors.Flush(search, results);
            return;
        }

        float* centroid = (float*)search.Index.Centroids.RowPointer(list);
        float constant = IsProduct
            ? -RowProduct(search.Scratch.Query, centroid, Quantiser.Dimension)
            : KMeans.SquaredDistance(search.Scratch.Query, centroid, Quantiser.Dimension);
        Estimate(search, list, constant, filter, search.Scratch.Candidates);
        GC.KeepAlive(search.Index);
    }

    /// <summary>Stores a row's code and its term.</summary>
    private protected abstract void Set(int list, int place, ushort* code, float term);

    /// <summary>Makes the query's tables.</summary>
    private protected abstract void Prepare(in IvfSearch search);

    /// <summary>Offers estimates of a list's rows.</summary>
    /// <param name="constant">What belongs to the list and the query.</param>
    private protected abstract void Estimate(in IvfSearch search, int list, float constant, RowFilter filter, TopK candidates);

    private protected abstract void WriteCodes(PayloadWriter writer);

    /// <exception cref="IntegrityException">What was read names what does not exist.</exception>
    private protected abstract void Check(string sourceName);

    /// <summary>The list of each place.</summary>
    internal static int[] ListOfPlaces(IvfLists lists)
    {
        var listOf = new int[lists.RowCount];
        for (int list = 0; list < lists.Count; list++)
            Array.Fill(listOf, list, lists.Start(list), lists.Size(list));
        return listOf;
    }

    /// <summary>Reads a row and takes the centroid off.</summary>
    internal static void Remainder(FloatRows source, int row, float* centroid, float* target)
    {
        source.Read(row, target);
        for (int k = 0; k < source.Dimension; k++)
            target[k] -= centroid[k];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float RowProduct(float* left, float* right, int dimension)
    {
        Vector512<float> sum = default;
        int k = 0;
        for (; k <= dimension - 16; k += 16)
            sum = Vector512.MultiplyAddEstimate(Vector512.Load(left + k), Vector512.Load(right + k), sum);
        float total = Vector512.Sum(sum);
        for (; k < dimension; k++)
            total += left[k] * right[k];
        return total;
    }

    private static float RowTerm(float* decoded, float* centroid, int dimension) =>
        TiledQueries.SquaredNorm(decoded, dimension) + (2 * RowProduct(decoded, centroid, dimension));

    /// <param name="source">Where the codes come from, which then are only read; null for codes to be made.</param>
    private static ProductCodes Of(ProductQuantiser quantiser, IvfLists lists, MetricType metric, PayloadReader? source)
    {
        bool isProduct = metric is MetricType.IP or MetricType.Cosine;
        return quantiser.Bits <= 4 ? new NibbleProductCodes(quantiser, lists, isProduct, source) : new WideProductCodes(quantiser, lists, isProduct, source);
    }
}

/// <summary>Numbers of more than four bits, each in one or two bytes.</summary>
internal sealed unsafe class WideProductCodes : ProductCodes
{
    private readonly PinnedBuffer _codes;
    private readonly PinnedBuffer _terms;
    private readonly int _bytes;

    public WideProductCodes(ProductQuantiser quantiser, IvfLists lists, bool isProduct, PayloadReader? source)
        : base(quantiser, lists, isProduct)
    {
        _bytes = quantiser.Parts * (quantiser.Bits > 8 ? 2 : 1);
        long codeBytes = (long)_bytes * lists.RowCount, termBytes = isProduct ? 0 : (long)lists.RowCount * sizeof(float);
        _codes = source?.TakePart(codeBytes) ?? new PinnedBuffer(codeBytes);
        _terms = source?.TakePart(termBytes) ?? new PinnedBuffer(termBytes);
    }

    public override long MemoryBytes => _codes.MemoryBytes + _terms.MemoryBytes + Quantiser.CentroidBytes;

    public override int BytesPerRow => _bytes + (IsProduct ? 0 : sizeof(float));

    public override long PayloadBytes => Quantiser.CentroidBytes + _codes.Length + _terms.Length;

    private protected override void Set(int list, int place, ushort* code, float term)
    {
        byte* target = _codes.Pointer + ((nint)place * _bytes);
        for (int part = 0; part < Quantiser.Parts; part++)
        {
            if (Quantiser.Bits > 8)
                ((ushort*)target)[part] = code[part];
            else
                target[part] = (byte)code[part];
        }

        if (!IsProduct)
            ((float*)_terms.Pointer)[place] = term;
    }

    private protected override void Prepare(in IvfSearch search)
    {
        byte* query = Table(search);
        Quantiser.Products(search.Scratch.Query, ProductTable.Products(query, Quantiser.Parts, Quantiser.Count));
        ProductTable.Set(query, Quantiser.Parts, Quantiser.Count, IsProduct ? -1 : -2, 0);
    }

    private byte* Table(in IvfSearch search) => search.Scratch.Tables(ProductTable.Bytes(Quantiser.Parts, Quantiser.Count));

    private protected override void Estimate(in IvfSearch search, int list, float constant, RowFilter filter, TopK candidates)
    {
        if (Quantiser.Bits > 8 && ProductTable.IsFine(Quantiser.Parts))
            Estimate<ProductKernel<ushort, ushort>>(search, list, constant, filter, candidates);
        else if (Quantiser.Bits > 8)
            Estimate<ProductKernel<ushort, byte>>(search, list, constant, filter, candidates);
        else if (ProductTable.IsFine(Quantiser.Parts))
            Estimate<ProductKernel<byte, ushort>>(search, list, constant, filter, candidates);
        else
            Estimate<ProductKernel<byte, byte>>(search, list, constant, filter, candidates);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Estimate<TKernel>(in IvfSearch search, int list, float constant, RowFilter filter, TopK candidates)
        where TKernel : struct, IVectorKernel
    {
        byte* query = Table(search);
        float* terms = (float*)_terms.Pointer;
        float* estimates = stackalloc float[4];
        int place = Lists.Start(list), end = place + Lists.Size(list);
        for (; filter.PassesAll && place <= end - 4; place += 4)
        {
            byte* code = _codes.Pointer + ((nint)place * _bytes);
            TKernel.Distance4(query, code, code + _bytes, code + (2 * _bytes), code + (3 * _bytes), Quantiser.Parts, estimates);
            for (int i = 0; i < 4; i++)
                candidates.Add(Lists.Rows[place + i], constant + (IsProduct ? 0 : terms[place + i]) + estimates[i]);
        }

        for (; place < end; place++)
        {
            if (filter.Passes(Lists.Rows[place]))
                candidates.Add(Lists.Rows[place], constant + (IsProduct ? 0 : terms[place]) + TKernel.Distance(query, _codes.Pointer + ((nint)place * _bytes), Quantiser.Parts));
        }
    }

    private protected override void WriteCodes(PayloadWriter writer)
    {
        writer.WritePart(_codes.Span);
        writer.WritePart(_terms.Span);
        GC.KeepAlive(this);
    }

    private protected override void Check(string sourceName)
    {
        IvfFile.CheckFinite(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(_terms.Span), sourceName);
        uint largest = 0;
        if (Quantiser.Bits > 8)
        {
            foreach (ushort number in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(_codes.Span))
                largest = Math.Max(largest, number);
        }
        else
        {
            foreach (byte number in _codes.Span)
                largest = Math.Max(largest, number);
        }

        if (largest >= Quantiser.Count)
            throw new IntegrityException(sourceName, "the vector index names a centroid that does not exist");
    }
}

/// <summary>Numbers of up to four bits, 32 rows at a time.</summary>
internal sealed unsafe class NibbleProductCodes : ProductCodes
{
    private readonly NibbleBlocks _blocks;

    public NibbleProductCodes(ProductQuantiser quantiser, IvfLists lists, bool isProduct, PayloadReader? source)
        : base(quantiser, lists, isProduct) => _blocks = new NibbleBlocks(lists, quantiser.Parts, 1, 1, source);

    public override long MemoryBytes => _blocks.MemoryBytes + Quantiser.CentroidBytes;

    public override int BytesPerRow => _blocks.BytesPerRow;

    public override long PayloadBytes => Quantiser.CentroidBytes + _blocks.PayloadBytes;

    private protected override void Set(int list, int place, ushort* code, float term)
    {
        int within = place - Lists.Start(list);
        int block = _blocks.First(list) + (within / NibbleScan.Vectors), lane = within % NibbleScan.Vectors;
        for (int part = 0; part < Quantiser.Parts; part++)
            _blocks.Set(block, lane, 0, part, code[part]);
        _blocks.SetTerm(block, lane, 0, term);
    }

    private protected override void Prepare(in IvfSearch search)
    {
        IvfScratch scratch = search.Scratch;
        int parts = Quantiser.Parts;
        float* narrow = (float*)scratch.Work((long)parts * NibbleScan.GroupBytes * 2 * sizeof(float));
        float* numbers = narrow + (parts * NibbleScan.GroupBytes);
        Quantiser.Products(scratch.Query, narrow);
        for (int part = 0; part < parts; part++)
        {
            for (int i = 0; i < NibbleScan.GroupBytes; i++)
                numbers[(part * NibbleScan.GroupBytes) + i] = narrow[(part * Quantiser.Count) + Math.Min(i, Quantiser.Count - 1)];
        }

        NibbleTables tables = NibbleTables.Of(numbers, parts, scratch.Tables(_blocks.PlaneBytes));
        scratch.QueryOffset = tables.Offset;
        scratch.QueryScale = tables.Step;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Estimate(in IvfSearch search, int list, float constant, RowFilter filter, TopK candidates)
    {
        IvfScratch scratch = search.Scratch;
        byte* tables = scratch.Tables(_blocks.PlaneBytes);
        ushort* sums = stackalloc ushort[NibbleScan.Vectors];
        float* estimates = stackalloc float[16];
        float factor = IsProduct ? 1 : 2;
        Vector512<float> step = Vector512.Create(factor * scratch.QueryScale), offset = Vector512.Create(constant - (factor * scratch.QueryOffset));
        int place = Lists.Start(list), left = Lists.Size(list), groups = _blocks.PlaneBytes / NibbleScan.GroupBytes;
        for (int block = _blocks.First(list); left > 0; block++)
        {
            NibbleScan.Sum(_blocks.Codes(block), tables, groups, sums);
            for (int half = 0; half < 32 && half < left; half += 16)
            {
                Vector512<float> sum = Vector512.ConvertToSingle(Widen(sums + half));
                Vector512<float> values = offset + Vector512.Load(_blocks.Terms(block) + half) - (sum * step);
                ulong near = Vector512.LessThanOrEqual(values, Vector512.Create(candidates.Bound)).ExtractMostSignificantBits();
                if (left - half < 16)
                    near &= (1UL << (left - half)) - 1;
                if (near == 0)
                    continue;
                values.Store(estimates);
                for (; near != 0; near &= near - 1)
                {
                    int lane = BitOperations.TrailingZeroCount(near);
                    int row = Lists.Rows[place + half + lane];
                    if (filter.Passes(row))
                        candidates.Add(row, estimates[lane]);
                }
            }

            place += NibbleScan.Vectors;
            left -= NibbleScan.Vectors;
        }
    }

    private protected override void WriteCodes(PayloadWriter writer) => _blocks.Write(writer);

    private protected override void Check(string sourceName) => _blocks.Check(sourceName);

    /// <summary>Sixteen sums as 32-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<int> Widen(ushort* sums)
    {
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(sums));
        return Vector512.Create(low, high).AsInt32();
    }
}
