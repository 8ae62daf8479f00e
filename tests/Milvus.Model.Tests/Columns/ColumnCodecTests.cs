using System.Buffers;
using Milvus.TestKit.Columns;

namespace Milvus.Model.Tests.Columns;

/// <summary>The binary form of columns in log records and tombstone files.</summary>
public sealed class ColumnCodecTests
{
    [Fact]
    public void Every_shape_comes_back_as_it_was()
    {
        var random = new Random(3);
        foreach (var (type, element, dimension) in RandomColumns.Shapes)
        {
            for (var round = 0; round < 20; round++)
            {
                var column = RandomColumns.Create(random, type, element, dimension, random.Next(150), nullShare: round % 2 * 0.4);
                // A part of a longer column is written like a column of its own.
                var start = random.Next(column.Count + 1);
                var part = column.Slice(start, random.Next(column.Count - start + 1));
                foreach (var c in new[] { column, part })
                {
                    var bytes = Write(c);
                    Assert.True(bytes.Length <= ColumnCodec.EstimateSize(c), $"{type} took {bytes.Length} bytes");
                    var reader = new ColumnReader(bytes, "test");
                    var read = ColumnCodec.Read(ref reader);
                    Assert.True(reader.AtEnd);
                    Assert.Equal((c.Type, c.Count), (read.Type, read.Count));
                    Assert.Equal(RandomColumns.Describe(c), RandomColumns.Describe(read));
                }
            }
        }
    }

    [Fact]
    public void Batches_come_back_and_disagreeing_ones_do_not()
    {
        var random = new Random(4);
        var batch = Batch(random, 40);
        var output = new ArrayBufferWriter<byte>();
        ColumnCodec.Write(output, batch);
        var reader = new ColumnReader(output.WrittenMemory, "test");
        var read = ColumnCodec.ReadBatch(ref reader);
        Assert.Equal(batch.RowCount, read.RowCount);
        Assert.Equal(batch.Columns.Select(c => c.FieldId), read.Columns.Select(c => c.FieldId));

        var wrong = output.WrittenSpan.ToArray();
        wrong[0]++;
        Assert.Throws<IntegrityException>(() => ReadBatch(wrong));
    }

    [Fact]
    public void The_layout_is_frozen()
    {
        var batch = new ColumnBatch(2,
        [
            new FieldColumn(100, new FixedColumn<long>(DataType.Int64, new long[] { 1, -2 })),
            new FieldColumn(101, BinaryColumn.FromStrings(DataType.VarChar, ["a", "bc"])),
        ]);
        var output = new ArrayBufferWriter<byte>();
        ColumnCodec.Write(output, batch);
        Assert.Equal(
            "02000000" + "02000000"
            + "6400000000000000" + "05000000" + "02000000" + "00000000" + "0100000000000000" + "FEFFFFFFFFFFFFFF"
            + "6500000000000000" + "15000000" + "02000000" + "00000000" + "01000000" + "02000000" + "616263",
            Convert.ToHexString(output.WrittenSpan));
    }

    [Fact]
    public void Bytes_cut_anywhere_are_damage()
    {
        var output = new ArrayBufferWriter<byte>();
        ColumnCodec.Write(output, Batch(new Random(5), 3));
        var bytes = output.WrittenSpan.ToArray();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<IntegrityException>(() => ReadBatch(bytes[..length]));
    }

    [Fact]
    public void Changed_bytes_are_read_or_are_damage_and_nothing_else()
    {
        var random = new Random(6);
        for (var i = 0; i < 3000; i++)
        {
            var output = new ArrayBufferWriter<byte>();
            ColumnCodec.Write(output, Batch(random, random.Next(1, 5)));
            var bytes = output.WrittenSpan.ToArray();
            for (var n = random.Next(1, 4); n > 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                ReadBatch(bytes);
            }
            catch (IntegrityException e)
            {
                Assert.Equal("test", e.DamagedSource);
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("é 日本 😀\0")]
    [InlineData("half \ud83d of a pair")]
    public void Texts_come_back_whatever_they_hold(string text)
    {
        var output = new ArrayBufferWriter<byte>();
        ColumnCodec.WriteText(output, text);
        var reader = new ColumnReader(output.WrittenMemory, "test");
        Assert.Equal(text, reader.ReadText());
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void Text_that_is_no_text_and_counts_beyond_the_end_are_damage()
    {
        Assert.Throws<IntegrityException>(() => new ColumnReader(new byte[] { 1, 0, 0, 0, 0xff }, "test").ReadText());
        Assert.Throws<IntegrityException>(() => new ColumnReader(new byte[] { 0, 0, 0, 0x80 }, "test").ReadText());
        Assert.Throws<IntegrityException>(() => new ColumnReader(new byte[] { 0xff, 0xff, 0xff, 0x7f }, "test").ReadCount(1));
        Assert.Throws<IntegrityException>(() => new ColumnReader(new byte[] { 2 }, "test").ReadFlag());
    }

    [Fact]
    public void Arrays_do_not_nest()
    {
        // Arrays of no rows, one in the other, deeper than any stack.
        byte[] level = [22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        var bytes = Enumerable.Repeat(level, 200_000).SelectMany(b => b).ToArray();
        Assert.Throws<IntegrityException>(() =>
        {
            var reader = new ColumnReader(bytes, "test");
            ColumnCodec.Read(ref reader);
        });
    }

    private static ColumnBatch ReadBatch(byte[] bytes)
    {
        var reader = new ColumnReader(bytes, "test");
        return ColumnCodec.ReadBatch(ref reader);
    }

    private static ColumnBatch Batch(Random random, int rows) =>
        new(rows, [.. RandomColumns.Shapes.OrderBy(_ => random.Next()).Take(3).Select((s, i) => new FieldColumn(100 + i, RandomColumns.Create(random, s.Type, s.ElementType, s.Dimension, rows, 0.2)))]);

    private static byte[] Write(Column column)
    {
        var output = new ArrayBufferWriter<byte>();
        ColumnCodec.Write(output, column);
        return output.WrittenSpan.ToArray();
    }
}
