using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Memory;

/// <summary>Files that the steps share: vectors, queries and the numbers of the nearest vectors.</summary>
internal sealed record MemorySet(string Directory, int Dimension, byte[] Queries, int[] Exact)
{
    public const int K = 10;
    public const int QueryCount = 200;

    /// <summary>Where vectors start in their file, as in segments.</summary>
    private const int HeaderBytes = 64;

    private string VectorFile => Path.Combine(Directory, "vectors");

    public string IndexFile => Path.Combine(Directory, "index");

    public int RowCount => (int)((new FileInfo(VectorFile).Length - HeaderBytes) / (Dimension * sizeof(float)));

    /// <summary>Rows around 300 centres in a space of 64 hidden directions, as those of embeddings lie, with a little noise.</summary>
    public static void Generate(string directory, int rows, int dimension)
    {
        const int Hidden = 64, Clusters = 300;
        var random = new Random(7);
        float[] map = Gaussians(random, Hidden * dimension), centres = Gaussians(random, Clusters * Hidden);
        VectorStore store = VectorStore.Create(DataType.FloatVector, dimension, rows);
        var queries = new List<byte>();
        var vector = new float[dimension];
        for (int row = 0; row < rows + QueryCount; row++)
        {
            int centre = random.Next(Clusters) * Hidden;
            for (int i = 0; i < dimension; i++)
                vector[i] = 0.5f * Gaussian(random);
            for (int h = 0; h < Hidden; h++)
            {
                float weight = centres[centre + h] + (0.7f * Gaussian(random));
                for (int i = 0; i < dimension; i++)
                    vector[i] += weight * map[(h * dimension) + i];
            }

            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(vector.AsSpan());
            if (row < rows)
                store.Append(bytes);
            else
                queries.AddRange(bytes);
        }

        byte[] all = [.. queries];
        TopK[] found = [.. Enumerable.Range(0, QueryCount).Select(_ => new TopK())];
        new FlatIndex(store, MetricType.L2).SearchBatch(all, DataType.FloatVector, new VectorSearchParameters(K), RowFilter.All, found);
        using (FileStream file = File.Create(Path.Combine(directory, "vectors")))
        {
            file.Write(new byte[HeaderBytes]);
            for (int row = 0; row < rows; row++)
                file.Write(store.Row(row));
        }

        File.WriteAllBytes(Path.Combine(directory, "queries"), all);
        File.WriteAllBytes(Path.Combine(directory, "exact"), MemoryMarshal.AsBytes(found.SelectMany(f => f.Rows.ToArray()).ToArray().AsSpan()).ToArray());
    }

    public static MemorySet Open(string directory)
    {
        byte[] queries = File.ReadAllBytes(Path.Combine(directory, "queries"));
        int[] exact = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(Path.Combine(directory, "exact"))).ToArray();
        return new MemorySet(directory, queries.Length / QueryCount / sizeof(float), queries, exact);
    }

    public VectorStore Vectors(bool isMapped)
    {
        if (isMapped)
            return VectorStore.Map(DataType.FloatVector, Dimension, RowCount, VectorFile, HeaderBytes);
        VectorStore store = VectorStore.Create(DataType.FloatVector, Dimension, RowCount);
        using FileStream file = File.OpenRead(VectorFile);
        file.Position = HeaderBytes;
        while (store.Count < RowCount)
        {
            Span<byte> room = store.Reserve(Math.Min(1024, RowCount - store.Count));
            file.ReadExactly(room);
            store.Publish(room.Length / store.RowBytes);
        }

        return store;
    }

    private static float[] Gaussians(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => Gaussian(random))];

    private static float Gaussian(Random random) => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
