using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// The few directions in which rows differ most, as a map from vectors to their components along them, turned at random within the
/// subspace so that all components count alike. Applied by byte products, to rows and queries with the same rounded axes.
/// </summary>
/// <remarks>
/// Embeddings lie near a space of far fewer dimensions than they have (reduction for the traversal, full vectors for the result:
/// Tepper et al. 2024, LeanVec). The subspace is that of the largest principal components, by orthogonal iteration (Golub and Van Loan,
/// Matrix Computations, 8.2).
/// </remarks>
internal sealed unsafe class Subspace
{
    /// <summary>Widths are multiples of a cache line of byte codes.</summary>
    private const int Step = 64;

    private const int MaxWidth = 512;
    private const int Iterations = 3;
    private const int Probes = 64;
    private const int Nearest = 16;
    private const int Zero = 128;

    private readonly PinnedBuffer _axes;
    private readonly float _step;

    private Subspace(float* axes, int width, int length, ulong seed)
    {
        Width = width;
        Length = length;
        _axes = new PinnedBuffer((long)width * length);
        var rotation = new RandomRotation(width, seed);
        var turned = new PinnedBuffer((long)width * length * sizeof(float));
        float* columns = (float*)turned.Pointer;
        MatrixProduct.Transpose(axes, width, length, columns);
        float most = 0;
        for (int c = 0; c < length; c++)
        {
            rotation.Apply(columns + ((long)c * width));
            for (int r = 0; r < width; r++)
                most = Math.Max(most, Math.Abs(columns[((long)c * width) + r]));
        }

        _step = most > 0 ? most / 127 : 1;
        for (int r = 0; r < width; r++)
        {
            for (int c = 0; c < length; c++)
                _axes.Pointer[((long)r * length) + c] = (byte)(Zero + (int)MathF.Round(columns[((long)c * width) + r] / _step));
        }

        GC.KeepAlive(turned);
    }

    private Subspace(PinnedBuffer axes, int width, int length, float step) => (_axes, Width, Length, _step) = (axes, width, length, step);

    /// <summary>Components kept, a multiple of 64.</summary>
    public int Width { get; }

    /// <summary>Components of the vectors, a multiple of 64.</summary>
    public int Length { get; }

    /// <summary>
    /// Neighbours are alike beyond the subspace, too: the product of what is left out of two of them is about this share of its mean squared length.
    /// </summary>
    public float Shared { get; private init; }

    public long MemoryBytes => _axes.MemoryBytes;

    /// <summary>The axes as they are stored: <see cref="Width"/> × <see cref="Length"/> bytes, 128 added.</summary>
    public ReadOnlySpan<byte> Axes => _axes.Span;

    /// <summary>What one in a byte of an axis stands for.</summary>
    public float AxisStep => _step;

    /// <summary>True for sizes that <see cref="Fit"/> may give.</summary>
    public static bool IsPossible(int width, int length) => width > 0 && width % Step == 0 && width <= Math.Min(length / 2, MaxWidth);

    /// <summary>A subspace as it was when it was stored; <paramref name="read"/> fills its axes.</summary>
    public static Subspace Restore(int width, int length, float step, float shared, Action<PinnedBuffer> read)
    {
        var axes = new PinnedBuffer((long)width * length);
        read(axes);
        return new Subspace(axes, width, length, step) { Shared = shared };
    }

    /// <summary>Bytes of working memory that <see cref="Project"/> wants.</summary>
    public int RoomBytes => Length * sizeof(short);

    /// <summary>Rows that a sample should have: enough that what they share is not chance.</summary>
    public static int SampleRows(int length) => Math.Max(4096, 4 * length);

    /// <summary>Finds the narrowest subspaces, of at most half the components, that tell near rows apart well enough. Null where there is none.</summary>
    /// <param name="rows">count × length numbers, their mean zero.</param>
    /// <param name="length">A multiple of 64.</param>
    /// <param name="fine">Error of the distance of near rows, relative to it: the standard deviation among the neighbours of a row.</param>
    /// <param name="coarse">A larger one.</param>
    /// <param name="most">The widest subspace of use.</param>
    /// <returns>A subspace for either tolerance; none for the second where that would be as wide.</returns>
    public static (Subspace? Fine, Subspace? Coarse) Fit(float* rows, int count, int length, float fine, float coarse, int most, ulong seed)
    {
        int widest = Math.Min(Math.Min(length / 2, MaxWidth), most) / Step * Step;
        if (widest == 0 || count < SampleRows(length))
            return default;
        var axes = new PinnedBuffer((long)widest * length * sizeof(float));
        Iterate(rows, count, length, (float*)axes.Pointer, widest, seed);
        Judgement[] judgements = Judge(rows, count, length, (float*)axes.Pointer, widest);
        int enough = Narrowest(judgements, fine), few = Narrowest(judgements, coarse);
        Subspace? found = Of(enough), shorter = few == enough ? null : Of(few);
        GC.KeepAlive(axes);
        return (found, shorter);

        Subspace? Of(int width) => width == 0 ? null : new Subspace((float*)axes.Pointer, width, length, seed) { Shared = (float)judgements[(width / Step) - 1].Shared };
    }

