using System.Buffers.Binary;
using System.IO.Compression;

namespace Milvus.Bench;

/// <summary>A workload in the formats of the ANN benchmarks (bvecs, ivecs), gzip-compressed.</summary>
internal sealed class Workload
{
    private Workload(string name, int dimension, float[] rows, float[] queries, int[][] exact)
    {
        Name = name;
        Dimension = dimension;
        Rows = rows;
        Queries = queries;
        Exact = exact;
    }

    public string Name { get; }

    public int Dimension { get; }

    /// <summary>Row after row.</summary>
    public float[] Rows { get; }

    public float[] Queries { get; }

    /// <summary>The nearest rows of the first queries by squared L2, nearest first.</summary>
    public int[][] Exact { get; }

    public int RowCount => Rows.Length / Dimension;

    public ReadOnlyMemory<float> Query(int index) => Queries.AsMemory(index * Dimension, Dimension);

    public static Workload Read(string directory)
    {
        var (dimension, rows) = ReadBytes(Path.Combine(directory, "base.bvecs.gz"), int.MaxValue);
        var exact = ReadInts(Path.Combine(directory, "gt.ivecs.gz"));
        var (_, queries) = ReadBytes(Path.Combine(directory, "query.bvecs.gz"), exact.Length);
        return new Workload(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory))), dimension, rows, queries, exact);
    }

    private static (int Dimension, float[] Values) ReadBytes(string file, int mostRows)
    {
        using var stream = Open(file);
        var values = new List<float>();
        var size = new byte[4];
        var row = Array.Empty<byte>();
        for (var count = 0; count < mostRows && stream.ReadAtLeast(size, 4, throwOnEndOfStream: false) == 4; count++)
        {
            var dimension = BinaryPrimitives.ReadInt32LittleEndian(size);
            if (row.Length == 0) row = new byte[dimension];
            if (row.Length != dimension) throw new BenchException($"{file}: row {count} has {dimension} values, the first has {row.Length}");
            stream.ReadExactly(row);
            foreach (var value in row) values.Add(value);
        }
        return (row.Length, values.ToArray());
    }

    private static int[][] ReadInts(string file)
    {
        using var stream = Open(file);
        var rows = new List<int[]>();
        var size = new byte[4];
        while (stream.ReadAtLeast(size, 4, throwOnEndOfStream: false) == 4)
        {
            var bytes = new byte[4 * BinaryPrimitives.ReadInt32LittleEndian(size)];
            stream.ReadExactly(bytes);
            var row = new int[bytes.Length / 4];
            Buffer.BlockCopy(bytes, 0, row, 0, bytes.Length);
            rows.Add(row);
        }
        return [.. rows];
    }

    private static BufferedStream Open(string file) => new(new GZipStream(File.OpenRead(file), CompressionMode.Decompress), 1 << 20);
}
