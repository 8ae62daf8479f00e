using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>Rows whose estimate does not rule them out, on their way to be compared exactly, a few at a time.</summary>
internal sealed class Survivors
{
    private const int Most = 32;

    private readonly int[] _rows = new int[Most];
    private int _count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int row, in IvfSearch search, TopK results)
    {
        _rows[_count++] = row;
        if (_count == Most)
            Flush(search, results);
    }

    /// <summary>Compares those that wait.</summary>
    public void Flush(in IvfSearch search, TopK results)
    {
        if (_count == 0)
            return;
        search.Index.Exact.ScanRows(search.Index.Store, search.Scratch.Queries, _rows.AsSpan(0, _count), results);
        _count = 0;
    }
}
