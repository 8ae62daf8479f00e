using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>Which nodes met on the way may be results. Others are still passed through.</summary>
internal interface IAcceptance
{
    bool Accepts(int row, float distance);
}

internal readonly struct AcceptAll : IAcceptance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Accepts(int row, float distance) => true;
}

/// <summary>Rows whose bit is set, at or beyond the inner bound of a range search.</summary>
internal readonly unsafe struct AcceptSome(ulong* words, int wordCount, bool passesAll, DistanceRange range) : IAcceptance
{
    private readonly ulong* _words = words;
    private readonly int _wordCount = wordCount;
    private readonly bool _passesAll = passesAll;
    private readonly bool _hasLower = range.HasLower;
    private readonly float _lower = range.Lower;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Accepts(int row, float distance)
    {
        if (_hasLower && distance < _lower)
            return false;
        int word = row >> 6;
        return _passesAll || (word < _wordCount && ((_words[word] >> row) & 1) != 0);
    }
}

/// <summary>Rows below a number whose bit is set.</summary>
internal readonly unsafe struct AcceptFirst(ulong* words, int wordCount, bool passesAll, int rows) : IAcceptance
{
    private readonly ulong* _words = words;
    private readonly int _wordCount = wordCount;
    private readonly bool _passesAll = passesAll;
    private readonly int _rows = rows;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Accepts(int row, float distance)
    {
        if (row >= _rows)
            return false;
        int word = row >> 6;
        return _passesAll || (word < _wordCount && ((_words[word] >> row) & 1) != 0);
    }
}
