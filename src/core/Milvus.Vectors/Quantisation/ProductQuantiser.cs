using System.Runtime.InteropServices;

namespace Milvus.Vectors;

/// <summary>
/// Cuts a vector into parts of equal length and replaces each by the number of the nearest of 2^bits centroids learned for it
/// (Jégou, Douze and Schmid 2011, "Product quantization for nearest neighbor search"). Immutable.
/// </summary>
public sealed unsafe class ProductQuantiser
{
    /// <summary>More bits per part than this take more rows to learn than a segment has.</summary>
    public const int MaxBits = 12;

    private const int TrainedRowsPerCentroid = 64;
    private const int RowsPerBlock = 512;

    private readonly PinnedBuffer _centroids;
    private readonly NearestCentroids[] _finders;

    private ProductQuantiser(int dimension, int parts, int bits, PinnedBuffer centroids)
    {
        Dimension = dimension;
        Parts = parts;
        Bits = bits;
        PartLength = dimension / parts;
        _centroids = centroids;
        _finders = [.. Enumerable.Range(0, parts).Select(part => new NearestCentroids(Centroids(part), Count, PartLength))];
    }

    public int Dimension { get; }

    public int Parts { get; }

    /// <summary>Bits of one part's number.</summary>
    public int Bits { get; }

    /// <summary>Centroids per part.</summary>
    public int Count => 1 << Bits;

    /// <summary>Components of one part.</summary>
    public int PartLength { get; }

    /// <summary>Bytes the centroids take.</summary>
    public long CentroidBytes => (long)Count * Dimension * sizeof(float);

    internal Span<byte> CentroidSpan => _centroids.Span;

    /// <summary>Learns the centroids of every part.</summary>
    /// <param name="rows">count × dimension numbers; 64 per centroid are enough.</param>
    /// <param name="bits">1…<see cref="MaxBits"/>.</param>
    /// <exception cref="ArgumentException">The parts do not divide the dimension, or the bits are out of range.</exception>
    internal static ProductQuantiser Train(
        float* rows, int count, int dimension, int parts, int bits, ulong seed, int threads = 1, CancellationToken cancellation = default)
    {
        Check(dimension, parts, bits);
        int length = dimension / parts, centroids = 1 << bits;
        var all = new PinnedBuffer((long)centroids * dimension * sizeof(float));
        int used = Math.Min(count, TrainedRowsPerCentroid * centroids);
        BuildThreads.ForBlocks(parts, 1, threads, cancellation, (part, _) =>
        {
            var cut = new PinnedBuffer((long)used * length * sizeof(float));
            for (int i = 0; i < used; i++)
                Cut(rows + ((long)i * dimension) + (part * length), (float*)cut.Pointer + ((long)i * length), length);
            PinnedBuffer trained = KMeans.Train((float*)cut.Pointer, used, length, new KMeansOptions(centroids, seed + (ulong)part), cancellation);
            trained.Span.CopyTo(all.Span[(part * trained.Length)..]);
            GC.KeepAlive(trained);
            GC.KeepAlive(cut);
        });
        return new ProductQuantiser(dimension, parts, bits, all);
    }

    /// <summary>A quantiser from its stored centroids: part by part, centroid by centroid.</summary>
    internal static ProductQuantiser Restore(int dimension, int parts, int bits, PinnedBuffer centroids)
    {
        Check(dimension, parts, bits);
        if (centroids.Length != ((long)dimension << bits) * sizeof(float))
            throw new ArgumentException("the centroids do not fit", nameof(centroids));
        return new ProductQuantiser(dimension, parts, bits, centroids);
    }

    /// <summary>The centroids of a part, one behind the other.</summary>
    internal float* Centroids(int part) => (float*)_centroids.Pointer + ((long)part * Count * PartLength);

    /// <summary>Codes rows.</summary>
    /// <param name="rows">count × dimension numbers.</param>
    /// <param name="codes">Receives count × parts numbers, row by row.</param>
    internal void Encode(float* rows, int count, ushort* codes)
    {
        var cut = new PinnedBuffer((long)Math.Min(count, RowsPerBlock) * PartLength * sizeof(float));
        int* nearest = stackalloc int[RowsPerBlock];
        for (int first = 0; first < count; first += RowsPerBlock)
        {
            int some = Math.Min(RowsPerBlock, count - first);
            for (int part = 0; part < Parts; part++)
            {
                for (int i = 0; i < some; i++)
                    Cut(rows + ((long)(first + i) * Dimension) + (part * PartLength), (float*)cut.Pointer + ((long)i * PartLength), PartLength);
                _finders[part].Assign((float*)cut.Pointer, some, nearest, null);
                for (int i = 0; i < some; i++)
                    codes[((long)(first + i) * Parts) + part] = (ushort)nearest[i];
            }
        }

        GC.KeepAlive(cut);
    }

    /// <summary>The vector that a code stands for.</summary>
    internal void Decode(ushort* code, float* vector)
    {
        for (int part = 0; part < Parts; part++)
            Cut(Centroids(part) + ((long)code[part] * PartLength), vector + (part * PartLength), PartLength);
        GC.KeepAlive(this);
    }

    /// <summary>The inner products of a query's parts with all centroids: parts × <see cref="Count"/> numbers.</summary>
    internal void Products(float* query, float* table)
    {
        for (int part = 0; part < Parts; part++)
            _finders[part].Products(query + (part * PartLength), table + ((long)part * Count));

        GC.KeepAlive(this);
    }

    private static void Cut(float* source, float* target, int length) => new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(target, length));

    private static void Check(int dimension, int parts, int bits)
    {
        if (dimension < 1 || parts < 1 || dimension % parts != 0 || bits is < 1 or > MaxBits)
            throw new ArgumentException($"no product quantiser of {parts} parts of {bits} bits over dimension {dimension}");
    }
}
