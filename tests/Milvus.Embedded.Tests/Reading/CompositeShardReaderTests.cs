using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Embedded.Shards;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;
using Milvus.StreamingNode;
using Milvus.Vectors;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>A shard read in parts gives the answers of a shard read in one.</summary>
public class CompositeShardReaderTests
{
    private const long Key = 100;
    private const long Stamp = 101;
    private const long Group = 102;
    private const long Vector = 103;
    private const long Sparse = 104;

    [Theory]
    [InlineData(DataType.Int64, 1)]
    [InlineData(DataType.Int64, 2)]
    [InlineData(DataType.VarChar, 3)]
    public async Task Answers_do_not_depend_on_how_segments_are_spread(DataType keyType, int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 12; round++)
        {
            // Copies of a key are equally far from any query, so that what is cut off anywhere cannot hide a newer copy.
            var world = new World(random, keyType, copiesPerSegment: false);
            for (var n = 0; n < 12; n++)
            {
                var (whole, parts) = world.Readers();
                var filter = random.Next(3) == 0 ? null : Filter.Compile($"stamp % {random.Next(2, 4)} == 0", world.Schema);
                var plain = world.Search(random.Next(1, 40), filter);
                await SameHitsAsync(whole, parts, plain);
                await SameHitsAsync(whole, parts, plain with { Radius = random.Next(10, 4000) });
                await SameHitsAsync(whole, parts, plain with { GroupBy = [new GroupTarget(world.Schema.Find(Group)!)] });
                await SameHitsAsync(whole, parts, plain with { PartitionIds = [random.Next(2)] });
                await SameHitsAsync(whole, parts, plain with { IgnoreGrowing = true });
            }
        }
    }

    [Theory]
    [InlineData(DataType.Int64, 4)]
    [InlineData(DataType.VarChar, 5)]
    public async Task Whatever_copies_there_are_the_newest_counts_when_nothing_is_cut_off(DataType keyType, int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 8; round++)
        {
            var world = new World(random, keyType, copiesPerSegment: true);
            for (var n = 0; n < 10; n++)
            {
                var (whole, parts) = world.Readers();
                var all = world.Search(1000, null);
                await SameHitsAsync(whole, parts, all);
                await SameHitsAsync(whole, parts, all with { GroupBy = [new GroupTarget(world.Schema.Find(Group)!)], GroupSize = random.Next(1, 5) });
                var filter = random.Next(2) == 0 ? null : Filter.Compile("stamp % 3 != 1", world.Schema);
                var query = new ShardQuery { Filter = filter, PartitionIds = random.Next(3) == 0 ? [1] : [] };
                await SameRowsAsync(whole, parts, query);
                await SameRowsAsync(whole, parts, query with { Limit = random.Next(0, 30) });
                Assert.Equal(await whole.CountAsync(query, default), await parts.CountAsync(query, default));
                await SameStatisticsAsync(whole, parts);
                await SameOrderAsync(world, whole, parts, query with { Limit = random.Next(1, 30) }, random);
                await SameAggregatesAsync(world, whole, parts, query);
            }
        }
    }

    [Theory]
    [InlineData(DataType.Int64, 8)]
    [InlineData(DataType.VarChar, 9)]
    public async Task Copies_of_a_key_take_no_other_key_s_place(DataType keyType, int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 15; round++)
        {
            var world = new World(random, keyType, copiesPerSegment: true);
            for (var n = 0; n < 10; n++)
            {
                var (whole, parts) = world.Readers();
                var search = world.Search(random.Next(1, 20), null);
                var places = Keys((await whole.QueryAsync(new ShardQuery(), default)).Ids).Select(k => long.Parse(k.TrimStart('k'), System.Globalization.CultureInfo.InvariantCulture)).ToList();
                var nearest = search.Queries.Rows.SelectMany(q => places.OrderBy(p => Math.Abs(p - MemoryMarshal.Cast<byte, float>(q.Span)[0])).Take(search.K)).ToList();
                foreach (var reader in new[] { whole, parts })
                {
                    var hits = await reader.SearchAsync(search, default);
                    Assert.Equal(nearest, Keys(hits.Ids).Select(k => long.Parse(k.TrimStart('k'), System.Globalization.CultureInfo.InvariantCulture)));
                    Assert.Equal(Enumerable.Repeat(Math.Min(search.K, places.Count), 3), hits.Counts);
                }
            }
        }
    }

    [Fact]
    public async Task Without_rows_the_type_is_still_known()
    {
        var world = new World(new Random(6), DataType.Int64, copiesPerSegment: true);
        var (_, parts) = world.Readers();
        Assert.Equal(DataType.FloatVector, (await parts.FetchAsync(Vector, default, default)).Type);
        var hits = await parts.SearchAsync(world.Search(5, Filter.Compile("stamp < 0", world.Schema)) with { GroupBy = [new GroupTarget(world.Schema.Find(Group)!)] }, default);
        Assert.Empty(hits.Scores);
        Assert.Equal(0, hits.GroupValues.Single().Count);
    }

    [Fact]
    public void Parts_of_different_moments_are_refused_and_parts_are_let_go()
    {
        var early = new Part(new Timestamp(1));
        var late = new Part(new Timestamp(2));
        Assert.Throws<ArgumentException>(() => new CompositeShardReader([early, late]));
        Assert.Throws<ArgumentException>(() => new CompositeShardReader([]));
        var reader = new CompositeShardReader([early, new Part(new Timestamp(1))]);
        Assert.Equal(new Timestamp(1), reader.ReadAt);
        reader.Dispose();
        Assert.True(early.IsDisposed);
    }

    [Fact]
    public async Task A_part_that_fails_fails_the_answer_after_all_have_ended()
    {
        var world = new World(new Random(7), DataType.Int64, copiesPerSegment: true);
        var (whole, _) = world.Readers();
        var reader = new CompositeShardReader([new Part(whole.ReadAt), whole]);
        await Assert.ThrowsAsync<MilvusException>(async () => await reader.CountAsync(new ShardQuery(), default));
        await Assert.ThrowsAsync<MilvusException>(async () => await reader.FetchAsync(Stamp, new[] { new RowReference(0, 0) }, default));
        var moving = new CompositeShardReader([new Part(whole.ReadAt), new Part(whole.ReadAt, hasMoved: true)]);
        await Assert.ThrowsAsync<ShardMovedException>(async () => await moving.CountAsync(new ShardQuery(), default));
        await Assert.ThrowsAsync<ShardMovedException>(async () => await moving.FetchAsync(Stamp, new[] { new RowReference(0, 0), new RowReference(1 << 20, 0) }, default));
    }

    private static async Task SameHitsAsync(IShardReader whole, IShardReader parts, ShardSearch search)
    {
        var expected = await whole.SearchAsync(search, default);
        var actual = await parts.SearchAsync(search, default);
        Assert.Equal(expected.Counts, actual.Counts);
        Assert.Equal(expected.Scores, actual.Scores);
        Assert.Equal(Keys(expected.Ids), Keys(actual.Ids));
        Assert.Equal(expected.Timestamps, actual.Timestamps);
        Assert.Equal(expected.GroupValues.Length, actual.GroupValues.Length);
        foreach (var (a, b) in expected.GroupValues.Zip(actual.GroupValues)) Assert.Equal(TestKit.Columns.RandomColumns.Describe(a), TestKit.Columns.RandomColumns.Describe(b));
        await SameValuesAsync(whole, expected.Rows, parts, actual.Rows);
    }

    private static async Task SameRowsAsync(IShardReader whole, IShardReader parts, ShardQuery query)
    {
        var expected = await whole.QueryAsync(query, default);
        var actual = await parts.QueryAsync(query, default);
        Assert.Equal(Keys(expected.Ids), Keys(actual.Ids));
        Assert.Equal(expected.Timestamps, actual.Timestamps);
        await SameValuesAsync(whole, expected.Rows, parts, actual.Rows);
    }

    private static async Task SameOrderAsync(World world, IShardReader whole, IShardReader parts, ShardQuery query, Random random)
    {
        var group = new SortKey(world.Schema.Find(Group)!, random.Next(2) == 0, random.Next(2) == 0);
        var stamp = new SortKey(world.Schema.Find(Stamp)!, Descending: random.Next(2) == 0);
        var key = new SortKey(world.Schema.Find(Key)!);
        foreach (var order in (ImmutableArray<SortKey>[])[[group, key], [stamp, key], [group, stamp, key], [key with { Descending = true }]])
        {
            // Copies of a key differ by their stamps: a cut may hide a newer one.
            var ordered = query with { Order = order, Limit = order.Any(k => k.Field.Id == Stamp) ? 1000 : query.Limit };
            await SameRowsAsync(whole, parts, ordered);
            var rows = await whole.QueryAsync(ordered, default);
            var all = await whole.QueryAsync(query with { Limit = null }, default);
            var values = new List<Column>();
            foreach (var k in order) values.Add(await whole.FetchAsync(k.Field.Id, all.Rows, default));
            var expected = Enumerable.Range(0, all.Rows.Length).ToList();
            expected.Sort((a, b) => ColumnOrder.Compare(order, [.. values], a, [.. values], b));
            Assert.Equal(expected.Take(ordered.Limit!.Value).Select(i => Keys(all.Ids)[i]), Keys(rows.Ids));
        }
    }

    private static async Task SameAggregatesAsync(World world, IShardReader whole, IShardReader parts, ShardQuery query)
    {
        var (group, stamp, key) = (world.Schema.Find(Group)!, world.Schema.Find(Stamp)!, world.Schema.Find(Key)!);
        foreach (var by in (ImmutableArray<FieldSchema>[])[[], [group], [group, key]])
        {
            var request = new ShardAggregation
            {
                Rows = query,
                GroupBy = by,
                Aggregates =
                [
                    new Aggregate(AggregateKind.CountRows), new Aggregate(AggregateKind.Count, group), new Aggregate(AggregateKind.Sum, stamp),
                    new Aggregate(AggregateKind.Average, group), new Aggregate(AggregateKind.Min, key), new Aggregate(AggregateKind.Max, stamp),
                ],
            };
            var expected = await FinishAsync(whole, request);
            Assert.Equal(expected, await FinishAsync(parts, request));
            Assert.Equal(await whole.CountAsync(query, default), expected.Sum(g => long.Parse(g.Split('|')[by.Length], System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    private static async Task<List<string>> FinishAsync(IShardReader reader, ShardAggregation request)
    {
        var table = new GroupTable(request.GroupBy, request.Aggregates);
        table.Add(await reader.AggregateAsync(request, default));
        var (count, keys, results) = table.Finish();
        var columns = keys.Concat(results).Select(c => TestKit.Columns.RandomColumns.Describe(c)).ToList();
        return [.. Enumerable.Range(0, count).Select(g => string.Join('|', columns.Select(c => c.ElementAt(g)))).Order(StringComparer.Ordinal)];
    }

    // In another order, with repetitions: answers come in the order of the question.
    private static async Task SameValuesAsync(IShardReader whole, RowReference[] expected, IShardReader parts, RowReference[] actual)
    {
        var order = Enumerable.Range(0, expected.Length).Reverse().Concat(Enumerable.Range(0, expected.Length / 2)).ToArray();
        foreach (var field in new[] { Stamp, Vector, Sparse })
        {
            var a = await whole.FetchAsync(field, order.Select(i => expected[i]).ToArray(), default);
            var b = await parts.FetchAsync(field, order.Select(i => actual[i]).ToArray(), default);
            Assert.Equal(TestKit.Columns.RandomColumns.Describe(a), TestKit.Columns.RandomColumns.Describe(b));
        }
    }

    private static async Task SameStatisticsAsync(IShardReader whole, IShardReader parts)
    {
        uint[] terms = [1, 2, 5, 99];
        var expected = await whole.GetTermStatisticsAsync(Sparse, terms, default);
        var actual = await parts.GetTermStatisticsAsync(Sparse, terms, default);
        Assert.True(expected.DocumentCount > 0);
        Assert.Equal((expected.DocumentCount, expected.TokenCount), (actual.DocumentCount, actual.TokenCount));
        Assert.Equal(expected.DocumentFrequencies, actual.DocumentFrequencies);
    }

    private static string[] Keys(PrimaryKeys keys) =>
        [.. Enumerable.Range(0, keys.Count).Select(i => keys.IsInt64 ? keys.Int64s[i].ToString(System.Globalization.CultureInfo.InvariantCulture) : keys.Strings.GetString(i))];

    /// <summary>A few segments with copies of keys among them and some deletes.</summary>
    private sealed class World
    {
        private readonly Random _random;
        private readonly List<GrowingSegment> _segments = [];
        private readonly DataType _keyType;
        private readonly CollectionInfo _collection;
        private ulong _now = 1000;
        private long _stamp;

        public World(Random random, DataType keyType, bool copiesPerSegment)
        {
            _random = random;
            _keyType = keyType;
            Schema = new CollectionSchema(
            [
                new FieldSchema { Id = Key, Name = "key", Type = keyType, IsPrimaryKey = true },
                new FieldSchema { Id = Stamp, Name = "stamp", Type = DataType.Int64 },
                new FieldSchema { Id = Group, Name = "group", Type = DataType.Int32, Nullable = true },
                new FieldSchema { Id = Vector, Name = "vector", Type = DataType.FloatVector, TypeParams = [new Property("dim", "2")] },
                new FieldSchema { Id = Sparse, Name = "sparse", Type = DataType.SparseFloatVector, IsFunctionOutput = true },
            ],
            [new FunctionSchema { Name = "f", Type = FunctionType.BM25, OutputFields = ["sparse"] }]);
            _collection = new CollectionInfo
            {
                Id = 1,
                DatabaseId = 1,
                DatabaseName = "default",
                Name = "c",
                Schema = Schema,
                ShardCount = 1,
                CreatedAt = Timestamp.Zero,
                SchemaUpdatedAt = Timestamp.Zero,
            };
            for (var i = random.Next(2, 8); i > 0; i--) _segments.Add(new GrowingSegment(i, i % 2, Schema));
            for (var batch = 0; batch < 20; batch++)
            {
                var segment = _segments[random.Next(_segments.Count)];
                var keys = Enumerable.Range(0, random.Next(1, 12)).Select(_ => (long)random.Next(60)).Distinct().ToList();
                if (!copiesPerSegment) keys.RemoveAll(k => Contains(segment, k));
                if (keys.Count > 0) segment.Append(Rows(keys), new Timestamp(_now++));
                if (random.Next(3) != 0) continue;
                var gone = KeysOf([random.Next(60), random.Next(60)]);
                var at = new Timestamp(_now++);
                foreach (var s in _segments) s.Delete(gone, at);
            }
        }

        public CollectionSchema Schema { get; }

        /// <summary>All segments in one reader, and spread over several.</summary>
        public (IShardReader Whole, IShardReader Parts) Readers()
        {
            var at = new Timestamp(_random.Next(3) == 0 ? _now - (ulong)_random.Next(6) : _now);
            var shares = _segments.GroupBy(_ => _random.Next(_segments.Count)).Select(g => Reader(g, at)).ToList();
            if (_random.Next(2) == 0) shares.Insert(_random.Next(shares.Count + 1), Reader([], at));
            return (Reader(_segments, at), new CompositeShardReader([.. shares]));
        }

        public ShardSearch Search(int k, FilterPlan? filter) => new()
        {
            Field = Schema.Find(Vector)!,
            Metric = MetricType.L2,
            Queries = new QueryVectors(DataType.FloatVector, [.. Enumerable.Range(0, 3).Select(_ => new ReadOnlyMemory<byte>(Bytes(_random.Next(-5, 65) + 0.3f)))]),
            K = k,
            Filter = filter,
        };

        private ShardReader Reader(IEnumerable<GrowingSegment> segments, Timestamp at) => new(_collection, new ShardView([.. segments], [], Timestamp.Zero), at);

        private bool Contains(GrowingSegment segment, long key)
        {
            var rows = new List<int>();
            segment.FindRows(KeysOf([key]), segment.RowCount, rows);
            return rows.Count > 0;
        }

        private PrimaryKeys KeysOf(IReadOnlyList<long> keys) =>
            _keyType == DataType.Int64 ? PrimaryKeys.Of([.. keys]) : PrimaryKeys.Of([.. keys.Select(k => $"k{k}")]);

        private ColumnBatch Rows(List<long> keys)
        {
            var groups = new FixedColumnBuilder<int>(DataType.Int32);
            var sparse = new BinaryColumnBuilder(DataType.SparseFloatVector);
            foreach (var k in keys)
            {
                if (k % 9 == 0) groups.AppendNull();
                else groups.Append((int)k % 9);
                sparse.Append(SparseRow.Encode(new SparseElement((uint)(k % 4), 1 + (k % 3)), new SparseElement(5, 1)));
            }
            return new ColumnBatch(keys.Count,
            [
                new FieldColumn(Key, KeysOf(keys).Column),
                new FieldColumn(Stamp, new FixedColumn<long>(DataType.Int64, keys.Select(_ => ++_stamp).ToArray())),
                new FieldColumn(Group, groups.Build()),
                new FieldColumn(Vector, new VectorColumn(DataType.FloatVector, 2, keys.SelectMany(k => Bytes(k)).ToArray())),
                new FieldColumn(Sparse, sparse.Build()),
            ]);
        }

        // One number decides every distance, and no two keys are equally far from a query.
        private static byte[] Bytes(float place) => MemoryMarshal.AsBytes<float>([place, 0]).ToArray();
    }

    private sealed class Part(Timestamp readAt, bool hasMoved = false) : IShardReader
    {
        public bool IsDisposed { get; private set; }

        public Timestamp ReadAt => readAt;

        public void Dispose() => IsDisposed = true;

        public ValueTask<ShardHits> SearchAsync(ShardSearch request, CancellationToken cancellation) => throw Failure();

        public ValueTask<ShardRows> QueryAsync(ShardQuery request, CancellationToken cancellation) => throw Failure();

        public ValueTask<long> CountAsync(ShardQuery request, CancellationToken cancellation) => throw Failure();

        public ValueTask<Segments.GroupStates> AggregateAsync(ShardAggregation request, CancellationToken cancellation) => throw Failure();

        public ValueTask<Column> FetchAsync(long fieldId, ReadOnlyMemory<RowReference> rows, CancellationToken cancellation) => throw Failure();

        public ValueTask<Text.Bm25.Bm25QueryStatistics> GetTermStatisticsAsync(long fieldId, ReadOnlyMemory<uint> terms, CancellationToken cancellation) => throw Failure();

        public ValueTask<ImmutableArray<SegmentExplain>> ExplainSearchAsync(ShardSearch request, CancellationToken cancellation) => throw Failure();

        public ValueTask<ImmutableArray<SegmentExplain>> ExplainQueryAsync(ShardQuery request, CancellationToken cancellation) => throw Failure();

        private Exception Failure() => hasMoved ? new ShardMovedException("gone") : new MilvusException(ErrorCode.ServiceUnavailable, "gone");
    }
}
