using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The compressed vectors that steer a search on disk: RaBitQ codes (<see cref="RaBitQuantiser"/>) of what remains of the rows after their
/// mean is taken off, of one, two or four bits per component. An entry is two terms (float32) and the packed code. Under the cosine metric
/// vectors are brought to length 1 first.
/// </summary>
/// <remarks>
/// With o the centred row, y its code, R its rescaling, c the mean and q' = q − c, ⟨o,q'⟩ is estimated by R⟨y,Pq'⟩. So
/// |q − x|² ≈ |q'|² + |o|² − 2R⟨y,Pq'⟩ and −⟨q,x⟩ ≈ −⟨c,q⟩ − ⟨o,c⟩ − R⟨y,Pq'⟩: what belongs to the row are its terms.
/// </remarks>
internal sealed unsafe class DiskCodes
{
    public const int TermBytes = 2 * sizeof(float);

    private const int MeanRows = 16384;
    private const int ChunkRows = 1024;

    private readonly RaBitQuantiser _quantiser;
    private readonly DataType _type;
    private readonly bool _normalises;
    private readonly bool _isProduct;
    private readonly PinnedBuffer _mean;
    private readonly VectorStore _entries;

    /// <param name="rows">Entries to make room for.</param>
    public DiskCodes(DataType type, int dimension, MetricType metric, int bits, ulong seed, int rows)
    {
        _quantiser = new RaBitQuantiser(dimension, bits, seed);
        _type = type;
        _normalises = metric == MetricType.Cosine;
        _isProduct = metric is MetricType.IP or MetricType.Cosine;
        _mean = new PinnedBuffer((long)dimension * sizeof(float));
        Blocks = PackedBytes(dimension, bits) / PackedDot.BlockBytes;
        EntryBytes = TermBytes + (Blocks * PackedDot.BlockBytes);
        _entries = VectorStore.CreateFull(DataType.Int8Vector, EntryBytes, rows);
    }

    public int Bits => _quantiser.Bits;

    public int Dimension => _quantiser.Dimension;

    /// <summary>Blocks of a code; see <see cref="PackedDot"/>.</summary>
    public int Blocks { get; }

    /// <summary>Bytes of one entry.</summary>
    public int EntryBytes { get; }

    public int Count => _entries.Count;

    public long MemoryBytes => _entries.MemoryBytes + _mean.MemoryBytes;

    /// <summary>Addresses of the entries; valid while this object is reachable.</summary>
    public RowReader Entries => _entries.Rows;

    /// <summary>The mean, float32.</summary>
    public Span<byte> MeanBytes => _mean.Span;

    /// <summary>Components of a prepared query.</summary>
    public int Width => Blocks * PackedDot.PerBlock(Bits);

    private float* Mean => (float*)_mean.Pointer;

    /// <summary>Bytes of a packed code, without its terms.</summary>
    public static int PackedBytes(int dimension, int bits)
    {
        int coded = RandomRotation.Pad(dimension), perBlock = PackedDot.PerBlock(bits);
        return (coded + (perBlock - 1)) / perBlock * PackedDot.BlockBytes;
    }

    /// <summary>Codes all rows of a store.</summary>
    /// <param name="medoid">The row nearest to the mean.</param>
    public static DiskCodes Encode(VectorStore store, MetricType metric, int bits, ulong seed, int threads, out int medoid)
    {
        var codes = new DiskCodes(store.Type, store.Dimension, metric, bits, seed, store.Count);
        codes.FitMean(store);
        var norms = new float[store.Count];
        Workers.Run(threads, (store.Count + (ChunkRows - 1)) / ChunkRows, () =>
        {
            var vector = new PinnedBuffer(((long)store.Dimension + codes._quantiser.CodedDimension) * sizeof(float));
            var code = new ushort[codes._quantiser.CodedDimension];
            return chunk =>
            {
                for (int row = chunk * ChunkRows; row < Math.Min(store.Count, (chunk + 1) * ChunkRows); row++)
                    norms[row] = codes.Encode(store.Type, store.RowPointer(row), codes.Entries.Pointer(row), (float*)vector.Pointer, code);
                GC.KeepAlive(vector);
            };
        });
        medoid = 0;
        for (int row = 1; row < norms.Length; row++)
        {
            if (norms[row] < norms[medoid])
                medoid = row;
        }

        return codes;
    }

    /// <summary>The same space with only some of the entries, numbered from 0.</summary>
    public DiskCodes Take(DiskCodes empty, ReadOnlySpan<int> rows)
    {
        _mean.Span.CopyTo(empty._mean.Span);
        for (int i = 0; i < rows.Length; i++)
            new ReadOnlySpan<byte>(Entries.Pointer(rows[i]), EntryBytes).CopyTo(new Span<byte>(empty.Entries.Pointer(i), EntryBytes));
        return empty;
    }

    /// <summary>Writes mean and entries.</summary>
    public void Write(PayloadWriter writer)
    {
        writer.Write(_mean.Span);
        for (int row = 0; row < Count; row++)
            writer.Write(new ReadOnlySpan<byte>(Entries.Pointer(row), EntryBytes));
    }

