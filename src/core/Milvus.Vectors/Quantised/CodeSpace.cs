using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// How vectors become one byte per component: the rows' mean is taken off, what remains is rounded to multiples of one step for all
/// components (the coarsest that the rows of a sample survive best), and 128 added. Vectors of whole numbers within 256 values keep
/// them exactly. Under the cosine metric vectors are brought to length 1 first. Optionally rotates at random before.
/// </summary>
/// <remarks>Immutable, and determined by the rows, so that it need not be stored.</remarks>
internal sealed unsafe class CodeSpace
{
    private const int SampleRows = 4096;
    private const int StepRows = 256;
    private const int Zero = 128;

    private readonly DataType _type;
    private readonly bool _normalises;
    private readonly PinnedBuffer _offset;
    private readonly float _offsetSquares;
    private readonly bool _isWhole;
    private InverseNorm? _norm;

    private CodeSpace(VectorStore store, MetricType metric, RandomRotation? rotation)
    {
        _type = store.Type;
        Dimension = store.Dimension;
        Rotation = rotation;
        Width = rotation?.PaddedDimension ?? store.Dimension;
        Length = CodeLanes.Pad(Width);
        IsProduct = metric is MetricType.IP or MetricType.Cosine;
        _normalises = metric == MetricType.Cosine;
        if (_normalises)
            _norm = InverseNorm.For(DataType.FloatVector, Dimension);
        _offset = NewVector();
        var room = NewVector();
        int count = Math.Min(store.Count, SampleRows);
        int[] sample = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * store.Count / count))];
        _isWhole = rotation is null && !_normalises && FitWhole(store, sample, (float*)room.Pointer);
        if (!_isWhole)
            FitReal(store, sample, (float*)room.Pointer);
        GC.KeepAlive(room);
        _offsetSquares = Sum(Offset, Offset);
    }

    public int Dimension { get; }

    /// <summary>Components that codes are made of: the rotation may pad.</summary>
    public int Width { get; }

    /// <summary>Bytes of a code, and floats of a vector as <see cref="Centre"/> leaves it; those beyond <see cref="Width"/> are zero.</summary>
    public int Length { get; }

    public bool IsProduct { get; }

    public RandomRotation? Rotation { get; }

    /// <summary>The difference between neighbouring codes.</summary>
    public float Step { get; private set; } = 1;

    /// <summary>What is taken off every vector, <see cref="Length"/> components.</summary>
    public float* Offset => (float*)_offset.Pointer;

    /// <summary>Bytes of a query made by <see cref="Prepare"/>.</summary>
    public int QueryBytes => Length + (3 * sizeof(float));

    /// <summary>Fits a space to the rows a store holds, by a sample.</summary>
    public static CodeSpace Fit(VectorStore store, MetricType metric, RandomRotation? rotation = null) => new(store, metric, rotation);

    /// <summary>True for the types that byte codes stand for.</summary>
    public static bool Serves(DataType type) => type is DataType.FloatVector or DataType.Float16Vector or DataType.BFloat16Vector or DataType.Int8Vector;

    /// <summary>Room for one vector in this space's working form.</summary>
    public PinnedBuffer NewVector()
    {
        var buffer = new PinnedBuffer(Length * sizeof(float));
        buffer.Span.Clear();
        return buffer;
    }

    /// <summary>A stored row, centred.</summary>
    public void Centre(byte* row, float* target) => Centre(_type, row, target);

    /// <summary>Normalises, rotates and takes the mean off.</summary>
    /// <param name="type">Encoding of the vector: the rows', or float32 for queries.</param>
    /// <param name="target"><see cref="Length"/> components.</param>
    public void Centre(DataType type, byte* vector, float* target)
    {
        Bring(type, vector, target);
        float* offset = Offset;
        for (int i = 0; i < Length; i += 16)
            (Vector512.Load(target + i) - Vector512.Load(offset + i)).Store(target + i);
    }

    /// <summary>Writes the code of a centred vector.</summary>
    /// <returns>The row's term of the distance: its squared length, or its product with the mean, negated.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float Encode(float* centred, byte* code)
    {
        Vector512<float> scale = Vector512.Create(1 / Step);
        Vector512<float> least = Vector512.Create(-128f), most = Vector512.Create(127f);
        Vector512<float> sum = default;
        float* offset = Offset;
        for (int i = 0; i < Length; i += 16)
        {
            Vector512<float> value = Vector512.Round(Vector512.Load(centred + i) * scale);
            value = Vector512.Min(Vector512.Max(value, least), most);
            sum += value * (IsProduct ? Vector512.Load(offset + i) : value);
            Store(Vector512.ConvertToInt32(value) + Vector512.Create(Zero), code + i);
        }

        return IsProduct ? -Step * Vector512.Sum(sum) : Step * Step * Vector512.Sum(sum);
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
            Store(code, query + i);
        }

        float* tail = (float*)(query + Length);
        tail[0] = IsProduct ? Step * step : 2 * Step * step;
        tail[1] = IsProduct ? -Vector512.Sum(offsets) - _offsetSquares : Vector512.Sum(squares);
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

    private void Bring(DataType type, byte* vector, float* target)
    {
        if (type == DataType.FloatVector)
            new ReadOnlySpan<float>(vector, Dimension).CopyTo(new Span<float>(target, Dimension));
        else if (type == DataType.Int8Vector)
            Widen((sbyte*)vector, target);
        else
            FloatDecoder.Decode(type, vector, target, Dimension);
        new Span<float>(target + Dimension, Length - Dimension).Clear();
        if (_normalises)
        {
            Vector512<float> inverse = Vector512.Create(_norm!.Of((byte*)target, (byte*)target));
            for (int i = 0; i < Length; i += 16)
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

    private void FitReal(VectorStore store, int[] sample, float* room)
    {
        if (sample.Length == 0)
            return;
        var mean = new double[Length];
        foreach (int row in sample)
        {
            Bring(_type, store.RowPointer(row), room);
            for (int i = 0; i < Width; i++)
                mean[i] += room[i];
        }

        for (int i = 0; i < Width; i++)
            Offset[i] = (float)(mean[i] / sample.Length);
        Step = BestStep(store, [.. Enumerable.Range(0, Math.Min(sample.Length, StepRows)).Select(i => sample[(int)((long)i * sample.Length / Math.Min(sample.Length, StepRows))])]);
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

    private float Sum(float* left, float* right)
    {
        Vector512<float> sum = default;
        for (int i = 0; i < Length; i += 16)
            sum += Vector512.Load(left + i) * Vector512.Load(right + i);
        return Vector512.Sum(sum);
    }

    private static float Largest(Vector512<float> lanes)
    {
        float largest = 0;
        for (int i = 0; i < 16; i++)
            largest = Math.Max(largest, lanes.GetElement(i));
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<int> values, byte* target)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128Byte(values).Store(target);
            return;
        }

        for (int i = 0; i < 16; i++)
            target[i] = (byte)values.GetElement(i);
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
