using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Memory;

/// <summary>What one process does.</summary>
internal static class Steps
{
    /// <param name="Anonymous">Resident bytes that belong to no file: heaps and stacks.</param>
    /// <param name="File">Resident bytes of files, which the system takes back when it needs them.</param>
    /// <param name="Counted">What the index and its vectors say that they take.</param>
    /// <param name="LoadMs">From opening the files to the first search, the vectors' checksums not included.</param>
    public sealed record Facts(int Rows, long Anonymous, long File, long Counted, double Recall, double SearchMs, double LoadMs)
    {
        public static Facts Parse(string text)
        {
            string[] parts = text.Trim().Split(' ');
            double Number(int i) => double.Parse(parts[i], CultureInfo.InvariantCulture);
            return new Facts((int)Number(0), (long)Number(1), (long)Number(2), (long)Number(3), Number(4), Number(5), Number(6));
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rows} {Anonymous} {File} {Counted} {Recall} {SearchMs} {LoadMs}");
    }

    public static int Build(Kind kind, string directory)
    {
        MemorySet set = MemorySet.Open(directory);
        VectorIndex index = kind.Build!(set.Vectors(isMapped: false));
        using (FileStream file = File.Create(set.IndexFile))
            VectorIndexFile.Save(index, file);
        Console.WriteLine(new Facts(index.Count, 0, 0, 0, 0, 0, 0));
        return 0;
    }

    public static int Load(Kind kind, string directory)
    {
        MemorySet set = MemorySet.Open(directory);
        if (kind.Build is null)
        {
            Settle();
            Console.WriteLine(new Facts(0, Resident("RssAnon:"), Resident("RssFile:"), 0, 0, 0, 0));
            return 0;
        }

        long started = Stopwatch.GetTimestamp();
        VectorStore store = set.Vectors(kind.IsMapped);
        VectorIndex index = kind.IsIndexMapped ? VectorIndexFile.Map(System.IO.File.OpenHandle(set.IndexFile), store, "index", kind.MostCodes) : Read(set, store, kind);
        store.Settle(isRandom: index is not FlatIndex);
        double loading = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        (double recall, double ms) = Search(set, index, kind.Search);
        Settle();
        Console.WriteLine(new Facts(index.Count, Resident("RssAnon:"), Resident("RssFile:"), index.MemoryBytes + store.MemoryBytes, recall, ms, loading));
        GC.KeepAlive(index);
        return 0;
    }

    private static VectorIndex Read(MemorySet set, VectorStore store, Kind kind)
    {
        using FileStream file = File.OpenRead(set.IndexFile);
        return VectorIndexFile.Load(file, store, "index", kind.MostCodes);
    }

    private static (double Recall, double Ms) Search(MemorySet set, VectorIndex index, VectorSearchParameters parameters)
    {
        var results = new TopK();
        int bytes = set.Dimension * sizeof(float), hits = 0, answered = 0;
        long started = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < 3; pass++)
        {
            if (pass == 1)
                (started, answered) = (Stopwatch.GetTimestamp(), 0);
            for (int query = 0; query < MemorySet.QueryCount; query++, answered++)
            {
                index.Search(set.Queries.AsSpan(query * bytes, bytes), DataType.FloatVector, parameters, RowFilter.All, results);
                if (pass == 0)
                    hits += results.Rows.ToArray().Intersect(set.Exact.AsSpan(query * MemorySet.K, MemorySet.K).ToArray()).Count();
            }
        }

        return (hits / (double)(MemorySet.QueryCount * MemorySet.K), Stopwatch.GetElapsedTime(started).TotalMilliseconds / answered);
    }

    private static void Settle()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private static long Resident(string field)
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith(field, StringComparison.Ordinal))
                return 1024 * long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
        }

        return 0;
    }
}
