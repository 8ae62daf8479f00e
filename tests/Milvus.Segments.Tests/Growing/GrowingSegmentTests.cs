using Milvus.Model;
using Milvus.Segments.Tests.Model;

namespace Milvus.Segments.Tests.Growing;

public class GrowingSegmentTests
{
    private readonly SegmentScratch _scratch = new();

    [Fact]
    public void A_delete_spares_rows_inserted_at_its_own_moment()
    {
        var segment = Segment(DataType.Int64);
        Append(segment, 5, (1, 1));
        // An upsert: delete and insert with one timestamp.
        Assert.Equal(1, segment.Delete(PrimaryKeys.Of(1), new Timestamp(6)));
        Append(segment, 6, (1, 2));
        Assert.Equal([0], SegmentQuery.Execute(segment, null, new ReadPoint(new Timestamp(5)), _scratch));
        Assert.Equal([1], SegmentQuery.Execute(segment, null, new ReadPoint(new Timestamp(6)), _scratch));
    }

    [Fact]
    public void A_key_upserted_again_and_again_stays_cheap_to_delete()
    {
        var segment = Segment(DataType.VarChar);
        var schema = segment.Schema;
        var key = StampedRows.Keys(DataType.VarChar, [1]);
        for (var i = 1; i <= 8_000; i++)
        {
            // Quadratic work here would take minutes.
            Assert.Equal(i == 1 ? 0 : 1, segment.Delete(key, new Timestamp((ulong)i)));
            segment.Append(StampedRows.Batch(schema, [(1, i)]), new Timestamp((ulong)i));
        }
        Assert.Equal(1, segment.CountVisible(ReadPoint.Latest));
        Assert.Equal(1, segment.CountVisible(new ReadPoint(new Timestamp(777))));
    }

    [Fact]
    public void Time_does_not_go_back()
    {
        var segment = Segment(DataType.Int64);
        Append(segment, 5, (1, 1));
        Assert.Throws<ArgumentException>(() => Append(segment, 4, (2, 2)));
        Assert.Equal(1, segment.RowCount);
    }

    [Fact]
    public void A_batch_that_does_not_fit_adds_nothing()
    {
        var segment = Segment(DataType.Int64);
        Append(segment, 5, (1, 1));
        var good = StampedRows.Batch(segment.Schema, [(2, 2)]);
        foreach (var bad in (FieldColumn[])[
            new(StampedRows.Ratio, new FixedColumn<float>(DataType.Float, new float[1])),
            new(StampedRows.Vector, new VectorColumn(DataType.FloatVector, 3, new byte[12])),
            new(StampedRows.Tags, new ArrayColumn(new int[2], new FixedColumn<int>(DataType.Int32, default)))])
        {
            var batch = new ColumnBatch(1, [.. good.Columns.Where(c => c.FieldId != bad.FieldId), bad]);
            Assert.Throws<ArgumentException>(() => segment.Append(batch, new Timestamp(6)));
        }
        Assert.Throws<ArgumentException>(() => segment.Append(new ColumnBatch(1, good.Columns.RemoveAt(0)), new Timestamp(6)));
        Append(segment, 6, (2, 2));
        StampedRows.AssertWhole(segment, [0, 1]);
        Assert.Equal(2, segment.RowCount);
    }

    [Fact]
    public void Expired_rows_are_invisible()
    {
        var segment = Segment(DataType.Int64);
        Append(segment, 5, (1, 1));
        Append(segment, 9, (2, 2));
        Assert.Equal(1, segment.CountVisible(new ReadPoint(Timestamp.Max, new Timestamp(6))));
        Assert.Equal(2, segment.CountVisible(new ReadPoint(Timestamp.Max, new Timestamp(5))));
        Assert.Equal([1], SegmentQuery.Execute(segment, null, new ReadPoint(Timestamp.Max, new Timestamp(9)), _scratch));
        Assert.Equal(0, segment.CountVisible(new ReadPoint(new Timestamp(8), new Timestamp(9))));
    }

    [Fact]
    public void An_empty_segment_costs_next_to_nothing()
    {
        var segment = Segment(DataType.Int64);
        Assert.InRange(segment.MemoryBytes, 0, 1000);
        Assert.Equal(0, segment.CountVisible(ReadPoint.Latest));
        Assert.Empty(SegmentQuery.Execute(segment, null, ReadPoint.Latest, _scratch));
        Assert.Equal(0, segment.Delete(PrimaryKeys.Of(1), new Timestamp(3)));
        Assert.Equal((Timestamp.Zero, Timestamp.Zero), (segment.MinTimestamp, segment.MaxTimestamp));
    }

    [Fact]
    public void Fields_added_later_read_as_default_or_null_in_earlier_rows()
    {
        var old = StampedRows.Schema(DataType.Int64);
        var segment = new GrowingSegment(1, 2, old);
        segment.Append(StampedRows.Batch(old, [(1, 1), (2, 2)]), new Timestamp(5));

        var added = new FieldSchema { Id = 200, Name = "added", Type = DataType.Int64, Default = new Literal.Int(42) };
        var nullable = new FieldSchema { Id = 201, Name = "nullable", Type = DataType.VarChar, Nullable = true };
        segment.UseSchema(old.With(fields: old.Fields.Add(added).Add(nullable), version: 1));
        Assert.Equal([42, 42], ((FixedColumn<long>)segment.Fetch(200, [1, 0])).Values.ToArray());
        Assert.True(segment.Fetch(201, [1]).IsNull(0));

        // A batch of the old shape still fits; one of the new shape brings values.
        segment.Append(StampedRows.Batch(old, [(3, 3)]), new Timestamp(6));
        var batch = StampedRows.Batch(old, [(4, 4)]);
        segment.Append(new ColumnBatch(1, batch.Columns.Add(new(200, new FixedColumn<long>(DataType.Int64, new long[] { 7 })))), new Timestamp(7));
        Assert.Equal([42, 42, 42, 7], ((FixedColumn<long>)segment.Fetch(200, [0, 1, 2, 3])).Values.ToArray());
        Assert.Equal(4, ((BinaryColumn)segment.ReadBlock(nullable, 0, 4)).Count);
        StampedRows.AssertWhole(WithoutAdded(segment, old), [0, 1, 2, 3]);
    }

    private static GrowingSegment WithoutAdded(GrowingSegment segment, CollectionSchema schema)
    {
        segment.UseSchema(schema);
        return segment;
    }

    private static GrowingSegment Segment(DataType keyType) => new(1, 2, StampedRows.Schema(keyType));

    private static void Append(GrowingSegment segment, ulong at, params (long Key, long Stamp)[] rows) =>
        segment.Append(StampedRows.Batch(segment.Schema, rows), new Timestamp(at));
}
