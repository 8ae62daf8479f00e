using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Lists;

/// <summary>Rows, queries and their exact neighbours by squared L2.</summary>
internal sealed class ListSet
{
    public const int K = 10;

    private ListSet(string name, int dimension, float[] rows, float[] queries)
    {
        Name = name;
        Dimension = dimension;
        Rows = rows;
        Queries = queries;
        Store = VectorStore.Create(DataType.FloatVector, dimension, rows.Length / dimension);
        for (int first = 0; first < RowCount; first += 4096)
        {
            int some = Math.Min(4096, RowCount - first);
            Store.Append(MemoryMarshal.AsBytes(rows.AsSpan(first * dimension, some * dimension)));
        }

        TopK[] found = [.. Enumerable.Range(0, QueryCount).Select(_ => new TopK())];
        new FlatIndex(Store, MetricType.L2).SearchBatch(MemoryMarshal.AsBytes(queries.AsSpan()), DataType.FloatVector, new VectorSearchParameters(K), RowFilter.All, found);
        Exact = [.. found.Select(f => f.Rows.ToArray())];
    }

    public string Name { get; }

    public int Dimension { get; }

    public float[] Rows { get; }

    public float[] Queries { get; }

    public int RowCount => Rows.Length / Dimension;

    public int QueryCount => Queries.Length / Dimension;

    public VectorStore Store { get; }

    public int[][] Exact { get; }

    public ReadOnlySpan<byte> Query(int query) => MemoryMarshal.AsBytes(Queries.AsSpan(query * Dimension, Dimension));

    /// <summary>The share of exact neighbours among the row numbers found.</summary>
    public double Recall(Func<int, IEnumerable<int>> found) =>
        Enumerable.Range(0, QueryCount).Average(q => Exact[q].Intersect(found(q)).Count() / (double)K);

    /// <summary>A directory with base.bvecs.gz and query.bvecs.gz.</summary>
    public static ListSet Read(string directory, int mostQueries)
    {
        (int dimension, float[] rows) = Bytes(Path.Combine(directory, "base.bvecs.gz"), int.MaxValue);
        (_, float[] queries) = Bytes(Path.Combine(directory, "query.bvecs.gz"), mostQueries);
        return new ListSet(Path.GetFileName(Path.TrimEndingDirectorySeparator(directory)), dimension, rows, queries);
    }

    /// <summary>Rows around 1 000 centres, themselves in a space of a few dozen directions as those of embeddings are.</summary>
    public static ListSet Generate(string size, int queries)
    {
        int[] numbers = [.. size.Split('x').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
        (int rows, int dimension) = (numbers[0], numbers[1]);
        var random = new Random(7);
        var centres = new float[1000 * dimension];
        for (int i = 0; i < centres.Length; i++)
            centres[i] = Gaussian(random);
        float[] Draw(int count)
        {
            var drawn = new float[count * dimension];
            for (int row = 0; row < count; row++)
            {
                int centre = random.Next(1000) * dimension;
                for (int k = 0; k < dimension; k++)
                    drawn[(row * dimension) + k] = centres[centre + k] + (0.7f * Gaussian(random));
            }

            return drawn;
        }

        return new ListSet($"clustered {size}", dimension, Draw(rows), Draw(queries));
    }

    private static float Gaussian(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    private static (int Dimension, float[] Rows) Bytes(string path, int most)
    {
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var rows = new List<float>();
        var head = new byte[4];
        int dimension = 0;
        byte[] row = [];
        for (int count = 0; count < most && file.ReadAtLeast(head, 4, throwOnEndOfStream: false) == 4; count++)
        {
            dimension = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (row.Length != dimension)
                row = new byte[dimension];
            file.ReadExactly(row);
            foreach (byte value in row)
                rows.Add(value);
        }

        return (dimension, [.. rows]);
    }
}
