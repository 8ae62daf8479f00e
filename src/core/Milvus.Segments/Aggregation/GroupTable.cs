using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// Aggregates rows, or what other tables have aggregated, by the values of some fields; nulls are a value of their own. Without fields
/// there is one group, even of nothing. Not thread-safe.
/// </summary>
public sealed class GroupTable
{
    /// <summary>Groups beyond which a query fails.</summary>
    public const int MaxGroups = 100_000;

    private readonly ImmutableArray<FieldSchema> _fields;
    private readonly ImmutableArray<Aggregate> _aggregates;
    private readonly Accumulator[] _accumulators;
    private readonly ColumnBuilder[] _keys;
    private readonly GroupNumbers _numbers = new();
    private int[] _groups = [];
    private int _count;

    public GroupTable(ImmutableArray<FieldSchema> fields, ImmutableArray<Aggregate> aggregates)
    {
        _fields = fields;
        _aggregates = aggregates;
        _accumulators = [.. aggregates.Select(Accumulator.For)];
        _keys = [.. fields.Select(ColumnBuilder.For)];
        if (fields.IsEmpty) SetCount(1);
    }

    /// <summary>Adds the matching rows of a segment; rows with equal primary keys all count.</summary>
    /// <exception cref="MilvusException">2000: too many groups.</exception>
    public void Add(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellation)
    {
        if (_fields.IsEmpty && _aggregates.All(a => a.Field is null))
        {
            AddCount(SegmentQuery.Count(segment, filter, at, scratch, cancellation));
            return;
        }
        var rows = SegmentQuery.Execute(segment, filter, at, scratch, cancellation);
        for (var from = 0; from < rows.Length; from += ColumnLimits.BlockRows)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = rows.AsSpan(from, Math.Min(ColumnLimits.BlockRows, rows.Length - from));
            var columns = new Dictionary<long, Column>();
            Column Fetch(FieldSchema field, ReadOnlySpan<int> wanted) =>
                columns.TryGetValue(field.Id, out var known) ? known : columns[field.Id] = segment.Fetch(field, wanted);
            var keys = new Column[_fields.Length];
            for (var i = 0; i < keys.Length; i++) keys[i] = Fetch(_fields[i], batch);
            var groups = Number(keys, batch.Length);
            for (var i = 0; i < _accumulators.Length; i++)
                _accumulators[i].Add(_aggregates[i].Field is { } field ? Fetch(field, batch) : null, groups);
        }
    }

    /// <summary>Adds what another table for the same fields and aggregates holds.</summary>
    /// <exception cref="MilvusException">2000: too many groups.</exception>
    public void Add(GroupStates states)
    {
        if (states.GroupCount == 0) return;
        var groups = Number([.. states.Keys], states.GroupCount);
        var next = 0;
        foreach (var accumulator in _accumulators)
        {
            accumulator.Merge(states.States.AsSpan().Slice(next, accumulator.StateColumns), groups);
            next += accumulator.StateColumns;
        }
    }

    /// <summary>Aggregates rows whose groups are known.</summary>
    /// <param name="inputs">A column per aggregate, aligned with <paramref name="groups"/>; not looked at where rows are counted.</param>
    /// <param name="groups">The group of every row.</param>
    /// <returns>A column per aggregate, a row per group.</returns>
    public static Column[] Compute(ImmutableArray<Aggregate> aggregates, ReadOnlySpan<Column> inputs, ReadOnlySpan<int> groups, int groupCount)
    {
        var results = new Column[aggregates.Length];
        for (var i = 0; i < results.Length; i++)
        {
            var accumulator = Accumulator.For(aggregates[i]);
            accumulator.EnsureGroups(groupCount);
            accumulator.Add(aggregates[i].Field is null ? null : inputs[i], groups);
            results[i] = accumulator.Result(groupCount);
        }
        return results;
    }

    public GroupStates ToStates() => new(_count, Keys(), [.. _accumulators.SelectMany(a => a.State(_count))]);

    /// <summary>The values of the fields and of the aggregates, one row per group, in no order.</summary>
    public (int GroupCount, ImmutableArray<Column> Keys, ImmutableArray<Column> Results) Finish() => (_count, Keys(), [.. _accumulators.Select(a => a.Result(_count))]);

    private ImmutableArray<Column> Keys() => [.. _keys.Select(k => k.Build())];

    private void AddCount(long rows)
    {
        var count = new FixedColumn<long>(DataType.Int64, new[] { rows });
        foreach (var accumulator in _accumulators) accumulator.Merge([count], [0]);
    }

    /// <summary>The group of every row; new groups get the next numbers.</summary>
    private ReadOnlySpan<int> Number(Column[] keys, int rows)
    {
        if (_groups.Length < rows) _groups = new int[Math.Max(rows, ColumnLimits.BlockRows)];
        var groups = _groups.AsSpan(0, rows);
        if (_fields.IsEmpty)
        {
            groups.Clear();
            return groups;
        }
        for (var row = 0; row < rows; row++)
        {
            var number = _numbers.Add(keys, row);
            if (number == _count)
            {
                for (var i = 0; i < keys.Length; i++) _keys[i].AppendFrom(keys[i], row);
                SetCount(_count + 1);
            }
            groups[row] = number;
        }
        return groups;
    }

    private void SetCount(int groups)
    {
        if (groups > MaxGroups) throw new MilvusException(ErrorCode.SegcoreError, $"the number of groups exceeds the limit of {MaxGroups}: segcore error");
        _count = groups;
        foreach (var accumulator in _accumulators) accumulator.EnsureGroups(groups);
    }
}
