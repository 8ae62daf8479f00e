using System.Numerics;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments.Tests.Reading;

/// <summary>Scores in double precision, straight from the definitions.</summary>
internal static class Distances
{
    public static double Of(DataType type, MetricType metric, byte[] query, byte[] row, Bm25Scoring? bm25 = null)
    {
        if (type == DataType.BinaryVector) return OfBits(metric, query, row);
        if (type == DataType.SparseFloatVector) return OfSparse(metric, query, row, bm25);
        double[] a = Components(type, query), b = Components(type, row);
        var dot = a.Zip(b, (x, y) => x * y).Sum();
        return metric switch
        {
            MetricType.L2 => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum(),
            MetricType.IP => dot,
            MetricType.Cosine => Norm(a) * Norm(b) == 0 ? 0 : dot / (Norm(a) * Norm(b)),
            _ => throw new ArgumentOutOfRangeException(nameof(metric)),
        };
    }

    private static double Norm(double[] v) => Math.Sqrt(v.Sum(x => x * x));

    private static double[] Components(DataType type, byte[] bytes) => type switch
    {
        DataType.FloatVector => [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(x => (double)x)],
        DataType.Float16Vector => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(x => (double)x)],
        DataType.BFloat16Vector => [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(x => (double)BitConverter.UInt32BitsToSingle((uint)x << 16))],
        _ => [.. bytes.Select(x => (double)(sbyte)x)],
    };

    private static double OfBits(MetricType metric, byte[] a, byte[] b)
    {
        int Count(Func<byte, byte, int> f) => a.Zip(b, (x, y) => BitOperations.PopCount((uint)(byte)f(x, y))).Sum();
        int and = Count((x, y) => x & y), or = Count((x, y) => x | y);
        return metric switch
        {
            MetricType.Hamming => Count((x, y) => x ^ y),
            MetricType.Jaccard => or == 0 ? 0 : 1 - ((double)and / or),
            MetricType.Substructure => Count((x, y) => x & ~y) == 0 ? 0 : 1,
            MetricType.Superstructure => Count((x, y) => ~x & y) == 0 ? 0 : 1,
            _ => throw new ArgumentOutOfRangeException(nameof(metric)),
        };
    }

    private static double OfSparse(MetricType metric, byte[] query, byte[] row, Bm25Scoring? bm25)
    {
        var values = SparseRow.Elements(row).ToArray().ToDictionary(e => e.Index, e => (double)e.Value);
        var length = values.Values.Sum();
        double score = 0;
        foreach (var term in SparseRow.Elements(query).ToArray())
        {
            if (!values.TryGetValue(term.Index, out var tf)) continue;
            if (metric == MetricType.IP) score += term.Value * tf;
            else
            {
                double n = bm25!.DocumentFrequency(term.Index);
                var idf = Math.Log(1 + ((bm25.DocumentCount - n + 0.5) / (n + 0.5)));
                score += term.Value * idf * tf * (bm25.K1 + 1) / (tf + (bm25.K1 * (1 - bm25.B + (bm25.B * length / bm25.AverageLength))));
            }
        }
        return score;
    }
}
