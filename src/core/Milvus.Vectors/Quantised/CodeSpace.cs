using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// How vectors become one byte per component: the rows' mean is taken off, what remains is rounded to multiples of one step for all
/// components (the coarsest that the rows of a sample survive best), and 128 added. Vectors of whole numbers within 256 values keep
/// them exactly. Under the cosine metric vectors are brought to length 1 first. Optionally rotates at random before, and keeps only the
/// components along a <see cref="Subspace"/> where that tells near rows apart: what lies outside counts by its length alone.
/// </summary>
/// <remarks>Immutable. Determined by the rows, but stored with their codes (<see cref="GraphCodesFile"/>): finding it again would take a sample of them.</remarks>
internal sealed unsafe class CodeSpace
{
    private const int SampleRows = 4096;
    private const int StepRows = 256;
    private const int Zero = 128;

    /// <summary>Floats kept beside a reduced vector: one number, on a cache line of its own.</summary>
    private const int Aside = 16;

    /// <summary>Finding a subspace of more components takes longer than it saves.</summary>
    private const int MaxReducedDimension = 2048;

    /// <summary>
    /// See <see cref="Subspace.Fit"/>: with a hundredth a graph over images of digits found less at wide beams. What a sample shows differs by half a
    /// thousandth from the next one.
    /// </summary>
    private const float ReductionTolerance = 0.004f;

    /// <summary>
    /// The same for codes that only lead a beam through a graph which better ones have built: with up to 0.04 the beams found what they find by these, over images of digits and over
    /// descriptors of 128 components, and where they do not a trial tells (<see cref="CoarseTrial"/>).
    /// </summary>
    private const float CoarseTolerance = 0.035f;

    private readonly DataType _type;
    private readonly bool _normalises;
    private readonly float _offsetSquares;
    private readonly bool _isWhole;
    private readonly InverseNorm? _norm;
    private PinnedBuffer? _offset;
    private Subspace? _subspace;

    private CodeSpace(VectorStore store, MetricType metric, RandomRotation? rotation, int widestSubspace, out CodeSpace? coarse)
    {
        CodeSpaceState? coarser = null;
        _type = store.Type;
        Dimension = store.Dimension;
        IsProduct = metric is MetricType.IP or MetricType.Cosine;
        _normalises = metric == MetricType.Cosine;
        if (_normalises)
            _norm = InverseNorm.For(DataType.FloatVector, Dimension);
        if (widestSubspace > 0)
            coarser = Reduce(store, rotation, widestSubspace);
        if (_subspace is null)
        {
            Rotation = rotation;
            Width = rotation?.PaddedDimension ?? Dimension;
            Length = FullLength = CodeLanes.Pad(Width);
            _offset = NewVector();
        }

        int[] sample = Sample(store, SampleRows);
        PinnedBuffer room = NewVector();
        _isWhole = rotation is null && _subspace is null && !_normalises && FitWhole(store, sample, (float*)room.Pointer);
        if (!_isWhole && _subspace is null)
            FitMean(store, sample, (float*)room.Pointer);
        if (!_isWhole && sample.Length > 0)
            Step = BestStep(store, Sample(store, StepRows));
        GC.KeepAlive(room);
        _offsetSquares = OffsetSquares();
        coarse = coarser is null ? null : new CodeSpace(_type, metric, coarser);
        if (coarse is not null)
            coarse.Step = coarse.BestStep(store, Sample(store, StepRows));
    }

    private CodeSpace(DataType type, MetricType metric, CodeSpaceState state)
    {
        _type = type;
        Dimension = state.Dimension;
        IsProduct = metric is MetricType.IP or MetricType.Cosine;
        _normalises = metric == MetricType.Cosine;
        if (_normalises)
            _norm = InverseNorm.For(DataType.FloatVector, Dimension);
        Rotation = state.Rotation;
        _subspace = state.Subspace;
        _isWhole = state.IsWhole;
        Step = state.Step;
        FullLength = state.FullLength;
        Width = _subspace?.Width ?? Rotation?.PaddedDimension ?? Dimension;
        Length = _subspace?.Width ?? FullLength;
        _offset = new PinnedBuffer((long)FullLength * sizeof(float));
        state.Offset.CopyTo(new Span<float>(Offset, FullLength));
        _offsetSquares = OffsetSquares();
    }

    public int Dimension { get; }

    /// <summary>Components that codes are made of: the rotation may pad, a subspace has fewer.</summary>
    public int Width { get; private set; }

    /// <summary>Bytes of a code, and floats of a centred vector; those beyond <see cref="Width"/> are zero.</summary>
    public int Length { get; private set; }

