using System.Numerics;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// One aggregate of every group. Rows or the states of other accumulators come in, states or results go out; groups are numbered from 0
/// and appear as they are first named.
/// </summary>
internal abstract class Accumulator
{
    /// <summary>How many columns a state has.</summary>
    public virtual int StateColumns => 1;

    /// <summary>Makes room for groups 0 … <paramref name="groups"/> − 1.</summary>
    public abstract void EnsureGroups(int groups);

    /// <param name="input">The aggregated field; null for counting rows.</param>
    /// <param name="groups">The group of every row.</param>
    public abstract void Add(Column? input, ReadOnlySpan<int> groups);

    public abstract void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups);

    public abstract Column[] State(int groups);

    public virtual Column Result(int groups) => State(groups)[0];

    public static Accumulator For(Aggregate aggregate) => aggregate.Kind switch
    {
        AggregateKind.CountRows or AggregateKind.Count => new Counter(),
        AggregateKind.Sum when aggregate.ResultType == DataType.Int64 => new Sum<long>(DataType.Int64, ColumnNumbers.IntegerAt),
        AggregateKind.Sum => new Sum<double>(DataType.Double, ColumnNumbers.At),
        AggregateKind.Average => new Average(),
        AggregateKind.Min or AggregateKind.Max => Extreme(aggregate.Field!.Type, aggregate.Kind == AggregateKind.Max),
        _ => throw new ArgumentOutOfRangeException(nameof(aggregate), aggregate.Kind, "unknown aggregate"),
    };

    private static Accumulator Extreme(DataType type, bool isMax) => type switch
    {
        DataType.Int8 => new NumberExtreme<sbyte>(type, isMax),
        DataType.Int16 => new NumberExtreme<short>(type, isMax),
        DataType.Int32 => new NumberExtreme<int>(type, isMax),
        DataType.Int64 or DataType.Timestamptz => new NumberExtreme<long>(type, isMax),
        DataType.Float => new NumberExtreme<float>(type, isMax),
        DataType.Double => new NumberExtreme<double>(type, isMax),
        _ => new TextExtreme(type, isMax),
    };

    private static void Grow<T>(ref T[] values, int count)
    {
        if (values.Length < count) Array.Resize(ref values, Math.Max(count, Math.Max(8, values.Length * 2)));
    }

    private static FixedColumn<T> Nullable<T>(DataType type, T[] values, bool[] has, int groups)
        where T : unmanaged
    {
        var builder = new FixedColumnBuilder<T>(type);
        for (var g = 0; g < groups; g++)
        {
            if (has[g]) builder.Append(values[g]);
            else builder.AppendNull();
        }
        return builder.Build();
    }

    private sealed class Counter : Accumulator
    {
        private long[] _counts = [];

        public override void EnsureGroups(int groups) => Grow(ref _counts, groups);

        public override void Add(Column? input, ReadOnlySpan<int> groups)
        {
            for (var row = 0; row < groups.Length; row++)
                if (input is null || !input.IsNull(row)) _counts[groups[row]]++;
        }

        public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
        {
            for (var row = 0; row < groups.Length; row++) _counts[groups[row]] += ColumnNumbers.IntegerAt(state[0], row);
        }

        public override Column[] State(int groups) => [new FixedColumn<long>(DataType.Int64, _counts[..groups])];
    }

    private sealed class Sum<T>(DataType type, Func<Column, int, T> valueAt) : Accumulator
        where T : unmanaged, INumberBase<T>
    {
        private T[] _sums = [];
        private bool[] _has = [];

        public override void EnsureGroups(int groups)
        {
            Grow(ref _sums, groups);
            Grow(ref _has, groups);
        }

        public override void Add(Column? input, ReadOnlySpan<int> groups)
        {
            for (var row = 0; row < groups.Length; row++)
            {
                if (input!.IsNull(row)) continue;
                _sums[groups[row]] = unchecked(_sums[groups[row]] + valueAt(input, row));
                _has[groups[row]] = true;
            }
        }

        public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups) => Add(state[0], groups);

        public override Column[] State(int groups) => [Nullable(type, _sums, _has, groups)];
    }

    private sealed class Average : Accumulator
    {
        private double[] _sums = [];
        private long[] _counts = [];

        public override int StateColumns => 2;

        public override void EnsureGroups(int groups)
        {
            Grow(ref _sums, groups);
            Grow(ref _counts, groups);
        }

        public override void Add(Column? input, ReadOnlySpan<int> groups)
        {
            for (var row = 0; row < groups.Length; row++)
            {
                if (input!.IsNull(row)) continue;
                _sums[groups[row]] += ColumnNumbers.At(input, row);
                _counts[groups[row]]++;
            }
        }

        public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
        {
            for (var row = 0; row < groups.Length; row++)
            {
                _sums[groups[row]] += ColumnNumbers.At(state[0], row);
                _counts[groups[row]] += ColumnNumbers.IntegerAt(state[1], row);
            }
        }

        public override Column[] State(int groups) =>
            [new FixedColumn<double>(DataType.Double, _sums[..groups]), new FixedColumn<long>(DataType.Int64, _counts[..groups])];

        public override Column Result(int groups)
        {
            var means = new double[groups];
            var has = new bool[groups];
            for (var g = 0; g < groups; g++)
                if (_counts[g] > 0) (means[g], has[g]) = (_sums[g] / _counts[g], true);
            return Nullable(DataType.Double, means, has, groups);
        }
    }

    private sealed class NumberExtreme<T>(DataType type, bool isMax) : Accumulator
        where T : unmanaged, INumber<T>
    {
        private T[] _best = [];
        private bool[] _has = [];

        public override void EnsureGroups(int groups)
        {
            Grow(ref _best, groups);
            Grow(ref _has, groups);
        }

        public override void Add(Column? input, ReadOnlySpan<int> groups)
        {
            var values = ((FixedColumn<T>)input!).Values;
            for (var row = 0; row < groups.Length; row++)
            {
                if (input.IsNull(row)) continue;
                var g = groups[row];
                if (_has[g] && (isMax ? values[row] <= _best[g] : values[row] >= _best[g])) continue;
                (_best[g], _has[g]) = (values[row], true);
            }
        }

        public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups) => Add(state[0], groups);

        public override Column[] State(int groups) => [Nullable(type, _best, _has, groups)];
    }

    private sealed class TextExtreme(DataType type, bool isMax) : Accumulator
    {
        private byte[]?[] _best = [];

        public override void EnsureGroups(int groups) => Grow(ref _best, groups);

        public override void Add(Column? input, ReadOnlySpan<int> groups)
        {
            var values = (BinaryColumn)input!;
            for (var row = 0; row < groups.Length; row++)
            {
                if (values.IsNull(row)) continue;
                ref var best = ref _best[groups[row]];
                if (best is not null && values[row].SequenceCompareTo(best) is var order && (isMax ? order <= 0 : order >= 0)) continue;
                best = values[row].ToArray();
            }
        }

        public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups) => Add(state[0], groups);

        public override Column[] State(int groups)
        {
            var builder = new BinaryColumnBuilder(type);
            for (var g = 0; g < groups; g++)
            {
                if (_best[g] is { } best) builder.Append(best);
                else builder.AppendNull();
            }
            return [builder.Build()];
        }
    }
}
