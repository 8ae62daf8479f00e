namespace Milvus.Vectors;

/// <summary>Which rows a search met already, forgotten by counting epochs.</summary>
internal sealed class MinHashScratch
{
    public static readonly ScratchPool<MinHashScratch> Pool = new();

    private int[] _met = [];
    private int _epoch;

    public void Begin(int rows)
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
    }

    /// <summary>True when the row was not met before.</summary>
    public bool Visit(int row)
    {
        if (_met[row] == _epoch)
            return false;
        _met[row] = _epoch;
        return true;
    }
}
