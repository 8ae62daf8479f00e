using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>Products of all rows of one float32 matrix with all rows of another, by <see cref="ProductTile"/>.</summary>
internal static unsafe class MatrixProduct
{
    /// <summary>Writes Σ left[i] × right[j] to target[i × columns + j].</summary>
    /// <param name="left">rows × length numbers.</param>
    /// <param name="right">columns × length numbers.</param>
    /// <param name="target">rows × columns numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* left, int rows, float* right, int columns, int length, float* target)
    {
        var room = new PinnedBuffer(ProductTile.PackedLength(columns, length) * sizeof(float));
        float* packed = (float*)room.Pointer;
        ProductTile.Pack((byte*)right, (long)length * sizeof(float), columns, length, packed);
        byte** pointers = stackalloc byte*[ProductTile.Rows];
        float* products = stackalloc float[ProductTile.Rows * ProductTile.MaxQueries];
        for (int group = 0; group < columns;)
        {
            int width = ProductTile.GroupWidth(group, columns), used = Math.Min(width, columns - group);
            for (int row = 0; row < rows; row += ProductTile.Rows)
            {
                for (int i = 0; i < ProductTile.Rows; i++)
                    pointers[i] = (byte*)(left + ((long)Math.Min(row + i, rows - 1) * length));
                ProductTile.Multiply(pointers, packed, width, length, products);
                for (int i = 0; i < Math.Min(ProductTile.Rows, rows - row); i++)
                    new ReadOnlySpan<float>(products + (i * ProductTile.MaxQueries), used).CopyTo(new Span<float>(target + ((long)(row + i) * columns) + group, used));
            }

            packed += (nint)width * length;
            group += width;
        }

        GC.KeepAlive(room);
    }

    /// <summary>Rows become columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* source, int rows, int columns, float* target)
    {
        const int Block = 16;
        for (int r = 0; r < rows; r += Block)
        {
            for (int c = 0; c < columns; c++)
            {
                for (int i = r; i < Math.Min(rows, r + Block); i++)
                    target[((long)c * rows) + i] = source[((long)i * columns) + c];
            }
        }
    }
}
