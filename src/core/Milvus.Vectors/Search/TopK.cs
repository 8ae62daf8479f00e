using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Collects the K best rows of one query and then holds them best first. Ties are broken by the smaller row. Reused from search to
/// search it allocates nothing once its arrays have grown. Not thread-safe.
/// </summary>
public sealed class TopK
{
    private ulong[] _keys = [];
    private int[] _rows = [];
    private float[] _scores = [];
    private int _count;
    private bool _finished;
    private DistanceRange _range;

    /// <summary>Rows wanted.</summary>
    public int K { get; private set; }

    /// <summary>Rows held.</summary>
    public int Count => _count;

    /// <summary>The rows found, best first; valid after a search until the next one.</summary>
    public ReadOnlySpan<int> Rows => Finished(_rows);

    /// <summary>Their scores as Milvus returns them, aligned with <see cref="Rows"/>.</summary>
    public ReadOnlySpan<float> Scores => Finished(_scores);

    /// <summary>No larger distance can enter any more; +∞ as long as fewer than K rows are held.</summary>
    public float Bound { get; private set; } = float.PositiveInfinity;

    /// <summary>Empties the collector for a new query.</summary>
    /// <param name="k">At least 1.</param>
    /// <param name="range">Distances outside are not taken.</param>
    public void Reset(int k, DistanceRange range = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        K = k;
        _count = 0;
        _finished = false;
        _range = range;
        Bound = float.PositiveInfinity;
    }

    /// <summary>Offers a row. Offering the same row twice keeps it twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int row, float distance)
    {
        if (distance > Bound)
            return;
        Insert(row, distance);
    }

    /// <summary>Sorts what was collected and converts distances to the metric's scores.</summary>
    public void Finish(MetricType metric)
    {
        Span<ulong> keys = _keys.AsSpan(0, _count);
        keys.Sort();
        if (_rows.Length < _count)
        {
            _rows = new int[_keys.Length];
            _scores = new float[_keys.Length];
        }

        for (int i = 0; i < keys.Length; i++)
        {
            _rows[i] = SortableKey.Row(keys[i]);
            _scores[i] = metric.DistanceToScore(SortableKey.Distance(keys[i]));
        }

        _finished = true;
    }

    private ReadOnlySpan<T> Finished<T>(T[] values) => _finished ? values.AsSpan(0, _count) : default;

    private void Insert(int row, float distance)
    {
        if (!_range.IsUnbounded && !_range.Contains(distance))
            return;
        ulong key = SortableKey.Of(distance, row);
        if (_count < K)
        {
            if (_count == _keys.Length)
                Array.Resize(ref _keys, Math.Min(K, Math.Max(16, _count * 2)));
            KeyHeap.PushMax(_keys, _count++, key);
            if (_count == K)
                Bound = SortableKey.Distance(_keys[0]);
        }
        else if (key < _keys[0])
        {
            KeyHeap.ReplaceMax(_keys.AsSpan(0, _count), key);
            Bound = SortableKey.Distance(_keys[0]);
        }
    }
}
