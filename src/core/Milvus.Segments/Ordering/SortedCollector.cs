using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>A row that a collector kept.</summary>
/// <param name="Part">What the caller said where the row is: a segment, a shard.</param>
/// <param name="Row">Its row or position there.</param>
public readonly record struct SortedRow(int Part, int Row);

/// <summary>
/// Keeps the first rows, by some sort keys, of everything that is added: batch after batch, so that memory is bounded by the limit. Not thread-safe.
/// </summary>
public sealed class SortedCollector
{
    /// <summary>Rows that may wait to be sorted in beside a small limit.</summary>
    private const int LeastWaiting = 1024;

    private readonly ImmutableArray<SortKey> _keys;
    private readonly int _limit;
    private readonly Func<SortedRow, Timestamp> _timeOf;
    private readonly List<Column[]> _batches = [];
    private readonly List<Entry> _kept = [];
    private Entry? _worst;

    private readonly record struct Entry(int Batch, int Index, SortedRow At);

    /// <param name="keys">At least one.</param>
    /// <param name="limit">Rows to keep.</param>
    /// <param name="timeOf">When a row was inserted: of rows that are equal by all keys the newest comes first.</param>
    public SortedCollector(ImmutableArray<SortKey> keys, int limit, Func<SortedRow, Timestamp> timeOf)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        _keys = keys;
        _limit = limit;
        _timeOf = timeOf;
    }

    /// <param name="values">A column per sort key, aligned with <paramref name="rows"/>.</param>
    public void Add(Column[] values, int part, ReadOnlySpan<int> rows)
    {
        if (_limit == 0 || rows.IsEmpty) return;
        var better = new List<int>(rows.Length);
        for (var i = 0; i < rows.Length; i++)
            if (IsBetter(values, i, new SortedRow(part, rows[i]))) better.Add(i);
        if (better.Count == 0) return;
        var chosen = better.ToArray();
        _batches.Add(better.Count == rows.Length ? values : Array.ConvertAll(values, v => v.Take(chosen)));
        for (var i = 0; i < chosen.Length; i++) _kept.Add(new Entry(_batches.Count - 1, i, new SortedRow(part, rows[chosen[i]])));
        if (_kept.Count > _limit + Math.Max(LeastWaiting, _limit)) Trim();
    }

    /// <summary>The rows kept, in order, and their values: a column per sort key, none without rows.</summary>
    public (SortedRow[] Rows, ImmutableArray<Column> Values) Finish()
    {
        Trim();
        if (_kept.Count == 0) return ([], []);
        var columns = ImmutableArray.CreateBuilder<Column>(_keys.Length);
        for (var k = 0; k < _keys.Length; k++)
        {
            var builder = ColumnBuilder.For(_keys[k].Field);
            foreach (var e in _kept) builder.AppendFrom(_batches[e.Batch][k], e.Index);
            columns.Add(builder.Build());
        }
        return ([.. _kept.Select(e => e.At)], columns.MoveToImmutable());
    }

    private bool IsBetter(Column[] values, int index, SortedRow at)
    {
        if (_worst is not { } worst) return true;
        var order = ColumnOrder.Compare(_keys, values, index, _batches[worst.Batch], worst.Index);
        return order < 0 || (order == 0 && _timeOf(at) > _timeOf(worst.At));
    }

    private void Trim()
    {
        _kept.Sort((a, b) => ColumnOrder.Compare(_keys, _batches[a.Batch], a.Index, _batches[b.Batch], b.Index) is not 0 and var order ? order : _timeOf(b.At).CompareTo(_timeOf(a.At)));
        if (_kept.Count < _limit) return;
        _kept.RemoveRange(_limit, _kept.Count - _limit);
        _worst = _kept[^1];
    }
}