    /// <summary>Floats of a vector before a subspace is taken.</summary>
    public int FullLength { get; private set; }

    /// <summary>True when codes are made of the components along a subspace.</summary>
    public bool IsReduced => _subspace is not null;

    public long MemoryBytes => (_offset?.MemoryBytes ?? 0) + (_subspace?.MemoryBytes ?? 0);

    /// <summary>Bytes of a vector in this space's working form.</summary>
    public int VectorBytes => _subspace is null ? Length * sizeof(float) : ((Length + Aside + FullLength) * sizeof(float)) + _subspace.RoomBytes;

    public bool IsProduct { get; }

    public RandomRotation? Rotation { get; private set; }

    /// <summary>The difference between neighbouring codes.</summary>
    public float Step { get; private set; } = 1;

    /// <summary>What is taken off every vector, <see cref="FullLength"/> components.</summary>
    private float* Offset => (float*)_offset!.Pointer;

    /// <summary>Bytes of a query made by <see cref="Prepare"/>.</summary>
    public int QueryBytes => Length + (3 * sizeof(float));

    /// <summary>Fits a space to the rows a store holds, by a sample.</summary>
    /// <param name="rotation">Applied first; null for none, where none is needed for a subspace.</param>
    /// <param name="widestSubspace">Most components to keep of vectors that lie near a subspace; 0 keeps all.</param>
    public static CodeSpace Fit(VectorStore store, MetricType metric, RandomRotation? rotation = null, int widestSubspace = 0) =>
        new(store, metric, rotation, widestSubspace, out _);

    /// <summary>Also fits a space of fewer components, by which neighbours can still be told from others, if not quite from each other; null where there is none.</summary>
    public static CodeSpace Fit(VectorStore store, MetricType metric, RandomRotation? rotation, int widestSubspace, out CodeSpace? coarse) =>
        new(store, metric, rotation, widestSubspace, out coarse);

    /// <summary>The space that <see cref="State"/> told of, over rows of the same type by the same metric.</summary>
    public static CodeSpace Restore(DataType type, MetricType metric, CodeSpaceState state) => new(type, metric, state);

    /// <summary>All that must be known to make the same codes again.</summary>
    public CodeSpaceState State => new(Dimension, Rotation, _subspace, _isWhole, Step, new ReadOnlySpan<float>(Offset, FullLength).ToArray());

    /// <summary>True for the types that byte codes stand for.</summary>
    public static bool Serves(DataType type) => type is DataType.FloatVector or DataType.Float16Vector or DataType.BFloat16Vector or DataType.Int8Vector;

    /// <summary>Room for one vector in this space's working form.</summary>
    public PinnedBuffer NewVector()
    {
        var buffer = new PinnedBuffer(VectorBytes);
        buffer.Span.Clear();
        return buffer;
    }

    /// <summary>A stored row, centred.</summary>
    public void Centre(byte* row, float* target) => Centre(_type, row, target);

    /// <summary>Normalises, rotates, takes the mean off and keeps what lies along the subspace.</summary>
    /// <param name="type">Encoding of the vector: the rows', or float32 for queries.</param>
    /// <param name="target"><see cref="VectorBytes"/>; the first <see cref="Length"/> components are the vector.</param>
    public void Centre(DataType type, byte* vector, float* target)
    {
        if (_subspace is null)
        {
            Bring(type, vector, target);
            TakeOffMean(target, out _, out _);
            return;
        }

        float* full = target + Length + Aside;
        Bring(type, vector, full);
        TakeOffMean(full, out float squares, out float product);
        _subspace.Project(full, target, (byte*)(full + FullLength));

        // What the row, or the query, adds to a distance beyond its components.
        float beyond = Math.Max(0, squares - TiledQueries.SquaredNorm(target, Length));
        target[Length] = IsProduct ? product + (_subspace.Shared / 2 * beyond) : (1 - _subspace.Shared) * beyond;
    }

