using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// Finds the nearest of a set of float32 centroids by squared L2 for many rows at once, by <see cref="ProductTile"/>: |c|² − 2xc orders
/// centroids like the distance. Immutable; any number of threads may assign.
/// </summary>
internal sealed unsafe class NearestCentroids
{
    private const int RowsPerBlock = 128;

    private readonly PinnedBuffer _packed;
    private readonly PinnedBuffer _norms;
    private readonly int _count;
    private readonly int _dimension;

    /// <param name="centroids">count × dimension numbers.</param>
    public NearestCentroids(float* centroids, int count, int dimension)
    {
        _count = count;
        _dimension = dimension;
        _packed = new PinnedBuffer(ProductTile.PackedLength(count, dimension) * sizeof(float));
        ProductTile.Pack((byte*)centroids, (long)dimension * sizeof(float), count, dimension, (float*)_packed.Pointer);
        int padded = (count + ProductTile.QueryStep - 1) / ProductTile.QueryStep * ProductTile.QueryStep;
        _norms = new PinnedBuffer((long)padded * sizeof(float));
        for (int i = 0; i < padded; i++)
            ((float*)_norms.Pointer)[i] = i < count ? TiledQueries.SquaredNorm(centroids + ((long)i * dimension), dimension) : float.PositiveInfinity;
    }

    /// <summary>The nearest centroid of each row; of equally near ones the first.</summary>
    /// <param name="rows">count × dimension numbers.</param>
    /// <param name="nearest">Receives centroid numbers.</param>
    /// <param name="distances">Receives squared distances, not below zero; may be null.</param>
    public void Assign(float* rows, int count, int* nearest, float* distances)
    {
        float* best = stackalloc float[RowsPerBlock];
        for (int first = 0; first < count; first += RowsPerBlock)
        {
            int some = Math.Min(RowsPerBlock, count - first);
            float* block = rows + ((long)first * _dimension);
            AssignBlock(block, some, nearest + first, best);
            for (int i = 0; distances != null && i < some; i++)
                distances[first + i] = Math.Max(0f, best[i] + TiledQueries.SquaredNorm(block + ((long)i * _dimension), _dimension));
        }

        GC.KeepAlive(this);
    }

    /// <summary>The inner products of one row with all centroids.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Products(float* row, float* products)
    {
        float* last = stackalloc float[ProductTile.MaxQueries];
        float* packed = (float*)_packed.Pointer;
        for (int group = 0; group < _count;)
        {
            int width = ProductTile.GroupWidth(group, _count);
            bool isWhole = group + width <= _count;
            float* target = isWhole ? products + group : last;
            for (int j = 0; j < width; j += ProductTile.QueryStep)
            {
                Vector512<float> even = default, odd = default;
                float* from = packed + j;
                int k = 0;
                for (; k <= _dimension - 2; k += 2, from += 2 * width)
                {
                    even = Vector512.MultiplyAddEstimate(Vector512.Create(row[k]), Vector512.Load(from), even);
                    odd = Vector512.MultiplyAddEstimate(Vector512.Create(row[k + 1]), Vector512.Load(from + width), odd);
                }

                if (k < _dimension)
                    even = Vector512.MultiplyAddEstimate(Vector512.Create(row[k]), Vector512.Load(from), even);
                (even + odd).Store(target + j);
            }

            if (!isWhole)
                new ReadOnlySpan<float>(last, _count - group).CopyTo(new Span<float>(products + group, _count - group));
            packed += (nint)width * _dimension;
            group += width;
        }

        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AssignBlock(float* rows, int count, int* nearest, float* best)
    {
        byte** pointers = stackalloc byte*[ProductTile.Rows];
        float* products = stackalloc float[ProductTile.Rows * ProductTile.MaxQueries];
        new Span<float>(best, count).Fill(float.PositiveInfinity);
        new Span<int>(nearest, count).Clear();
        float* packed = (float*)_packed.Pointer;
        for (int group = 0; group < _count;)
        {
            int width = ProductTile.GroupWidth(group, _count);
            for (int row = 0; row < count; row += ProductTile.Rows)
            {
                for (int i = 0; i < ProductTile.Rows; i++)
                    pointers[i] = (byte*)(rows + ((long)Math.Min(row + i, count - 1) * _dimension));
                ProductTile.Multiply(pointers, packed, width, _dimension, products);
                for (int i = 0; i < Math.Min(ProductTile.Rows, count - row); i++)
                    Improve(products + (i * ProductTile.MaxQueries), group, width, ref best[row + i], ref nearest[row + i]);
            }

            packed += (nint)width * _dimension;
            group += width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Improve(float* products, int group, int width, ref float best, ref int nearest)
    {
        for (int j = 0; j < width; j += ProductTile.QueryStep)
        {
            Vector512<float> values = Vector512.Load((float*)_norms.Pointer + group + j) - (Vector512.Load(products + j) * 2f);
            ulong better = Vector512.LessThan(values, Vector512.Create(best)).ExtractMostSignificantBits();
            if (better == 0)
                continue;
            values.Store(products + j);
            for (; better != 0; better &= better - 1)
            {
                int lane = j + BitOperations.TrailingZeroCount(better);
                if (products[lane] < best)
                {
                    best = products[lane];
                    nearest = group + lane;
                }
            }
        }
    }
}
