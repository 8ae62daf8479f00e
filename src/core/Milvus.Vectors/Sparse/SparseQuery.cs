using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// A query made ready for one metric: its components, ascending, with the factor that everything not depending on the row folds into.
/// Filled anew for each search; the arrays stay.
/// </summary>
internal sealed class SparseQuery
{
    private uint[] _indexes = [];
    private float[] _weights = [];
    private float[] _sorted = [];

    public int Count { get; private set; }

    public ReadOnlySpan<uint> Indexes => _indexes.AsSpan(0, Count);

    /// <summary>IP: the query's values. BM25: query frequency · idf · (k1 + 1).</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, Count);

    /// <summary>Meaningful for BM25.</summary>
    public RowWeight RowWeight { get; private set; }

    /// <exception cref="ArgumentException">BM25 without scoring.</exception>
    public void Prepare(ReadOnlySpan<byte> query, MetricType metric, in SparseSearchParameters parameters)
    {
        ReadOnlySpan<SparseElement> elements = SparseRow.Elements(query);
        if (_indexes.Length < elements.Length)
        {
            _indexes = new uint[elements.Length];
            _weights = new float[elements.Length];
        }
        Count = 0;
        Bm25Scoring? scoring = metric == MetricType.BM25
            ? parameters.Scoring ?? throw new ArgumentException("a BM25 search needs the collection's statistics", nameof(parameters))
            : null;
        RowWeight = scoring?.RowWeight ?? default;
        foreach (SparseElement element in elements)
        {
            float weight = scoring is null ? element.Value : element.Value * scoring.InverseDocumentFrequency(element.Index) * (scoring.K1 + 1);
            if (!(weight > 0))
                continue;
            _indexes[Count] = element.Index;
            _weights[Count++] = weight;
        }
        if (parameters.DropRatio > 0)
            DropSmallest(parameters.DropRatio);
    }

    /// <summary>The score of one row; 0 when it shares nothing with the query.</summary>
    public float Score(ReadOnlySpan<SparseElement> row, float length, bool bm25)
    {
        // A query has few components where rows may have hundreds: seeking beats walking then.
        bool seek = row.Length > 8 * Count;
        float rowWeight = bm25 ? RowWeight.Of(length) : 0;
        float score = 0;
        int at = 0;
        for (int i = 0; i < Count && at < row.Length; i++)
        {
            uint index = _indexes[i];
            if (seek)
            {
                at = SparseRow.Seek(row, at, index);
            }
            else
            {
                while (at < row.Length && row[at].Index < index)
                    at++;
            }
            if (at == row.Length || row[at].Index != index)
                continue;
            float value = row[at++].Value;
            score += bm25 ? Saturated(_weights[i], value, rowWeight) : _weights[i] * value;
        }
        return score;
    }

    /// <summary>BM25's part of one term. A frequency of 0 gives 0, also when k1 is 0.</summary>
    public static float Saturated(float weight, float frequency, float rowWeight) =>
        frequency > 0 ? weight * frequency / (frequency + rowWeight) : 0;

    private void DropSmallest(float ratio)
    {
        int dropped = (int)(ratio * Count);
        if (dropped == 0)
            return;
        if (_sorted.Length < Count)
            _sorted = new float[Count];
        Span<float> sorted = _sorted.AsSpan(0, Count);
        Weights.CopyTo(sorted);
        sorted.Sort();
        float threshold = sorted[Math.Min(dropped, Count - 1)];
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (_weights[i] < threshold)
                continue;
            _indexes[kept] = _indexes[i];
            _weights[kept++] = _weights[i];
        }
        Count = kept;
    }
}
