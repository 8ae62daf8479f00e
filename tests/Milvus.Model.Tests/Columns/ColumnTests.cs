using Milvus.TestKit.Columns;

namespace Milvus.Model.Tests.Columns;

/// <summary>Columns of every shape against the list of their values.</summary>
public sealed class ColumnTests
{
    [Fact]
    public void Slices_and_selections_hold_the_rows_they_name()
    {
        var random = new Random(1);
        foreach (var (type, element, dimension) in RandomColumns.Shapes)
        {
            for (var round = 0; round < 20; round++)
            {
                var column = RandomColumns.Create(random, type, element, dimension, random.Next(200), nullShare: round % 2 * 0.3);
                var values = RandomColumns.Describe(column);
                var start = random.Next(column.Count + 1);
                var count = random.Next(column.Count - start + 1);
                Assert.Equal(values.GetRange(start, count), RandomColumns.Describe(column.Slice(start, count)));

                int[] rows = [.. Enumerable.Range(0, column.Count == 0 ? 0 : random.Next(50)).Select(_ => random.Next(column.Count))];
                Assert.Equal(rows.Select(r => values[r]), RandomColumns.Describe(column.Take(rows)));
            }
        }
    }

    [Fact]
    public void Statistics_enclose_every_value()
    {
        var random = new Random(2);
        foreach (var (type, element, dimension) in RandomColumns.Shapes)
        {
            for (var round = 0; round < 20; round++)
            {
                var column = RandomColumns.Create(random, type, element, dimension, random.Next(1, 100), nullShare: round % 3 * 0.5);
                var statistics = ColumnStatistics.Compute(column);
                Assert.Equal(column.Count, statistics.RowCount);
                Assert.Equal(RandomColumns.Describe(column).Count(v => v is null), statistics.NullCount);
                for (var i = 0; i < column.Count; i++)
                    if (!column.IsNull(i)) AssertEnclosed(statistics, column, i);
            }
        }
    }

    [Fact]
    public void Long_text_keeps_a_short_bound_that_is_not_below_it()
    {
        var text = new byte[100];
        Array.Fill(text, (byte)'a');
        text[63] = 0xFF;
        var bound = ColumnStatistics.Compute(new BinaryColumn(DataType.VarChar, new[] { 0, 100 }, text)).MaxText!;
        Assert.True(bound.Length <= ColumnStatistics.MaxBoundBytes);
        Assert.True(text.AsSpan().SequenceCompareTo(bound) < 0);

        Array.Fill(text, (byte)0xFF);
        Assert.Null(ColumnStatistics.Compute(new BinaryColumn(DataType.VarChar, new[] { 0, 100 }, text)).MaxText);
    }

    [Fact]
    public void Not_a_number_leaves_no_bounds() =>
        Assert.Null(ColumnStatistics.Compute(new FixedColumn<double>(DataType.Double, new[] { 1, double.NaN })).Floats);

    private static void AssertEnclosed(ColumnStatistics s, Column column, int row)
    {
        long? integer = column switch
        {
            FixedColumn<bool> c => c.Values[row] ? 1 : 0,
            FixedColumn<sbyte> c => c.Values[row],
            FixedColumn<short> c => c.Values[row],
            FixedColumn<int> c => c.Values[row],
            FixedColumn<long> c => c.Values[row],
            _ => null,
        };
        if (integer is { } n) Assert.InRange(n, s.Integers!.Value.Min, s.Integers.Value.Max);
        else if (column is FixedColumn<float> f) Assert.InRange(f.Values[row], s.Floats!.Value.Min, s.Floats.Value.Max);
        else if (column is FixedColumn<double> d) Assert.InRange(d.Values[row], s.Floats!.Value.Min, s.Floats.Value.Max);
        else if (column is BinaryColumn { Type: DataType.VarChar } t)
        {
            Assert.True(t[row].SequenceCompareTo(s.MinText) >= 0);
            Assert.True(s.MaxText is null || t[row].SequenceCompareTo(s.MaxText) <= 0);
        }
    }
}