    /// <exception cref="IntegrityException">Damaged.</exception>
    public void Read(PayloadReader reader, string sourceName)
    {
        reader.Read(_mean.Span);
        IvfFile.CheckFinite(MemoryMarshal.Cast<byte, float>(_mean.Span), sourceName);
        for (int row = 0; row < Count; row++)
            reader.Read(new Span<byte>(Entries.Pointer(row), EntryBytes));
    }

    public long PayloadBytes => _mean.Length + ((long)Count * EntryBytes);

    /// <summary>Prepares a query for <see cref="Estimate"/>.</summary>
    /// <param name="form">Encoding of the query.</param>
    public void Prepare(DataType form, byte* query, DiskQuery prepared)
    {
        prepared.Reserve(Dimension + _quantiser.CodedDimension, Width);
        float* vector = prepared.Vector, rotated = vector + Dimension;
        FloatRows.Decode(form, query, vector, Dimension);
        if (_normalises)
            FloatRows.Normalise(vector, Dimension);
        double squares = 0, product = 0;
        for (int i = 0; i < Dimension; i++)
        {
            product += (double)vector[i] * Mean[i];
            vector[i] -= Mean[i];
            squares += (double)vector[i] * vector[i];
        }

        _quantiser.Rotate(new ReadOnlySpan<float>(vector, Dimension), new Span<float>(rotated, _quantiser.CodedDimension));
        float largest = 0;
        for (int i = 0; i < _quantiser.CodedDimension; i++)
            largest = Math.Max(largest, Math.Abs(rotated[i]));
        float step = largest > 0 && float.IsFinite(largest) ? largest / sbyte.MaxValue : 1;
        long sum = 0;
        for (int i = 0; i < _quantiser.CodedDimension; i++)
        {
            int code = float.IsFinite(rotated[i]) ? (int)MathF.Round(rotated[i] / step) : 0;
            prepared.Codes[i] = (sbyte)Math.Clamp(code, -sbyte.MaxValue, sbyte.MaxValue);
            sum += prepared.Codes[i];
        }

        new Span<sbyte>(prepared.Codes + _quantiser.CodedDimension, Width - _quantiser.CodedDimension).Clear();
        prepared.Step = step;
        prepared.Excess = step * _quantiser.Centre * sum;
        prepared.Base = (float)(_isProduct ? -product : squares);
        GC.KeepAlive(this);
    }

    /// <summary>The estimated distance of an entry's row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Estimate(byte* entry, DiskQuery query, int blocks, int bits)
    {
        float* terms = (float*)entry;
        float product = (query.Step * PackedDot.Of(entry + TermBytes, query.Codes, blocks, bits)) - query.Excess;
        return query.Base + terms[0] - (terms[1] * product);
    }

    private float Encode(DataType type, byte* row, byte* entry, float* vector, ushort[] code)
    {
        float* rotated = vector + Dimension;
        FloatRows.Decode(type, row, vector, Dimension);
        if (_normalises)
            FloatRows.Normalise(vector, Dimension);
        double product = 0;
        for (int i = 0; i < Dimension; i++)
        {
            vector[i] -= Mean[i];
            product += (double)vector[i] * Mean[i];
        }

        _quantiser.Rotate(new ReadOnlySpan<float>(vector, Dimension), new Span<float>(rotated, _quantiser.CodedDimension));
        RaBitTerms terms;
        fixed (ushort* start = code)
        {
            terms = _quantiser.Encode(rotated, start);
            if (terms.Norm == 0)
                new Span<ushort>(start, code.Length).Clear();
        }

        ((float*)entry)[0] = _isProduct ? (float)-product : terms.Norm * terms.Norm;
        ((float*)entry)[1] = _isProduct ? terms.Rescale : 2 * terms.Rescale;
        PackedDot.Pack(code, Bits, new Span<byte>(entry + TermBytes, EntryBytes - TermBytes));
        return terms.Norm;
    }

    private void FitMean(VectorStore store)
    {
        int count = Math.Min(store.Count, MeanRows);
        var sums = new double[Dimension];
        var room = new PinnedBuffer((long)Dimension * sizeof(float));
        float* vector = (float*)room.Pointer;
        for (int i = 0; i < count; i++)
        {
            FloatRows.Decode(store.Type, store.RowPointer((int)((long)i * store.Count / count)), vector, Dimension);
            if (_normalises)
                FloatRows.Normalise(vector, Dimension);
            for (int k = 0; k < Dimension; k++)
                sums[k] += vector[k];
        }

        for (int k = 0; k < Dimension; k++)
            Mean[k] = count > 0 && double.IsFinite(sums[k]) ? (float)(sums[k] / count) : 0;
        GC.KeepAlive(room);
        GC.KeepAlive(store);
    }
}

/// <summary>A query in the form codes are compared with; reused from search to search.</summary>
internal sealed unsafe class DiskQuery
{
    private PinnedBuffer _vector = new(0);
    private PinnedBuffer _codes = new(0);

    /// <summary>Working room.</summary>
    public float* Vector => (float*)_vector.Pointer;

    public sbyte* Codes => (sbyte*)_codes.Pointer;

    public float Step { get; set; }

    public float Excess { get; set; }

    public float Base { get; set; }

    public void Reserve(int floats, int codes)
    {
        if (_vector.Length < floats * sizeof(float))
            _vector = new PinnedBuffer((long)floats * sizeof(float));
        if (_codes.Length < codes)
            _codes = new PinnedBuffer(codes);
    }
}
