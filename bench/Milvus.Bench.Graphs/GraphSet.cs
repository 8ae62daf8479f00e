using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Graphs;

/// <summary>Rows, queries and the exact answers.</summary>
internal sealed record GraphSet(string Name, MetricType Metric, int Dimension, float[] Rows, float[] Queries)
{
    public const int K = 10;

    public int RowCount => Rows.Length / Dimension;

    public int QueryCount => Queries.Length / Dimension;

    /// <summary>The nearest row numbers of every query, K each.</summary>
    public int[] Exact { get; private set; } = [];

    public VectorStore Store { get; private set; } = null!;

    public static GraphSet Open(GraphOptions options) => Prepared(options.Data.Length > 0 ? Read(options) : Generate(options));

    /// <summary>The first rows, with their own exact answers.</summary>
    public GraphSet First(int rows) => Prepared(new GraphSet(Name, Metric, Dimension, Rows[..(Math.Min(rows, RowCount) * Dimension)], Queries));

    private static GraphSet Prepared(GraphSet set)
    {
        set.Store = VectorStore.Create(DataType.FloatVector, set.Dimension, set.RowCount);
        set.Store.Append(MemoryMarshal.AsBytes(set.Rows.AsSpan()));
        var flat = new FlatIndex(set.Store, set.Metric);
        TopK[] found = [.. Enumerable.Range(0, set.QueryCount).Select(_ => new TopK())];
        flat.SearchBatch(MemoryMarshal.AsBytes(set.Queries.AsSpan()), DataType.FloatVector, new VectorSearchParameters(K), RowFilter.All, found);
        set.Exact = [.. found.SelectMany(f => f.Rows.ToArray())];
        return set;
    }

    /// <summary>The nearest among the rows that pass.</summary>
    public int[] ExactAmong(ulong[] bits)
    {
        TopK[] found = [.. Enumerable.Range(0, QueryCount).Select(_ => new TopK())];
        new FlatIndex(Store, Metric).SearchBatch(
            MemoryMarshal.AsBytes(Queries.AsSpan()), DataType.FloatVector, new VectorSearchParameters(K), new RowFilter(bits), found);
        return [.. found.SelectMany(f => f.Rows.ToArray())];
    }

    /// <summary>Searches one thread long with some rows passing.</summary>
    public Measured Measure(VectorIndex index, int ef, double seconds, ulong[] bits, int[] exact)
    {
        var found = new int[QueryCount * K];
        var results = new TopK();
        var bytes = Dimension * sizeof(float);
        var queries = MemoryMarshal.AsBytes(Queries.AsSpan());
        long answered = 0;
        var started = Stopwatch.GetTimestamp();
        var before = Environment.CpuUsage.TotalTime;
        double used;
        do
        {
            for (var q = 0; q < QueryCount; q++)
            {
                index.Search(queries.Slice(q * bytes, bytes), DataType.FloatVector, new VectorSearchParameters(K) { Ef = ef }, new RowFilter(bits), results);
                results.Rows.CopyTo(found.AsSpan(q * K));
            }
            answered += QueryCount;
            used = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        }
        while (used < seconds);
        return new Measured(answered / Stopwatch.GetElapsedTime(started).TotalSeconds, answered / used, Recall(found, exact));
    }

    /// <summary>Searches without the filter for so many more rows that enough can be expected to pass, and drops the others.</summary>
    /// <param name="percent">Rows that pass, of a hundred.</param>
    public Measured MeasureDropping(VectorIndex index, int ef, double seconds, ulong[] bits, int percent, int[] exact)
    {
        var found = new int[QueryCount * K];
        var results = new TopK();
        var bytes = Dimension * sizeof(float);
        var queries = MemoryMarshal.AsBytes(Queries.AsSpan());
        var wanted = Math.Min(RowCount, (K * 130 / percent) + K);
        long answered = 0;
        var started = Stopwatch.GetTimestamp();
        var before = Environment.CpuUsage.TotalTime;
        double used;
        do
        {
            Array.Fill(found, -1);
            for (var q = 0; q < QueryCount; q++)
            {
                index.Search(queries.Slice(q * bytes, bytes), DataType.FloatVector, new VectorSearchParameters(wanted) { Ef = Math.Max(ef, wanted) }, RowFilter.All, results);
                var kept = 0;
                foreach (var row in results.Rows)
                    if (kept < K && ((bits[row / 64] >> row) & 1) != 0) found[(q * K) + kept++] = row;
            }
            answered += QueryCount;
            used = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        }
        while (used < seconds);
        return new Measured(answered / Stopwatch.GetElapsedTime(started).TotalSeconds, answered / used, Recall(found, exact));
    }

