using System.Buffers;
using Milvus.Model;
using Milvus.TestKit.Columns;

namespace Milvus.StreamingNode.Tests.Records;

public class ChannelRecordCodecTests
{
    [Fact]
    public void Every_kind_of_record_comes_back_as_it_was()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var record = RandomRecord(new Random(seed));
            AssertSame(record, ChannelRecordCodec.Decode(ChannelRecordCodec.Encode(record), "test"));
        }
    }

    [Fact]
    public void Records_one_behind_the_other_have_the_bytes_of_each_alone()
    {
        var buffer = new RecordBuffer();
        for (var seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            WriteRecord[] records = [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomRecord(random))];
            foreach (var r in records) buffer.Add(r);
            Assert.Equal(records.Select(r => Convert.ToHexString(ChannelRecordCodec.Encode(r).Span)), buffer.Payloads().Select(p => Convert.ToHexString(p.ToArray())));
            buffer.Clear();
            Assert.Empty(buffer.Payloads());
        }
    }

    [Fact]
    public void Vectors_are_left_where_they_are_and_the_bytes_are_the_same()
    {
        var random = new Random(5);
        var buffer = new RecordBuffer();
        WriteRecord[] records = [.. new[] { 1, 40, 4000, 1, 9000 }.Select((rows, i) => VectorRecord(random, rows, hasSmall: i % 2 == 0))];
        foreach (var r in records) buffer.Add(r);
        var payloads = buffer.Payloads();
        for (var i = 0; i < records.Length; i++)
        {
            Assert.True(ChannelRecordCodec.Encode(records[i]).Span.SequenceEqual(payloads[i].ToArray()));
            var vectors = ((VectorColumn)records[i].Inserts[0].Rows.Columns[1].Column).Memory;
            var pieces = new List<ReadOnlyMemory<byte>>();
            foreach (var piece in payloads[i]) pieces.Add(piece);
            Assert.Equal(vectors.Length >= 4096, pieces.Contains(vectors));
        }
        buffer.Clear();
        Assert.Empty(buffer.Payloads());
    }

    private static WriteRecord VectorRecord(Random random, int rows, bool hasSmall)
    {
        var vectors = new byte[rows * 16 * sizeof(float)];
        random.NextBytes(vectors);
        var columns = System.Collections.Immutable.ImmutableArray.Create(
            new FieldColumn(100, new FixedColumn<long>(DataType.Int64, new long[rows])), new FieldColumn(101, new VectorColumn(DataType.FloatVector, 16, vectors)));
        if (hasSmall) columns = columns.Add(new FieldColumn(102, new VectorColumn(DataType.BinaryVector, 8, new byte[rows])));
        return new WriteRecord { Timestamp = new Timestamp(9), Inserts = [new SegmentRows(1, 2, new ColumnBatch(rows, columns))] };
    }

    /// <summary>Logs of earlier versions must stay readable: this text never changes, new versions add to it.</summary>
    [Fact]
    public void The_bytes_of_version_1_are_frozen()
    {
        var record = new WriteRecord
        {
            Timestamp = new Timestamp(0x0102030405060708),
            Deletes = PrimaryKeys.Of(5, -6),
            DeletePartitions = [11],
            Inserts = [new SegmentRows(11, 21, new ColumnBatch(1, [new FieldColumn(100, new FixedColumn<long>(DataType.Int64, new long[] { 7 }))]))],
        };
        Assert.Equal(FrozenBytes, Convert.ToHexString(ChannelRecordCodec.Encode(record).Span));
        AssertSame(record, ChannelRecordCodec.Decode(Convert.FromHexString(FrozenBytes), "test"));
    }

    private const string FrozenBytes =
        "01010807060504030201010000000500000002000000000000000500000000000000FAFFFFFFFFFFFFFF010000000B000000" +
        "00000000010000000B0000000000000015000000000000000100000001000000640000000000000005000000010000000000" +
        "00000700000000000000";

    [Fact]
    public void A_record_that_is_cut_or_continued_is_refused_by_name()
    {
        var bytes = ChannelRecordCodec.Encode(RandomRecord(new Random(3)));
        for (var length = 0; length < bytes.Length; length++)
        {
            var e = Assert.Throws<IntegrityException>(() => ChannelRecordCodec.Decode(bytes[..length], "log x, record 5"));
            Assert.Equal("log x, record 5", e.DamagedSource);
        }
        Assert.Throws<IntegrityException>(() => ChannelRecordCodec.Decode((byte[])[.. bytes.Span, 0], "log x"));
    }

    [Theory]
    [InlineData(0, "version")]
    [InlineData(1, "kind")]
    public void Records_of_a_later_program_are_refused(int position, string word)
    {
        var bytes = ChannelRecordCodec.Encode(RandomRecord(new Random(4))).ToArray();
        bytes[position] = 99;
        Assert.Contains(word, Assert.Throws<IntegrityException>(() => ChannelRecordCodec.Decode(bytes, "log x")).Message);
    }

    private static WriteRecord RandomRecord(Random random)
    {
        var rows = random.Next(1, 20);
        var hasText = random.Next(2) == 0;
        var keys = hasText
            ? PrimaryKeys.Of([.. Enumerable.Range(0, rows).Select(i => $"k{random.Next()}")])
            : PrimaryKeys.Of([.. Enumerable.Range(0, rows).Select(i => random.NextInt64())]);
        return new WriteRecord
        {
            Timestamp = new Timestamp((ulong)random.NextInt64()),
            Deletes = random.Next(3) == 0 ? null : keys,
            DeletePartitions = random.Next(2) == 0 ? [] : [1, 2],
            Inserts = [.. Enumerable.Range(0, random.Next(3)).Select(i => new SegmentRows(i, random.NextInt64(), RandomBatch(random)))],
        };
    }

    private static ColumnBatch RandomBatch(Random random)
    {
        var rows = random.Next(1, 10);
        return new ColumnBatch(rows, [.. RandomColumns.Shapes.Select((s, i) => new FieldColumn(100 + i, RandomColumns.Create(random, s.Type, s.ElementType, s.Dimension, rows, 0.2)))]);
    }

    private static void AssertSame(WriteRecord expected, WriteRecord actual)
    {
        Assert.Equal(expected.Timestamp, actual.Timestamp);
        Assert.Equal(expected.Deletes is null, actual.Deletes is null);
        if (expected.Deletes is { } keys)
        {
            Assert.Equal(RandomColumns.Describe(keys.Column), RandomColumns.Describe(actual.Deletes!.Value.Column));
            Assert.Equal(expected.DeletePartitions.ToArray(), actual.DeletePartitions.ToArray());
        }
        Assert.Equal(expected.Inserts.Length, actual.Inserts.Length);
        foreach (var (e, a) in expected.Inserts.Zip(actual.Inserts))
        {
            Assert.Equal((e.PartitionId, e.SegmentId, e.Rows.RowCount), (a.PartitionId, a.SegmentId, a.Rows.RowCount));
            foreach (var (ec, ac) in e.Rows.Columns.Zip(a.Rows.Columns))
            {
                Assert.Equal(ec.FieldId, ac.FieldId);
                Assert.Equal(ec.Column.Type, ac.Column.Type);
                Assert.Equal(RandomColumns.Describe(ec.Column), RandomColumns.Describe(ac.Column));
            }
        }
    }
}
