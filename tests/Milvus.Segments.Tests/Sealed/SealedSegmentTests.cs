using Milvus.Model;
using Milvus.Segments.Tests.Model;
using Milvus.TestKit.Objects;

namespace Milvus.Segments.Tests.Sealed;

public class SealedSegmentTests
{
    private readonly InMemoryObjectStore _store = new();

    [Fact]
    public async Task Loading_costs_the_vectors_and_little_more_and_the_estimate_says_so()
    {
        const int Rows = 20_000, Dimension = 96;
        var schema = new CollectionSchema(
        [
            new FieldSchema { Id = 100, Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Id = 101, Name = "vector", Type = DataType.FloatVector, TypeParams = [new Property("dim", "96")] },
        ]);
        var growing = new GrowingSegment(1, 2, schema);
        var keys = new long[Rows];
        for (var i = 0; i < Rows; i++) keys[i] = (i * 7919L) % 1_000_003;
        growing.Append(new ColumnBatch(Rows, [new(100, PrimaryKeys.Of(keys).Column), new(101, new VectorColumn(DataType.FloatVector, Dimension, new byte[Rows * Dimension * 4]))]), new Timestamp(3));
        var manifest = await SegmentWriter.SealAsync(growing, new SegmentPlace(1, 1, 2, 0), Timestamp.Zero, _store);
        var segment = await SealedSegment.LoadAsync(manifest, schema, _store);

        const long VectorBytes = (long)Rows * Dimension * 4;
        Assert.InRange(segment.MemoryBytes, VectorBytes, VectorBytes * 12 / 10);
        Assert.InRange(SealedSegment.EstimateMemory(manifest, schema), segment.MemoryBytes, segment.MemoryBytes * 11 / 10);
    }

    [Fact]
    public async Task Fields_newer_than_the_files_read_as_default_or_null_and_dropped_ones_are_skipped()
    {
        var old = StampedRows.Schema(DataType.Int64);
        var growing = new GrowingSegment(1, 2, old);
        growing.Append(StampedRows.Batch(old, [(1, 1), (2, 2)]), new Timestamp(5));
        var manifest = await SegmentWriter.SealAsync(growing, new SegmentPlace(1, 1, 2, 0), Timestamp.Zero, _store);

        var added = new FieldSchema { Id = 200, Name = "added", Type = DataType.VarChar, Default = new Literal.Text("héllo") };
        var vector = new FieldSchema { Id = 201, Name = "new_vector", Type = DataType.FloatVector, Nullable = true, TypeParams = [new Property("dim", "3")] };
        var schema = old.With(fields: old.Fields.RemoveAll(f => f.Id == StampedRows.Number).Add(added).Add(vector), version: 1);
        var segment = await SealedSegment.LoadAsync(manifest, schema, _store);
        Assert.Equal("héllo", ((BinaryColumn)segment.Fetch(200, [1])).GetString(0));
        Assert.True(segment.Fetch(201, [0]).IsNull(0));
        Assert.Throws<MilvusException>(() => segment.Fetch(StampedRows.Number, [0]));
        var request = new SegmentSearchRequest { FieldId = 201, Metric = MetricType.L2, Queries = new byte[12], QueryType = DataType.FloatVector, QueryCount = 1, K = 3, At = ReadPoint.Latest };
        Assert.Equal(0, SegmentSearcher.Search(segment, request, new SegmentScratch())[0].Count);

        // Compaction writes the missing values down.
        var merged = await Compactor.MergeAsync([manifest], schema, [], new SegmentPlace(2, 1, 2, 0), Timestamp.Zero, _store);
        Assert.Contains(merged.Columns, c => c.FieldId == 200);
        Assert.DoesNotContain(merged.Columns, c => c.FieldId == StampedRows.Number);
        var compacted = await SealedSegment.LoadAsync(merged, schema, _store);
        Assert.Equal("héllo", ((BinaryColumn)compacted.Fetch(200, [0])).GetString(0));
        Assert.Equal(0, SegmentSearcher.Search(compacted, request, new SegmentScratch())[0].Count);
    }

    [Fact]
    public async Task Expired_rows_are_left_out_by_compaction()
    {
        var schema = StampedRows.Schema(DataType.Int64);
        var growing = new GrowingSegment(1, 2, schema);
        for (var i = 1; i <= 10; i++) growing.Append(StampedRows.Batch(schema, [(i, i)]), new Timestamp((ulong)i));
        var manifest = await SegmentWriter.SealAsync(growing, new SegmentPlace(1, 1, 2, 0), Timestamp.Zero, _store);
        var merged = await Compactor.MergeAsync([manifest], schema, [], new SegmentPlace(2, 1, 2, 0), Timestamp.Zero, _store, expireBefore: new Timestamp(4));
        Assert.Equal((7, new Timestamp(4), new Timestamp(10)), (merged.RowCount, merged.MinTimestamp, merged.MaxTimestamp));
    }

    [Fact]
    public async Task A_segment_whose_rows_are_all_deleted_seals_to_nothing()
    {
        var schema = StampedRows.Schema(DataType.Int64);
        var growing = new GrowingSegment(1, 2, schema);
        growing.Append(StampedRows.Batch(schema, [(1, 1)]), new Timestamp(5));
        growing.Delete(PrimaryKeys.Of(1), new Timestamp(6));
        var manifest = await SegmentWriter.SealAsync(growing, new SegmentPlace(1, 1, 2, 0), new Timestamp(6), _store);
        Assert.Equal(0, manifest.RowCount);
        Assert.Empty(await _store.ListAsync("").ToListAsync());
        var segment = await SealedSegment.LoadAsync(manifest, schema, _store);
        Assert.Equal(0, segment.CountVisible(ReadPoint.Latest));
        Assert.Equal(0, segment.Delete(PrimaryKeys.Of(1), new Timestamp(9)));
    }

    [Fact]
    public async Task Sealing_the_same_rows_twice_gives_the_same_bytes()
    {
        var schema = StampedRows.Schema(DataType.VarChar);
        var growing = new GrowingSegment(1, 2, schema);
        for (var i = 1; i <= 50; i++) growing.Append(StampedRows.Batch(schema, [(i, i), (i + 100, i + 100)]), new Timestamp((ulong)i));
        var one = await SegmentWriter.SealAsync(growing, new SegmentPlace(1, 1, 2, 0), Timestamp.Zero, _store);
        var two = await SegmentWriter.SealAsync(growing, new SegmentPlace(2, 1, 2, 0), Timestamp.Zero, _store);
        foreach (var (a, b) in one.Columns.Zip(two.Columns)) Assert.Equal(_store.Get(a.ObjectKey), _store.Get(b.ObjectKey));
    }
}
