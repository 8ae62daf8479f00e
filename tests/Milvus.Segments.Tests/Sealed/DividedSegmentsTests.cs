using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments.Tests.Model;
using Milvus.TestKit.Objects;

namespace Milvus.Segments.Tests.Sealed;

/// <summary>Segments that are divided by a key.</summary>
public class DividedSegmentsTests
{
    private static readonly CollectionSchema s_schema = StampedRows.Schema(DataType.Int64);
    private readonly InMemoryObjectStore _store = new();

    [Theory]
    [InlineData(StampedRows.Stamp)]
    [InlineData(StampedRows.Number)]
    [InlineData(StampedRows.Name)]
    [InlineData(StampedRows.Ratio)]
    public async Task Every_row_that_is_left_is_in_the_segment_of_its_key(long field)
    {
        var key = s_schema.Fields.First(f => f.Id == field);
        for (var seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            var sources = new List<SegmentManifest>();
            var stamps = new List<long>();
            long nextKey = 0;
            for (var s = 0; s < random.Next(1, 4); s++)
            {
                (long Key, long Stamp)[] rows = [.. Enumerable.Range(0, random.Next(1, 400)).Select(_ => (nextKey++, (long)random.Next(seed % 3 == 0 ? 6 : 5000)))];
                sources.Add(await SealAsync(s + 1, rows));
                stamps.AddRange(rows.Select(r => r.Stamp));
            }
            var deleted = Enumerable.Range(0, (int)nextKey).Where(_ => random.Next(5) == 0).Select(k => (long)k).ToArray();
            var times = new Timestamp[deleted.Length];
            times.AsSpan().Fill(new Timestamp(20));
            TombstoneBatch[] tombstones = [new TombstoneBatch(PrimaryKeys.Of(deleted), times)];
            var parts = random.Next(1, 6);
            var written = await DivideAsync(sources, key, tombstones, parts, new Timestamp(20));

            Assert.Equal(parts, written.Length);
            var expected = Enumerable.Range(0, stamps.Count).Except(deleted.Select(d => (int)d)).Select(i => (long)i).ToList();
            var found = new List<long>();
            var order = new SortKey(key, NullsFirst: true);
            Column? before = null;
            foreach (var manifest in written.Where(w => w.RowCount > 0))
            {
                Assert.InRange(manifest.RowCount, expected.Count / parts, (expected.Count / parts) + 1);
                Assert.Equal(sources.Select(s => s.SegmentId), manifest.CompactedFrom);
                var segment = await SealedSegment.LoadAsync(manifest, s_schema, _store);
                int[] all = [.. Enumerable.Range(0, manifest.RowCount)];
                var keys = (FixedColumn<long>)segment.Fetch(StampedRows.Key, all);
                found.AddRange(keys.Values);
                foreach (var row in all)
                    Assert.Equal(stamps[(int)keys.Values[row]], ((FixedColumn<long>)segment.Fetch(StampedRows.Stamp, [row])).Values[0]);
                var values = segment.Fetch(field, all);
                Array.Sort(all, (a, b) => order.Compare(values, a, values, b));
                if (before is not null) Assert.True(order.Compare(before, 0, values, all[0]) <= 0, $"seed {seed}: ranges overlap");
                before = values.Take([all[^1]]);
            }
            Assert.Equal(expected, found.Order());
        }
    }

    [Fact]
    public async Task Nothing_is_written_where_nothing_is_left()
    {
        var source = await SealAsync(1, [(1, 1), (2, 2)]);
        TombstoneBatch[] tombstones = [new TombstoneBatch(PrimaryKeys.Of(1, 2), [new Timestamp(20), new Timestamp(20)])];
        var written = await DivideAsync([source], s_schema.Fields.First(f => f.Id == StampedRows.Number), tombstones, 3, new Timestamp(20));
        Assert.All(written, w => Assert.Equal(0, w.RowCount));
    }

    private Task<SegmentManifest> SealAsync(long id, (long Key, long Stamp)[] rows)
    {
        var growing = new GrowingSegment(id, 2, s_schema);
        growing.Append(StampedRows.Batch(s_schema, rows), new Timestamp(5));
        return SegmentWriter.SealAsync(growing, new SegmentPlace(id, 1, 2, 0), Timestamp.Zero, _store);
    }

    private Task<ImmutableArray<SegmentManifest>> DivideAsync(IReadOnlyList<SegmentManifest> sources, FieldSchema key, TombstoneBatch[] tombstones, int parts, Timestamp horizon)
    {
        SegmentPlace[] places = [.. Enumerable.Range(0, parts).Select(i => new SegmentPlace(100 + i, 1, 2, 0))];
        return Compactor.DivideAsync(sources, s_schema, key, tombstones, places, horizon, _store);
    }
}
