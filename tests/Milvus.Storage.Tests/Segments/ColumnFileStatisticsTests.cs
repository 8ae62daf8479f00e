using System.Text;
using Milvus.Model;
using Milvus.Storage.Segments;
using Milvus.TestKit.Columns;
using Milvus.TestKit.Objects;

namespace Milvus.Storage.Tests.Segments;

public sealed class ColumnFileStatisticsTests
{
    [Fact]
    public async Task Integer_bounds_are_exact_and_skip_nulls()
    {
        var s = await OneBlockAsync(new FixedColumn<long>(DataType.Int64, new[] { long.MinValue, 5L, -3L, 9L }, Validity.FromFlags([false, true, true, true])));

        Assert.Equal((BoundKind.Int64, -3L, 9L, 1, 4), (s.Kind, s.MinInt64, s.MaxInt64, s.NullCount, s.RowCount));
    }

    [Fact]
    public async Task Bool_bounds_tell_which_values_occur()
    {
        Assert.Equal((0L, 1L), Bounds(await OneBlockAsync(new FixedColumn<bool>(DataType.Bool, new[] { true, false }))));
        Assert.Equal((1L, 1L), Bounds(await OneBlockAsync(new FixedColumn<bool>(DataType.Bool, new[] { true, true }))));
        Assert.Equal((0L, 0L), Bounds(await OneBlockAsync(new FixedColumn<bool>(DataType.Bool, new[] { false }))));

        static (long, long) Bounds(BlockStatistics s) => (s.MinInt64, s.MaxInt64);
    }

    [Fact]
    public async Task Float_bounds_leave_NaN_out_and_say_so()
    {
        var s = await OneBlockAsync(new FixedColumn<float>(DataType.Float, new[] { float.NaN, 2.5f, float.NegativeInfinity }));
        Assert.Equal((BoundKind.Double, double.NegativeInfinity, 2.5, true), (s.Kind, s.MinDouble, s.MaxDouble, s.HasNaN));

        var onlyNaN = await OneBlockAsync(new FixedColumn<double>(DataType.Double, new[] { double.NaN }));
        Assert.Equal((BoundKind.None, true), (onlyNaN.Kind, onlyNaN.HasNaN));
    }

    [Fact]
    public async Task Short_texts_are_exact_bounds_in_byte_order()
    {
        var s = await OneBlockAsync(BinaryColumn.FromStrings(DataType.VarChar, ["b", null, "ab", "é", "Z"]));

        Assert.Equal(("Z", "é"), (Text(s.MinText), Text(s.MaxText)));
        Assert.Equal(1, s.NullCount);
    }

    [Fact]
    public async Task Long_texts_are_rounded_outwards()
    {
        var a = new string('a', 100);
        var s = await OneBlockAsync(BinaryColumn.FromStrings(DataType.VarChar, [a]));
        Assert.Equal((new string('a', 64), new string('a', 63) + "b"), (Text(s.MinText), Text(s.MaxText)));

        var bytes = Enumerable.Repeat((byte)0xFF, 100).ToArray();
        var unbounded = await OneBlockAsync(new BinaryColumn(DataType.VarChar, new[] { 0, 100 }, bytes));
        Assert.Equal(BoundKind.None, unbounded.Kind);
    }

    [Fact]
    public async Task Bounds_hold_for_random_texts()
    {
        var random = new Random(4);
        for (var trial = 0; trial < 50; trial++)
        {
            var column = (BinaryColumn)RandomColumns.Create(random, DataType.VarChar, DataType.None, 0, random.Next(1, 60), nullShare: 0.2);
            var s = await OneBlockAsync(column);
            if (s.Kind == BoundKind.None)
                continue;
            Assert.True(s.MinText.Length <= ColumnFileFormat.TextBoundBytes && s.MaxText.Length <= ColumnFileFormat.TextBoundBytes);
            for (var i = 0; i < column.Count; i++)
            {
                Assert.True(column.IsNull(i) || column[i].SequenceCompareTo(s.MinText.Span) >= 0);
                Assert.True(column.IsNull(i) || column[i].SequenceCompareTo(s.MaxText.Span) <= 0);
            }
        }
    }

    [Fact]
    public async Task Types_without_order_have_counts_only()
    {
        var s = await OneBlockAsync(RandomColumns.Create(new Random(1), DataType.Json, DataType.None, 0, 10));

        Assert.Equal((BoundKind.None, 10, 0), (s.Kind, s.RowCount, s.NullCount));
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static async Task<BlockStatistics> OneBlockAsync(Column column)
    {
        var store = new InMemoryObjectStore();
        await ColumnFiles.WriteAsync(store, "s.col", new ColumnFileFormat(1, column.Type), [column]);
        return Assert.Single((await ColumnFileReader.OpenAsync(store, "s.col")).Statistics);
    }
}