    /// <summary>Writes the code of a centred vector.</summary>
    /// <returns>The row's term of the distance: its squared length, or its product with the mean, negated.</returns>
    public float Encode(float* centred, byte* code)
    {
        if (_subspace is null)
            return Encode(centred, code, IsProduct);
        float squares = Encode(centred, code, false);
        return IsProduct ? -centred[Length] : squares + centred[Length];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float Encode(float* centred, byte* code, bool byMean)
    {
        Vector512<float> scale = Vector512.Create(1 / Step);
        Vector512<float> least = Vector512.Create(-128f), most = Vector512.Create(127f);
        Vector512<float> sum = default;
        float* offset = Offset;
        for (int i = 0; i < Length; i += 16)
        {
            Vector512<float> value = Vector512.Round(Vector512.Load(centred + i) * scale);
            value = Vector512.Min(Vector512.Max(value, least), most);
            sum += value * (byMean ? Vector512.Load(offset + i) : value);
            ByteSums.Store(Vector512.ConvertToInt32(value) + Vector512.Create(Zero), code + i);
        }

        return byMean ? -Step * Vector512.Sum(sum) : Step * Step * Vector512.Sum(sum);
    }

    /// <summary>A centred vector as the kernel's query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prepare(float* centred, byte* query)
    {
        Vector512<float> most = default, squares = default, offsets = default;
        float* offset = Offset;
        for (int i = 0; i < Length; i += 16)
        {
            Vector512<float> value = Vector512.Load(centred + i);
            most = Vector512.Max(most, Vector512.Abs(value));
            squares += value * value;
            if (_subspace is null)
                offsets += value * Vector512.Load(offset + i);
        }

        float largest = Largest(most);
        float step = (_isWhole && largest <= 127) || largest == 0 || !float.IsFinite(largest) ? 1 : largest / 127;
        Vector512<float> scale = Vector512.Create(1 / step), least = Vector512.Create(-128f), top = Vector512.Create(127f);
        Vector512<int> sum = default;
        for (int i = 0; i < Length; i += 16)
        {
            Vector512<float> value = Vector512.Min(Vector512.Max(Vector512.Round(Vector512.Load(centred + i) * scale), least), top);
            Vector512<int> code = Vector512.ConvertToInt32(value);
            sum += code;
            ByteSums.Store(code, query + i);
        }

        float* tail = (float*)(query + Length);
        tail[0] = IsProduct ? Step * step : 2 * Step * step;
        float aside = _subspace is null ? 0 : centred[Length];
        tail[1] = IsProduct ? -Vector512.Sum(offsets) - aside - _offsetSquares : Vector512.Sum(squares) + aside;
        ((int*)tail)[2] = Zero * Vector512.Sum(sum);
    }

    /// <summary>A code as the kernel's query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prepare(byte* code, float term, byte* query)
    {
        Vector512<byte> sign = Vector512.Create((byte)Zero);
        int sum = -Zero * Length;
        for (int i = 0; i < Length; i += 64)
        {
            Vector512<byte> bytes = Vector512.Load(code + i);
            (bytes ^ sign).Store(query + i);
            sum += ByteSums.Of(bytes);
        }

        float* tail = (float*)(query + Length);
        float square = Step * Step;
        tail[0] = IsProduct ? square : 2 * square;
        tail[1] = IsProduct ? term - _offsetSquares : term;
        ((int*)tail)[2] = Zero * sum;
    }

    /// <summary>The centred vector that a code stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Decode(byte* code, float* centred)
    {
        Vector512<float> step = Vector512.Create(Step);
        for (int i = 0; i < Length; i += 16)
            (Vector512.ConvertToSingle(Load(code + i) - Vector512.Create(Zero)) * step).Store(centred + i);
    }

    private float OffsetSquares()
    {
        float sum = 0;
        for (int i = 0; i < FullLength; i++)
            sum += Offset[i] * Offset[i];
        return sum;
    }

    private void Bring(DataType type, byte* vector, float* target)
    {
        if (type == DataType.FloatVector)
            new ReadOnlySpan<float>(vector, Dimension).CopyTo(new Span<float>(target, Dimension));
        else if (type == DataType.Int8Vector)
            Widen((sbyte*)vector, target);
        else
            FloatDecoder.Decode(type, vector, target, Dimension);
        new Span<float>(target + Dimension, FullLength - Dimension).Clear();
        if (_normalises)
        {
            Vector512<float> inverse = Vector512.Create(_norm!.Of((byte*)target, (byte*)target));
            for (int i = 0; i < FullLength; i += 16)
                (Vector512.Load(target + i) * inverse).Store(target + i);
        }

        Rotation?.Apply(target);
    }

    private void Widen(sbyte* vector, float* target)
    {
        for (int i = 0; i < Dimension; i++)
            target[i] = vector[i];
    }

    /// <summary>Whole numbers that fit a byte around one middle.</summary>
    private bool FitWhole(VectorStore store, int[] sample, float* room)
    {
        float least = float.MaxValue, most = float.MinValue;
        foreach (int row in sample)
        {
            Bring(_type, store.RowPointer(row), room);
            for (int i = 0; i < Width; i++)
            {
                if (room[i] != MathF.Round(room[i]))
                    return false;
                least = Math.Min(least, room[i]);
                most = Math.Max(most, room[i]);
            }
        }

        if (sample.Length == 0 || most - least > 255 || Math.Abs(least) > 1 << 20)
            return false;
        float middle = least >= -128 && most <= 127 ? 0 : least + Zero;
        new Span<float>(Offset, Width).Fill(middle);
        return true;
    }

    private void FitMean(VectorStore store, int[] sample, float* room)
    {
        if (sample.Length == 0)
            return;
        var mean = new double[FullLength];
        foreach (int row in sample)
        {
            Bring(_type, store.RowPointer(row), room);
            for (int i = 0; i < mean.Length; i++)
                mean[i] += room[i];
        }

        for (int i = 0; i < mean.Length; i++)
            Offset[i] = (float)(mean[i] / sample.Length);
    }

    /// <summary>Looks for a subspace, which sets all sizes.</summary>
    /// <returns>A space along fewer directions; null for none.</returns>
    private CodeSpaceState? Reduce(VectorStore store, RandomRotation? rotation, int widest)
    {
        int full = CodeLanes.Pad(Dimension), wanted = Subspace.SampleRows(full);
        if (Dimension > MaxReducedDimension || store.Count < wanted)
            return null;
        Rotation = rotation ?? new RandomRotation(Dimension, HnswParameters.RotationSeed);
        Width = Length = FullLength = full;
        _offset = NewVector();
        var rows = new PinnedBuffer((long)wanted * full * sizeof(float));
        int[] sample = Sample(store, wanted);
        FitMean(store, sample, (float*)rows.Pointer);
        for (int i = 0; i < wanted; i++)
        {
            float* row = (float*)rows.Pointer + ((long)i * full);
            Bring(_type, store.RowPointer(sample[i]), row);
            TakeOffMean(row, out _, out _);
        }

        (_subspace, Subspace? coarse) = Subspace.Fit((float*)rows.Pointer, wanted, full, ReductionTolerance, CoarseTolerance, widest, HnswParameters.RotationSeed);
        GC.KeepAlive(rows);
        if (_subspace is not null)
            Width = Length = _subspace.Width;
        return coarse is null ? null : State with { Subspace = coarse };
    }

    private static int[] Sample(VectorStore store, int wanted)
    {
        int count = Math.Min(store.Count, wanted);
        return [.. Enumerable.Range(0, count).Select(i => (int)((long)i * store.Count / count))];
    }

    /// <summary>Subtracts the mean of the rows from <see cref="FullLength"/> components.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeOffMean(float* vector, out float squares, out float product)
    {
        float* offset = Offset;
        Vector512<float> square = default, along = default;
        for (int i = 0; i < FullLength; i += 16)
        {
            Vector512<float> mean = Vector512.Load(offset + i), value = Vector512.Load(vector + i) - mean;
            square = Vector512.MultiplyAddEstimate(value, value, square);
            along = Vector512.MultiplyAddEstimate(value, mean, along);
            value.Store(vector + i);
        }

        squares = Vector512.Sum(square);
        product = Vector512.Sum(along);
    }

    /// <summary>The step with the least squared error: a small one cuts the largest components, a large one rounds all coarsely.</summary>
    private float BestStep(VectorStore store, int[] sample)
    {
        var values = new float[sample.Length * Width];
        var room = NewVector();
        for (int i = 0; i < sample.Length; i++)
        {
            Centre(store.RowPointer(sample[i]), (float*)room.Pointer);
            new ReadOnlySpan<float>(room.Pointer, Width).CopyTo(values.AsSpan(i * Width));
        }

        float largest = 0;
        foreach (float value in values)
            largest = Math.Max(largest, Math.Abs(value));
        if (largest == 0 || !float.IsFinite(largest))
            return 1;
        float best = largest / 127;
        double least = double.MaxValue;
        for (float share = 1.1f; share > 0.15f; share -= 0.1f)
        {
            double error = Error(values, share * largest / 127);
            if (error >= least)
                continue;
            least = error;
            best = share * largest / 127;
        }

        return best;
    }

    private static double Error(float[] values, float step)
    {
        double sum = 0;
        float scale = 1 / step;
        foreach (float value in values)
        {
            float error = value - (Math.Clamp(MathF.Round(value * scale), -128, 127) * step);
            sum += error * error;
        }

        return sum;
    }

    private static float Largest(Vector512<float> lanes)
    {
        float largest = 0;
        for (int i = 0; i < 16; i++)
            largest = Math.Max(largest, lanes.GetElement(i));
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Load(byte* source)
    {
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector512Int32(Vector128.Load(source));
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Load(source));
        (Vector128<uint> first, Vector128<uint> second) = Vector128.Widen(low);
        (Vector128<uint> third, Vector128<uint> fourth) = Vector128.Widen(high);
        return Vector512.Create(Vector256.Create(first, second), Vector256.Create(third, fourth)).AsInt32();
    }
}
