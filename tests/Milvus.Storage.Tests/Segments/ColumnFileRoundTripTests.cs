using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Storage.Segments;
using Milvus.TestKit.Columns;
using Milvus.TestKit.Objects;

namespace Milvus.Storage.Tests.Segments;

public sealed class ColumnFileRoundTripTests
{
    private const int BlockRows = 64;
    private readonly InMemoryObjectStore _store = new();

    public static TheoryData<DataType, DataType, int, double> Shapes()
    {
        var data = new TheoryData<DataType, DataType, int, double>();
        foreach (var (type, elementType, dimension) in RandomColumns.Shapes)
        {
            data.Add(type, elementType, dimension, 0);
            data.Add(type, elementType, dimension, 0.3);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Every_type_reads_back_whatever_the_batches(DataType type, DataType elementType, int dimension, double nullShare)
    {
        var random = new Random(HashCode.Combine((int)type, (int)elementType) % 1000);
        foreach (var rows in new[] { 0, 1, 63, 64, 65, 128, 333 })
        {
            var column = RandomColumns.Create(random, type, elementType, dimension, rows, nullShare);
            var summary = await WriteAsync(column, RandomBatches(random, rows));
            var reader = await ColumnFileReader.OpenAsync(_store, "f.col");

            Assert.Equal(new ColumnFileFormat(7, type, elementType, dimension), reader.Format);
            Assert.Equal(rows, reader.RowCount);
            Assert.Equal(rows, summary.RowCount);
            Assert.Equal((rows + BlockRows - 1) / BlockRows, reader.BlockCount);
            Assert.Equal(await _store.GetLengthAsync("f.col"), summary.Bytes);
            Assert.Equal(column.Validity is not null, reader.HasNulls);
            var expected = RandomColumns.Describe(column);
            var byBlock = new List<string?>();
            for (var block = 0; block < reader.BlockCount; block++)
                byBlock.AddRange(RandomColumns.Describe(await reader.ReadBlockAsync(block)));
            Assert.Equal(expected, byBlock);
            var streamed = new List<string?>();
            await foreach (var block in reader.ReadBlocksAsync(reader.BlockCount / 2))
                streamed.AddRange(RandomColumns.Describe(block));
            Assert.Equal(expected.Skip(reader.BlockCount / 2 * BlockRows), streamed);
            var validity = await reader.ReadValidityAsync();
            for (var row = 0; row < rows; row++)
                Assert.Equal(expected[row] is not null, validity?[row] ?? true);
        }
    }

    [Fact]
    public async Task A_column_of_nulls_reads_back()
    {
        var builder = ColumnBuilder.For(DataType.VarChar);
        for (var i = 0; i < 100; i++)
            builder.AppendNull();
        await WriteAsync(builder.Build(), [100]);
        var reader = await ColumnFileReader.OpenAsync(_store, "f.col");

        Assert.All(RandomColumns.Describe(await reader.ReadBlockAsync(1)), Assert.Null);
        Assert.All(reader.Statistics, s => Assert.Equal((BoundKind.None, s.RowCount), (s.Kind, s.NullCount)));
    }

    [Fact]
    public async Task Vectors_stream_into_memory_of_the_caller()
    {
        var column = (VectorColumn)RandomColumns.Create(new Random(5), DataType.FloatVector, DataType.None, 33, 1000, nullShare: 0.1);
        await WriteAsync(column, [1000]);
        var reader = await ColumnFileReader.OpenAsync(_store, "f.col");
        Assert.Equal(column.Data.Length, reader.ValueBytes);

        var managed = new byte[column.Data.Length];
        await reader.ReadAllValuesAsync(block => managed.AsMemory(block * BlockRows * column.RowBytes));
        Assert.Equal(column.Data.ToArray(), managed);

        var native = Marshal.AllocHGlobal(column.Data.Length);
        try
        {
            await reader.ReadAllValuesAsync(native, column.Data.Length);
            Marshal.Copy(native, managed, 0, managed.Length);
            Assert.Equal(column.Data.ToArray(), managed);
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => reader.ReadAllValuesAsync(native, column.Data.Length - 1));
        }
        finally
        {
            Marshal.FreeHGlobal(native);
        }
    }

    [Fact]
    public async Task Values_of_fixed_width_lie_in_the_file_as_one_aligned_array()
    {
        var column = (VectorColumn)RandomColumns.Create(new Random(6), DataType.FloatVector, DataType.None, 4, 200, nullShare: 0.2);
        await WriteAsync(column, [200]);

        Assert.Equal(column.Data.ToArray(), _store.Get("f.col").AsSpan(ColumnFileFormat.HeaderBytes, column.Data.Length).ToArray());
    }

    [Fact]
    public async Task The_default_block_is_the_engine_s_block()
    {
        var values = Enumerable.Range(0, ColumnLimits.BlockRows + 1).Select(i => (long)i).ToArray();
        await ColumnFiles.WriteAsync(_store, "t.col", ColumnFileFormat.Timestamps, [new FixedColumn<long>(DataType.Int64, values)]);
        var reader = await ColumnFileReader.OpenAsync(_store, "t.col");

        Assert.Equal(ColumnLimits.BlockRows, reader.BlockRows);
        Assert.Equal(2, reader.BlockCount);
        Assert.Equal(values[^1], ((FixedColumn<long>)await reader.ReadBlockAsync(1)).Values[0]);
    }

    [Fact]
    public async Task A_column_of_another_shape_is_refused_and_nothing_is_stored()
    {
        var wrong = RandomColumns.Create(new Random(1), DataType.FloatVector, DataType.None, 8, 3);
        await Assert.ThrowsAsync<ArgumentException>(
            () => ColumnFiles.WriteAsync(_store, "w.col", new ColumnFileFormat(1, DataType.FloatVector, Dimension: 4), [wrong]));

        Assert.Null(await _store.GetLengthAsync("w.col"));
        Assert.Throws<ArgumentException>(() => new ColumnFileWriter(Stream.Null, new ColumnFileFormat(1, DataType.Struct)));
    }

    [Fact]
    public async Task Equal_rows_give_equal_bytes_whatever_the_batches()
    {
        var random = new Random(8);
        var column = RandomColumns.Create(random, DataType.VarChar, DataType.None, 0, 500, nullShare: 0.2);
        await WriteAsync(column, [500]);
        var once = _store.Get("f.col");
        await WriteAsync(column, RandomBatches(random, 500));

        Assert.Equal(once, _store.Get("f.col"));
    }

    private async Task<ColumnFileSummary> WriteAsync(Column column, IEnumerable<int> batches)
    {
        ColumnFileSummary? summary = null;
        await _store.PutAsync("f.col", async (stream, token) =>
        {
            var elementType = column is ArrayColumn array ? array.ElementType : DataType.None;
            var dimension = (column is ArrayColumn lists ? lists.Elements : column) is VectorColumn vectors ? vectors.Dimension : 0;
            using var writer = new ColumnFileWriter(stream, new ColumnFileFormat(7, column.Type, elementType, dimension), BlockRows);
            var start = 0;
            foreach (var count in batches)
            {
                await writer.AppendAsync(column.Slice(start, count), token);
                start += count;
            }
            summary = await writer.CompleteAsync(token);
        });
        return summary!;
    }

    private static List<int> RandomBatches(Random random, int rows)
    {
        var batches = new List<int>();
        while (rows > 0)
        {
            var count = Math.Min(rows, random.Next(1, 150));
            batches.Add(count);
            rows -= count;
        }
        return batches;
    }
}