    /// <summary>The share of the exact answers among those found.</summary>
    public double Recall(ReadOnlySpan<int> found) => Recall(found, Exact);

    private double Recall(ReadOnlySpan<int> found, int[] answers)
    {
        var hits = 0;
        for (var q = 0; q < QueryCount; q++)
        {
            var exact = answers.AsSpan(q * K, K);
            foreach (var row in found.Slice(q * K, K)) hits += exact.Contains(row) ? 1 : 0;
        }
        return hits / (double)(K * QueryCount);
    }

    public static void Write(string path, float[] values, int dimension)
    {
        using var file = File.Create(path);
        Span<byte> head = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(head, values.Length / dimension);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], dimension);
        file.Write(head);
        file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    private static GraphSet Read(GraphOptions options)
    {
        var (dimension, rows) = ReadBytes(Path.Combine(options.Data, "base.bvecs.gz"), options.Rows);
        var (_, queries) = ReadBytes(Path.Combine(options.Data, "query.bvecs.gz"), options.Queries);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Data)));
        return new GraphSet(name, MetricType.L2, dimension, rows, queries);
    }

    private static (int Dimension, float[] Values) ReadBytes(string file, int mostRows)
    {
        using var stream = new BufferedStream(new GZipStream(File.OpenRead(file), CompressionMode.Decompress), 1 << 20);
        var values = new List<float>();
        var size = new byte[4];
        var row = Array.Empty<byte>();
        for (var count = 0; count < mostRows && stream.ReadAtLeast(size, 4, throwOnEndOfStream: false) == 4; count++)
        {
            if (row.Length == 0) row = new byte[BinaryPrimitives.ReadInt32LittleEndian(size)];
            stream.ReadExactly(row);
            foreach (var value in row) values.Add(value);
        }
        return (row.Length, values.ToArray());
    }

    /// <summary>
    /// As embeddings lie: clusters of unequal size in a space of 96 hidden dimensions of falling weight, seen through a random map, with a
    /// little noise in all dimensions, brought to length 1.
    /// </summary>
    private static GraphSet Generate(GraphOptions options)
    {
        const int Hidden = 96, Clusters = 500;
        var parts = options.Generated.Split('x');
        int count = int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), dimension = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
        var random = new Random(7);
        var map = Gaussians(random, Hidden * dimension);
        for (var h = 0; h < Hidden; h++)
            for (var i = 0; i < dimension; i++) map[(h * dimension) + i] *= (float)Math.Pow(1 + (h / 8.0), -0.5);
        var centres = Gaussians(random, Clusters * Hidden);
        var values = new float[(long)(count + options.Queries) * dimension];
        var hidden = new float[Hidden];
        for (var row = 0; row < count + options.Queries; row++)
        {
            var cluster = (int)(Clusters * Math.Pow(random.NextDouble(), 1.5));
            for (var h = 0; h < Hidden; h++) hidden[h] = centres[(cluster * Hidden) + h] + (0.7f * Gaussian(random));
            var target = values.AsSpan(row * dimension, dimension);
            for (var i = 0; i < dimension; i++) target[i] = 0.5f * Gaussian(random);
            for (var h = 0; h < Hidden; h++)
            {
                var weight = hidden[h];
                var part = map.AsSpan(h * dimension, dimension);
                for (var i = 0; i < dimension; i++) target[i] += weight * part[i];
            }
            var norm = 0f;
            foreach (var value in target) norm += value * value;
            norm = 1 / MathF.Sqrt(norm);
            for (var i = 0; i < dimension; i++) target[i] *= norm;
        }
        return new GraphSet($"clustered {options.Generated}", MetricType.IP, dimension, values[..(count * dimension)], values[(count * dimension)..]);
    }

    private static float[] Gaussians(Random random, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = Gaussian(random);
        return values;
    }

    private static float Gaussian(Random random) => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
