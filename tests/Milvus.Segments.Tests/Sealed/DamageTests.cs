using Milvus.Model;
using Milvus.Segments.Tests.Model;
using Milvus.TestKit.Objects;
using Milvus.Vectors;

namespace Milvus.Segments.Tests.Sealed;

/// <summary>Damaged, missing or foreign objects are named, never served; failed writes leave nothing that counts.</summary>
public class DamageTests
{
    private readonly InMemoryObjectStore _store = new();
    private readonly CollectionSchema _schema = StampedRows.Schema(DataType.VarChar);

    [Fact]
    public async Task A_flipped_byte_anywhere_in_any_object_is_found_and_the_object_named()
    {
        var manifest = await SealAsync(60, segmentId: 1);
        var random = new Random(1);
        foreach (var key in Objects(manifest))
        {
            var whole = _store.Get(key);
            for (var i = 0; i < 40; i++)
            {
                var damaged = (byte[])whole.Clone();
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                await AssertDamagedAsync(manifest, key, damaged);
            }
            for (var i = 0; i < 10; i++) await AssertDamagedAsync(manifest, key, whole[..random.Next(whole.Length)]);
            _store.Set(key, whole);
        }
        StampedRows.AssertWhole(await SealedSegment.LoadAsync(manifest, _schema, _store), [0, 59]);
    }

    [Fact]
    public async Task A_missing_object_is_named()
    {
        var manifest = await SealAsync(20, segmentId: 1);
        var faulty = new FaultyObjectStore(_store);
        foreach (var key in Objects(manifest))
        {
            faulty.Lose(key);
            var e = await Assert.ThrowsAnyAsync<IntegrityException>(() => SealedSegment.LoadAsync(manifest, _schema, faulty));
            Assert.Contains(key, e.Message, StringComparison.Ordinal);
            faulty.Heal();
        }
    }

    [Fact]
    public async Task Objects_of_another_segment_or_field_are_refused()
    {
        var one = await SealAsync(20, segmentId: 1);
        var two = await SealAsync(21, segmentId: 2);
        foreach (var key in Objects(one).Where(k => k.EndsWith(".col", StringComparison.Ordinal)))
        {
            var own = _store.Get(key);
            await AssertDamagedAsync(one, key, _store.Get(key.Replace("/1/", "/2/", StringComparison.Ordinal)));
            _store.Set(key, own);
        }
        var mixed = one with { Columns = one.Columns.Replace(one.Columns[1], one.Columns[1] with { ObjectKey = one.Columns[3].ObjectKey }) };
        await Assert.ThrowsAsync<IntegrityException>(() => SealedSegment.LoadAsync(mixed, _schema, _store));
        await Assert.ThrowsAsync<IntegrityException>(() => SealedSegment.LoadAsync(one with { Columns = [] }, _schema, _store));
        Assert.Equal(21, two.RowCount);
    }

    [Fact]
    public async Task Damage_stops_a_compaction_and_leaves_the_sources_alone()
    {
        var one = await SealAsync(30, segmentId: 1);
        var two = await SealAsync(30, segmentId: 2);
        var key = two.Columns[^1].ObjectKey;
        var whole = _store.Get(key);
        var damaged = (byte[])whole.Clone();
        damaged[70] ^= 1;
        _store.Set(key, damaged);
        var e = await Assert.ThrowsAnyAsync<IntegrityException>(() => Compactor.MergeAsync([one, two], _schema, [], new SegmentPlace(3, 50, 60, 0), Timestamp.Max, _store));
        Assert.Contains(key, e.Message, StringComparison.Ordinal);

        _store.Set(key, whole);
        var merged = await Compactor.MergeAsync([one, two], _schema, [], new SegmentPlace(3, 50, 60, 0), Timestamp.Max, _store);
        Assert.Equal(60, merged.RowCount);
    }

    [Fact]
    public async Task A_write_that_fails_anywhere_can_be_repeated()
    {
        var faulty = new FaultyObjectStore(_store);
        var source = Growing(300);
        var place = new SegmentPlace(8, 50, 60, 0);
        for (var call = 1; call <= _schema.Fields.Length + 1; call++)
        {
            faulty.FailCall(call, ObjectOperation.Put);
            await Assert.ThrowsAsync<IOException>(() => SegmentWriter.SealAsync(source, place, Timestamp.Zero, faulty));
            faulty.Heal();
        }
        faulty.FreeBytes = 5000;
        await Assert.ThrowsAsync<IOException>(() => SegmentWriter.SealAsync(source, place, Timestamp.Zero, faulty));
        faulty.Heal();
        var manifest = await SegmentWriter.SealAsync(source, place, Timestamp.Zero, faulty);
        StampedRows.AssertWhole(await SealedSegment.LoadAsync(manifest, _schema, faulty), [0, 150, 299]);
    }

    private async Task AssertDamagedAsync(SegmentManifest manifest, string key, byte[] content)
    {
        _store.Set(key, content);
        var e = await Assert.ThrowsAnyAsync<IntegrityException>(() => SealedSegment.LoadAsync(manifest, _schema, _store));
        Assert.Contains(key, e.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Objects(SegmentManifest manifest) => manifest.Columns.Select(c => c.ObjectKey).Concat(manifest.Indexes.Select(i => i.ObjectKey));

    private GrowingSegment Growing(int rows)
    {
        var segment = new GrowingSegment(9, 2, _schema);
        segment.Append(StampedRows.Batch(_schema, [.. Enumerable.Range(1, rows).Select(i => ((long)i, (long)i))]), new Timestamp(5));
        return segment;
    }

    private async Task<SegmentManifest> SealAsync(int rows, long segmentId)
    {
        var manifest = await SegmentWriter.SealAsync(Growing(rows), new SegmentPlace(segmentId, 50, 60, 0), Timestamp.Zero, _store);
        var segment = await SealedSegment.LoadAsync(manifest, _schema, _store);
        segment = await IndexWriter.BuildAsync(segment, new SegmentIndexPlan(StampedRows.Sparse, 4, SegmentIndexPlan.SparseInverted, MetricType.IP), _store);
        var plan = new SegmentIndexPlan(StampedRows.Vector, 5, SegmentIndexPlan.Hnsw, MetricType.L2) { HnswParameters = new HnswParameters { M = 4, EfConstruction = 20 } };
        segment = await IndexWriter.BuildAsync(segment, plan, _store);
        segment = await IndexWriter.BuildAsync(segment, new SegmentIndexPlan(StampedRows.MaybeVector, 6, SegmentIndexPlan.Flat, MetricType.L2), _store);
        return segment.Manifest;
    }
}
