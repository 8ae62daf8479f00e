using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors.Tests.Sparse;

/// <summary>Random sparse rows, and plain double-precision answers over them.</summary>
internal static class SparseData
{
    /// <summary>Rows whose dimensions follow a skewed distribution, some of them empty; values are whole numbers for BM25.</summary>
    public static byte[] Row(Random random, int maxElements, int dimensions, bool wholeNumbers)
    {
        var elements = new SortedDictionary<uint, float>();
        int count = random.Next(maxElements + 1);
        for (int i = 0; i < count; i++)
        {
            uint index = (uint)(dimensions * Math.Pow(random.NextDouble(), 3));
            // Spread over the whole range of indexes, up to the largest that is allowed.
            index = index == dimensions - 1 ? uint.MaxValue - 1 : index * 7919u;
            elements[index] = wholeNumbers ? random.Next(1, 6) : random.Next(20) == 0 ? 0 : random.NextSingle();
        }
        return SparseRow.Encode([.. elements.Select(pair => new SparseElement(pair.Key, pair.Value))]);
    }

    public static byte[][] Rows(Random random, int count, int maxElements, int dimensions, bool wholeNumbers) =>
        [.. Enumerable.Range(0, count).Select(_ => random.Next(50) == 0 ? [] : Row(random, maxElements, dimensions, wholeNumbers))];

    public static SparseRowStore Store(IEnumerable<byte[]> rows)
    {
        var store = new SparseRowStore();
        foreach (byte[] row in rows)
            store.Append(row);
        return store;
    }

    public static Bm25Scoring Scoring(IReadOnlyCollection<byte[]> rows, float k1 = 1.2f, float b = 0.75f)
    {
        var frequencies = new Dictionary<uint, long>();
        double tokens = 0;
        foreach (byte[] row in rows)
        {
            foreach (SparseElement element in SparseRow.Elements(row))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(frequencies, element.Index, out _)++;
                tokens += element.Value;
            }
        }
        return new Bm25Scoring(rows.Count, tokens / rows.Count, term => frequencies.GetValueOrDefault(term)) { K1 = k1, B = b };
    }

    /// <summary>The score of one row by the published formula, in double precision, from dictionaries.</summary>
    public static double Score(byte[] query, byte[] row, Bm25Scoring? scoring)
    {
        Dictionary<uint, float> values = SparseRow.Elements(row).ToArray().ToDictionary(element => element.Index, element => element.Value);
        double length = values.Values.Sum(value => (double)value);
        double score = 0;
        foreach (SparseElement element in SparseRow.Elements(query).ToArray())
        {
            if (!values.TryGetValue(element.Index, out float value) || value == 0)
                continue;
            if (scoring is null)
            {
                score += (double)element.Value * value;
                continue;
            }
            double n = scoring.DocumentFrequency(element.Index);
            double idf = Math.Log(1 + ((scoring.DocumentCount - n + 0.5) / (n + 0.5)));
            double norm = 1 - scoring.B + (scoring.B * length / scoring.AverageLength);
            score += element.Value * idf * value * (scoring.K1 + 1) / (value + (scoring.K1 * norm));
        }
        return score;
    }

    public static ulong[] Filter(Random random, int rows, double passing)
    {
        var words = new ulong[(rows + 63) / 64];
        for (int row = 0; row < rows; row++)
        {
            if (random.NextDouble() < passing)
                words[row >> 6] |= 1UL << row;
        }
        return words;
    }

    public static MetricType Metric(Bm25Scoring? scoring) => scoring is null ? MetricType.IP : MetricType.BM25;
}
