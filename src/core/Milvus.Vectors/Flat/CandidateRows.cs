namespace Milvus.Vectors;

/// <summary>
/// Rows that may be among the best of one query, with what rounding leaves open about each: its distance is between two bounds. The K lowest of the upper ones bound what
/// is wanted, so most rows are out again before they are compared, and they are compared when all are known (VA-NOA of Weber, Schek, Blott 1998).
/// </summary>
internal sealed class CandidateRows
{
    private const int Least = 64;

    private readonly TopK _highest = new();
    private int[] _rows = new int[Least];
    private float[] _lows = new float[Least];

    /// <summary>Rows in the order they came in.</summary>
    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, Count);

    public int Count { get; private set; }

    /// <summary>No row whose distance is larger is wanted.</summary>
    public float Bound => _highest.Bound;

    /// <summary>Empties it for a query that wants <paramref name="k"/> rows.</summary>
    public void Reset(int k)
    {
        Count = 0;
        _highest.Reset(k);
    }

    /// <summary>Takes a row; its distance is not above <paramref name="high"/>, if that is a number.</summary>
    /// <param name="low">What <see cref="Keep"/> decides by.</param>
    /// <param name="limit">Where there is no room, rows whose lower value is above are dropped.</param>
    public void Add(int row, float low, float high, float limit)
    {
        if (high < float.PositiveInfinity)
            _highest.Add(row, high);
        if (Count == _rows.Length)
            MakeRoom(limit);
        (_rows[Count], _lows[Count]) = (row, low);
        Count++;
    }

    /// <summary>Drops rows whose lower value is above a limit.</summary>
    public void Keep(float limit)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            // Written so that NaN stays.
            if (_lows[i] > limit)
                continue;
            (_rows[kept], _lows[kept]) = (_rows[i], _lows[i]);
            kept++;
        }

        Count = kept;
    }

    /// <summary>Forgets the rows, but not what they bound.</summary>
    public void Clear() => Count = 0;

    private void MakeRoom(float limit)
    {
        Keep(limit);
        if (Count <= _rows.Length / 2)
            return;
        Array.Resize(ref _rows, _rows.Length * 2);
        Array.Resize(ref _lows, _lows.Length * 2);
    }
}
