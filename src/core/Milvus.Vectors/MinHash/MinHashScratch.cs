namespace Milvus.Vectors;

/// <summary>Which rows a search met already, forgotten by counting epochs, and how often.</summary>
internal sealed class MinHashScratch
{
    public static readonly ScratchPool<MinHashScratch> Pool = new();

    private readonly List<int> _rows = [];
    private readonly TopK _best = new();
    private int[] _met = [];
    private int[] _times = [];
    private int _epoch;
    private bool _counts;

    /// <param name="counts">Remembers how often rows are met, for <see cref="MostMet"/>.</param>
    public void Begin(int rows, bool counts)
    {
        if (_met.Length < rows)
        {
            _met = new int[rows];
            _epoch = 0;
        }

        if (++_epoch == int.MaxValue)
        {
            Array.Clear(_met);
            _epoch = 1;
        }

        _counts = counts;
        _rows.Clear();
        if (counts && _times.Length < rows)
            _times = new int[rows];
    }

    /// <summary>True when the row was not met before.</summary>
    public bool Visit(int row)
    {
        bool isNew = _met[row] != _epoch;
        _met[row] = _epoch;
        if (!_counts)
            return isNew;
        if (isNew)
        {
            _times[row] = 0;
            _rows.Add(row);
        }

        _times[row]++;
        return isNew;
    }

    /// <summary>The rows met most often that pass; of those met as often the first ones.</summary>
    public ReadOnlySpan<int> MostMet(int most, RowFilter filter)
    {
        _best.Reset(Math.Max(1, Math.Min(most, _rows.Count)));
        foreach (int row in _rows)
        {
            if (filter.Passes(row))
                _best.Add(row, -_times[row]);
        }

        _best.Finish(Model.MetricType.L2);
        return _best.Rows;
    }
}