    /// <summary>Writes a vector's components along the axes.</summary>
    /// <param name="vector"><see cref="Length"/> numbers, the mean of the rows taken off.</param>
    /// <param name="target"><see cref="Width"/> numbers.</param>
    /// <param name="room"><see cref="RoomBytes"/>.</param>
    public void Project(float* vector, float* target, byte* room)
    {
        short* units = (short*)room;
        RoundedQuery rounded = RoundedQuery.Of(vector, Length, short.MaxValue, units, Length);
        Multiply(target, units, Zero * rounded.Sum, rounded.Step * _step);
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(float* target, short* units, int excess, float factor)
    {
        byte* axis = _axes.Pointer;
        nint length = Length;
        for (int i = 0; i < Width; i += 4, axis += 4 * length)
        {
            Vector128<int> products = WordProducts.Of(axis, axis + length, axis + (2 * length), axis + (3 * length), units, (int)length);
            (Vector128.ConvertToSingle(products - Vector128.Create(excess)) * factor).Store(target + i);
        }
    }

    /// <summary>Leaves orthonormal axes, those of the largest variance first.</summary>
    private static void Iterate(float* rows, int count, int length, float* axes, int width, ulong seed)
    {
        var transposed = new PinnedBuffer((long)count * length * sizeof(float));
        var covariance = new PinnedBuffer((long)length * length * sizeof(float));
        var moved = new PinnedBuffer((long)width * length * sizeof(float));
        MatrixProduct.Transpose(rows, count, length, (float*)transposed.Pointer);
        MatrixProduct.Multiply((float*)transposed.Pointer, length, (float*)transposed.Pointer, length, count, (float*)covariance.Pointer);
        var random = new Random((int)seed);
        for (long i = 0; i < (long)width * length; i++)
            axes[i] = (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
        for (int round = 0; round < Iterations; round++)
        {
            MatrixProduct.Multiply(axes, width, (float*)covariance.Pointer, length, length, (float*)moved.Pointer);
            moved.Span.CopyTo(new Span<byte>(axes, moved.Length));
            Orthonormalise(axes, width, length);
        }

        GC.KeepAlive(transposed);
        GC.KeepAlive(covariance);
        GC.KeepAlive(moved);
    }

    /// <summary>Gram and Schmidt's process, modified: every axis is taken off all that follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Orthonormalise(float* axes, int width, int length)
    {
        for (int i = 0; i < width; i++)
        {
            float* axis = axes + ((long)i * length);
            float square = TiledQueries.SquaredNorm(axis, length);
            Scale(axis, length, square > 0 ? 1 / MathF.Sqrt(square) : 0);
            for (int j = i + 1; j < width; j++)
                TakeOff(axis, axes + ((long)j * length), length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(float* vector, int length, float factor)
    {
        for (int i = 0; i < length; i += 16)
            (Vector512.Load(vector + i) * factor).Store(vector + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeOff(float* axis, float* vector, int length)
    {
        Vector512<float> even = default, odd = default;
        for (int i = 0; i < length; i += 32)
        {
            even = Vector512.MultiplyAddEstimate(Vector512.Load(axis + i), Vector512.Load(vector + i), even);
            odd = Vector512.MultiplyAddEstimate(Vector512.Load(axis + i + 16), Vector512.Load(vector + i + 16), odd);
        }

        Vector512<float> along = Vector512.Create(-Vector512.Sum(even + odd));
        for (int i = 0; i < length; i += 16)
            Vector512.MultiplyAddEstimate(along, Vector512.Load(axis + i), Vector512.Load(vector + i)).Store(vector + i);
    }

    /// <summary>The narrowest width within the tolerance; 0 when there is none.</summary>
    private static int Narrowest(Judgement[] judgements, float tolerance) => (Array.FindIndex(judgements, judgement => judgement.Error() <= tolerance) + 1) * Step;

    /// <summary>How well each width does, from one step to the widest.</summary>
    private static Judgement[] Judge(float* rows, int count, int length, float* axes, int widest)
    {
        var components = new PinnedBuffer((long)count * widest * sizeof(float));
        var products = new PinnedBuffer((long)Probes * count * sizeof(float));
        var probes = new PinnedBuffer((long)Probes * length * sizeof(float));
        for (int probe = 0; probe < Probes; probe++)
            new ReadOnlySpan<float>(rows + ((long)ProbeOf(probe, count) * length), length).CopyTo(new Span<float>((float*)probes.Pointer + ((long)probe * length), length));
        MatrixProduct.Multiply(rows, count, axes, widest, length, (float*)components.Pointer);
        MatrixProduct.Multiply((float*)probes.Pointer, Probes, rows, count, length, (float*)products.Pointer);
        var squares = new float[count];
        for (int row = 0; row < count; row++)
            squares[row] = TiledQueries.SquaredNorm(rows + ((long)row * length), length);
        var distances = new float[count];
        var order = new int[count];
        Judgement[] judgements = [.. Enumerable.Range(0, widest / Step).Select(_ => new Judgement())];
        for (int probe = 0; probe < Probes; probe++)
        {
            float* product = (float*)products.Pointer + ((long)probe * count);
            int own = ProbeOf(probe, count);
            for (int row = 0; row < count; row++)
            {
                order[row] = row;
                distances[row] = row == own ? float.MaxValue : squares[row] + squares[own] - (2 * product[row]);
            }

            Array.Sort(distances, order);
            for (int i = 0; i < Nearest; i++)
                Add((float*)components.Pointer, widest, own, order[i], product[order[i]], squares, judgements);
            foreach (Judgement judgement in judgements)
                judgement.EndProbe(distances.AsSpan(0, Nearest));
        }

        GC.KeepAlive(components);
        GC.KeepAlive(products);
        GC.KeepAlive(probes);
        return judgements;
    }

    /// <summary>The rows whose neighbours are looked at lie all over the sample, which has the order of the segment.</summary>
    private static int ProbeOf(int probe, int count) => (int)((long)probe * count / Probes);

    /// <summary>Adds a pair of neighbours to the judgement of every width.</summary>
    private static void Add(float* components, int widest, int row, int neighbour, float product, float[] squares, Judgement[] judgements)
    {
        float* own = components + ((long)row * widest), other = components + ((long)neighbour * widest);
        double kept = 0, ownKept = 0, otherKept = 0;
        for (int part = 0; part < judgements.Length; part++)
        {
            for (int k = part * Step; k < (part + 1) * Step; k++)
            {
                kept += own[k] * (double)other[k];
                ownKept += own[k] * (double)own[k];
                otherKept += other[k] * (double)other[k];
            }

            judgements[part].Add(product - kept, Math.Max(0, (squares[row] - ownKept + squares[neighbour] - otherKept) / 2));
        }
    }

    /// <summary>
    /// How well a width does: the product of what is left out of two neighbours is taken for a share of its squared lengths' mean, and the error
    /// of that is compared with their distance.
    /// </summary>
    private sealed class Judgement
    {
        private readonly List<(double Product, double Mean)> _pairs = [];
        private readonly List<double> _distances = [];

        /// <summary>The share that fits best.</summary>
        public double Shared
        {
            get
            {
                double products = 0, means = 0;
                foreach ((double product, double mean) in _pairs)
                {
                    products += product;
                    means += mean;
                }

                return means > 0 ? Math.Clamp(products / means, 0, 1) : 0;
            }
        }

        public void Add(double product, double mean) => _pairs.Add((product, mean));

        public void EndProbe(ReadOnlySpan<float> distances)
        {
            double sum = 0;
            foreach (float distance in distances)
                sum += Math.Max(0, distance);
            _distances.Add(sum / distances.Length);
        }

        /// <summary>
        /// The standard deviation of errors among the neighbours of one row, relative to their mean distance. Infinite when most rows have none but
        /// equal ones, which tell nothing.
        /// </summary>
        public double Error()
        {
            double shared = Shared, total = 0;
            int judged = 0;
            for (int probe = 0; probe < _distances.Count; probe++)
            {
                if (_distances[probe] <= 0)
                    continue;
                double sum = 0, squares = 0;
                for (int i = probe * Nearest; i < (probe + 1) * Nearest; i++)
                {
                    double error = 2 * (_pairs[i].Product - (shared * _pairs[i].Mean));
                    sum += error;
                    squares += error * error;
                }

                total += Math.Max(0, (squares / Nearest) - (sum / Nearest * (sum / Nearest))) / (_distances[probe] * _distances[probe]);
                judged++;
            }

            return judged < Probes / 2 ? double.PositiveInfinity : Math.Sqrt(total / judged);
        }
    }
}
