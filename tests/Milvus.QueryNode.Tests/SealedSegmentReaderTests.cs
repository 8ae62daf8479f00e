using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;
using Milvus.TestKit.Objects;

namespace Milvus.QueryNode.Tests;

/// <summary>Which deletes and which indexes a segment gets when it is read back.</summary>
public sealed class SealedSegmentReaderTests
{
    private const long Partition = 7;

    private static readonly CollectionSchema s_schema = new(
    [
        new FieldSchema { Id = 100, Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
        new FieldSchema { Id = 101, Name = "value", Type = DataType.Int64 },
    ]);

    private static readonly CollectionInfo s_collection = new()
    {
        Id = 3,
        DatabaseId = 1,
        DatabaseName = "default",
        Name = "c",
        Schema = s_schema,
        ShardCount = 1,
        CreatedAt = new Timestamp(1),
        SchemaUpdatedAt = new Timestamp(1),
    };

    private readonly InMemoryObjectStore _objects = new();

    [Fact]
    public async Task Without_tombstones_every_row_is_there() =>
        Assert.Equal([1, 2, 3, 4], await KeysAsync(await SealAsync(), []));

    [Fact]
    public async Task Deletes_of_the_collection_and_of_its_partition_apply()
    {
        var manifest = await SealAsync();
        Assert.Equal([2, 4], await KeysAsync(manifest, [await DeleteAsync("t/1", 0, (1, 30)), await DeleteAsync("t/2", Partition, (3, 31))]));
    }

    [Fact]
    public async Task Deletes_of_another_partition_do_not()
    {
        var manifest = await SealAsync();
        Assert.Equal([1, 2, 3, 4], await KeysAsync(manifest, [await DeleteAsync("t/1", Partition + 1, (1, 30))]));
    }

    [Fact]
    public async Task A_row_written_again_after_its_delete_stays()
    {
        // Keys 1 and 2 were inserted at 10, 3 and 4 at 20.
        var manifest = await SealAsync();
        Assert.Equal([2, 3, 4], await KeysAsync(manifest, [await DeleteAsync("t/1", 0, (1, 15), (3, 15))]));
    }

    [Fact]
    public async Task Files_that_cannot_matter_are_not_read()
    {
        var manifest = await SealAsync(horizon: 40);
        var older = new TombstoneFile("t/older", new Timestamp(2), new Timestamp(10), 1, 100);
        var foldedIn = new TombstoneFile("t/folded", new Timestamp(11), new Timestamp(40), 1, 100);
        var elsewhere = new TombstoneFile("t/elsewhere", new Timestamp(50), new Timestamp(60), 1, 100, Partition + 1);
        Assert.Equal([1, 2, 3, 4], await KeysAsync(manifest, [older, foldedIn, elsewhere]));
    }

    [Fact]
    public async Task A_missing_tombstone_file_is_named_and_nothing_is_served()
    {
        var manifest = await SealAsync();
        var lost = new TombstoneFile("t/lost", new Timestamp(30), new Timestamp(31), 1, 100);
        var e = await Assert.ThrowsAnyAsync<Exception>(() => KeysAsync(manifest, [lost]));
        Assert.Contains("t/lost", e.Message);
    }

    [Fact]
    public async Task Files_of_dropped_indexes_are_neither_read_nor_counted()
    {
        var manifest = await SealAsync();
        var indexed = manifest with { Indexes = [new SegmentIndexFile(101, 55, SegmentIndexPlan.Hnsw, "i/gone", 1 << 20)] };
        Assert.Empty(SealedSegmentReader.Current(indexed, s_collection).Indexes);
        Assert.Equal(SealedSegmentReader.EstimateMemory(manifest, s_collection), SealedSegmentReader.EstimateMemory(indexed, s_collection));
        Assert.Equal([1, 2, 3, 4], await KeysAsync(indexed, []));

        var present = s_collection with { Indexes = [new IndexInfo { Id = 55, Name = "v", FieldId = 101, FieldName = "value", IndexType = "HNSW" }] };
        Assert.Same(indexed, SealedSegmentReader.Current(indexed, present));
    }

    private async Task<SegmentManifest> SealAsync(ulong horizon = 5)
    {
        var growing = new GrowingSegment(9, Partition, s_schema);
        growing.Append(Rows(1, 2), new Timestamp(10));
        growing.Append(Rows(3, 4), new Timestamp(20));
        return await SegmentWriter.SealAsync(growing, new SegmentPlace(9, 3, Partition, 0), new Timestamp(horizon), _objects);
    }

    private static ColumnBatch Rows(params long[] keys) =>
        new(keys.Length, [new FieldColumn(100, PrimaryKeys.Of([.. keys]).Column), new FieldColumn(101, PrimaryKeys.Of([.. keys]).Column)]);

    private async Task<TombstoneFile> DeleteAsync(string name, long partition, params (long Key, ulong At)[] deletes)
    {
        var batch = new TombstoneBatch(PrimaryKeys.Of([.. deletes.Select(d => d.Key)]), [.. deletes.Select(d => new Timestamp(d.At))]);
        return await TombstoneFiles.WriteAsync(batch, name, _objects) with { PartitionId = partition };
    }

    private async Task<List<long>> KeysAsync(SegmentManifest manifest, ImmutableArray<TombstoneFile> tombstones)
    {
        var segment = await new SealedSegmentReader(_objects).LoadAsync(manifest, s_collection, tombstones, default);
        var rows = SegmentQuery.Execute(segment, null, ReadPoint.Latest, new SegmentScratch());
        return [.. segment.PrimaryKeysOf(rows).Int64s.ToArray().Order()];
    }
}
