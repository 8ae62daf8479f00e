using Milvus.Model;

namespace Milvus.Vectors.Tests;

/// <summary>Seeded vectors of every dense type in their wire encoding.</summary>
internal static class TestVectors
{
    public static readonly (DataType Type, MetricType Metric)[] Pairs =
    [
        .. from type in new[] { DataType.FloatVector, DataType.Float16Vector, DataType.BFloat16Vector, DataType.Int8Vector, DataType.BinaryVector }
           from metric in Enum.GetValues<MetricType>()
           where metric.IsValidFor(type)
           select (type, metric),
    ];

    public static byte[] Random(Random random, DataType type, int dimension, int count)
    {
        var bytes = new byte[type.VectorBytes(dimension) * count];
        for (int i = 0; i < count; i++)
        {
            Span<byte> row = bytes.AsSpan(i * type.VectorBytes(dimension), type.VectorBytes(dimension));
            switch (type)
            {
                case DataType.Int8Vector or DataType.BinaryVector:
                    random.NextBytes(row);
                    break;
                default:
                    for (int j = 0; j < dimension; j++)
                        Write(type, row, j, (float)((random.NextDouble() * 4) - 2));
                    break;
            }
        }

        return bytes;
    }

    /// <summary>Rows around cluster centres, as real embeddings lie; binary rows are noisy copies of the centres.</summary>
    public static byte[] Clustered(Random random, DataType type, int dimension, int count, int clusters, double spread = 0.35)
    {
        var centres = new double[clusters][];
        for (int c = 0; c < clusters; c++)
            centres[c] = [.. Enumerable.Range(0, dimension).Select(_ => Gaussian(random))];
        int rowBytes = type.VectorBytes(dimension);
        var bytes = new byte[rowBytes * count];
        for (int i = 0; i < count; i++)
        {
            double[] centre = centres[random.Next(clusters)];
            Span<byte> row = bytes.AsSpan(i * rowBytes, rowBytes);
            for (int j = 0; j < dimension; j++)
            {
                double value = centre[j] + (spread * Gaussian(random));
                if (type == DataType.BinaryVector)
                    row[j / 8] |= (byte)(value > 0 ? 1 << (j % 8) : 0);
                else if (type == DataType.Int8Vector)
                    row[j] = (byte)(sbyte)Math.Clamp(value * 30, -128, 127);
                else
                    Write(type, row, j, (float)value);
            }
        }

        return bytes;
    }

    /// <summary>
    /// Float32 rows that differ in far fewer directions than they have components, and a little in all of them: around cluster centres of a random
    /// subspace, which the noise keeps them from.
    /// </summary>
    /// <param name="apart">Every cluster lies in a subspace of its own.</param>
    public static byte[] Embedded(Random random, int dimension, int count, int clusters, int hidden, double noise, bool apart = false)
    {
        int maps = apart ? clusters : 1;
        double[] map = [.. Enumerable.Range(0, maps * hidden * dimension).Select(_ => Gaussian(random) / Math.Sqrt(hidden))];
        double[] centres = [.. Enumerable.Range(0, clusters * hidden).Select(_ => Gaussian(random))];
        int rowBytes = dimension * sizeof(float);
        var bytes = new byte[rowBytes * count];
        var row = new double[dimension];
        for (int i = 0; i < count; i++)
        {
            int centre = random.Next(clusters);
            for (int j = 0; j < dimension; j++)
                row[j] = noise * Gaussian(random);
            for (int h = 0; h < hidden; h++)
            {
                double weight = centres[(centre * hidden) + h] + (0.6 * Gaussian(random));
                for (int j = 0; j < dimension; j++)
                    row[j] += weight * map[((((centre % maps) * hidden) + h) * dimension) + j];
            }

            for (int j = 0; j < dimension; j++)
                Write(DataType.FloatVector, bytes.AsSpan(i * rowBytes, rowBytes), j, (float)row[j]);
        }

        return bytes;
    }

    public static VectorStore Store(DataType type, int dimension, byte[] rows)
    {
        VectorStore store = VectorStore.Create(type, dimension, rows.Length / type.VectorBytes(dimension));
        store.Append(rows);
        return store;
    }

    /// <summary>All rows that pass, best first by double-precision score, then row.</summary>
    public static (int Row, double Score)[] Scan(
        VectorStore store, MetricType metric, ReadOnlySpan<byte> query, Func<int, bool>? passes = null)
    {
        var all = new List<(int Row, double Score)>();
        for (int row = 0; row < store.Count; row++)
        {
            if (passes?.Invoke(row) ?? true)
                all.Add((row, ReferenceDistance.Score(store.Type, metric, store.Dimension, query, store.Row(row))));
        }

        double sign = metric.LargerIsBetter() ? -1 : 1;
        return [.. all.OrderBy(hit => sign * hit.Score).ThenBy(hit => hit.Row)];
    }

    public static ulong[] Bits(int rows, Func<int, bool> passes)
    {
        var words = new ulong[(rows + 63) / 64];
        for (int row = 0; row < rows; row++)
        {
            if (passes(row))
                words[row / 64] |= 1UL << (row % 64);
        }

        return words;
    }

    /// <param name="isAligned">False for the layout of files from before.</param>
    public static byte[] Saved(VectorIndex index, bool isAligned = true)
    {
        var stream = new MemoryStream();
        VectorIndexFile.Save(index, stream, isAligned);
        return stream.ToArray();
    }

    private static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static void Write(DataType type, Span<byte> row, int index, float value)
    {
        if (type == DataType.FloatVector)
            BitConverter.TryWriteBytes(row[(index * 4)..], value);
        else if (type == DataType.Float16Vector)
            BitConverter.TryWriteBytes(row[(index * 2)..], (Half)value);
        else
            BitConverter.TryWriteBytes(row[(index * 2)..], (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
    }
}
