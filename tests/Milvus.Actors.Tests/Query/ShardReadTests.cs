using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Milvus.Actors.Gateways;
using Milvus.Actors.Messages;
using Milvus.Actors.Protocol;
using Milvus.Actors.Query;
using Milvus.Actors.Rpc;
using Milvus.Actors.Tests.Rig;
using Milvus.Embedded.Shards;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;
using Milvus.QueryNode;
using Milvus.Segments;
using Milvus.StreamingNode;
using Milvus.Text.Analyzers;
using SegmentPlacement = Milvus.Actors.Protocol.SegmentPlacement;

namespace Milvus.Actors.Tests.Query;

/// <summary>A shard spread over a channel and two query nodes answers as one in a single process.</summary>
public sealed class ShardReadTests : IAsyncLifetime
{
    private const int Segments = 5;
    private const ulong Session = 9;

    private readonly LoopNetwork _network = new();
    private readonly FakeChannels _channels = new();
    private readonly List<QueryRole> _roles = [];
    private readonly SegmentHold _hold = new(0);
    private SegmentWorld _world = null!;
    private ShardReader _expected = null!;
    private GrowingSegment _growing = null!;
    private IShardReader _actual = null!;

    private static Timestamp ReadAt => SegmentWorld.At(1000);

    public async Task InitializeAsync()
    {
        _world = await SegmentWorld.CreateAsync();
        for (var id = 1; id <= Segments; id++)
        {
            await _world.SealAsync(id, id * 500, 500, at: (ulong)id * 10);
            if (id % 2 == 0) await _world.BuildIndexAsync(id);
        }
        await _world.CheckpointAsync(4, (700, 100), (905, 100), (1000, 45));
        var filters = new FilterPlanCache(new AnalyzerRegistry());
        var collection = _world.Collection;
        foreach (var name in new[] { "q0", "q1" })
        {
            var role = QueryRole.Create(_world.Node(_network.Node(name)), QueryOptions.Default);
            _roles.Add(role);
            var reads = new ShardReads(_world.Catalog, filters, 2, role.Table, null);
            _network.Node(name).Handle(RpcMethod.ReadShard, reads.HandleAsync);
        }
        for (var id = 1; id <= Segments; id++) await LoadAsync(id);

        _growing = _world.Grow(77, 5000, 300, 200);
        var channelReads = new ShardReads(_world.Catalog, filters, 2, null, (request, cancellation) =>
        {
            if (request.Session != Session) throw new ShardMovedException("no such session");
            var reader = new ShardReader(collection, new ShardView([_growing], [], Timestamp.Zero), new Timestamp(request.ReadAt));
            return ShardOperations.ExecuteAsync(reader, collection, filters, request.Operation, request.Body.Memory, cancellation);
        });
        _network.Node("s").Handle(RpcMethod.ReadShard, channelReads.HandleAsync);
        _network.Node("s").Handle(RpcMethod.CloseShard, (_, _) => default);
        _network.Node("s").Handle(RpcMethod.OpenShard, (_, _) => new(Opened().ToByteArray()));
        _channels.Answer = m => m is LocateChannel l ? new ChannelLocation(l.CollectionId, l.Shard, _network.Node("s").Self.ToString()) : null;

        var loader = new SealedSegmentReader(_world.Objects);
        var checkpoint = _world.Coordinator.Segments.GetCheckpoint(_world.Shard)!;
        var loaded = new List<SealedSegment>();
        foreach (var manifest in _world.Coordinator.Segments.GetSegments(_world.Collection.Id)) loaded.Add(await loader.LoadAsync(manifest, _world.Collection, checkpoint.Tombstones, default));
        _expected = new ShardReader(_world.Collection, new ShardView([_growing], [.. loaded], Timestamp.Zero), ReadAt);
        var gateway = new ClusterShardGateway(_network.Node("p"), new ChannelLocations(() => _channels.Region), _world.Catalog, TimeProvider.System, GatewayOptions.Default);
        _actual = await gateway.OpenAsync(_world.Collection, 0, Timestamp.Zero, ReadAt, default);
    }

    public async Task DisposeAsync()
    {
        _actual.Dispose();
        foreach (var role in _roles) role.Dispose();
        await _channels.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Theory]
    [InlineData("", 10)]
    [InlineData("n == 3", 50)]
    [InlineData("id < 900 or t like \"text 23%\"", 1000)]
    [InlineData("id in [700, 905, 1000, 1001, 5099]", 3)]
    public async Task Searches_agree(string filter, int k)
    {
        foreach (var isExhaustive in new[] { true, false })
        {
            var request = new ShardSearch
            {
                Field = _world.Field("v"),
                Metric = MetricType.L2,
                Queries = new QueryVectors(DataType.FloatVector, [Vector(1, 2, 3, 4), Vector(50, 50, 50, 50)]),
                K = k,
                Filter = filter == "" ? null : Filter.Compile(filter, _world.Collection.Schema),
                Exhaustive = isExhaustive,
                // Wide enough that the index finds everything, as the scan does.
                IndexParams = ImmutableDictionary<string, string>.Empty.Add("ef", "2000"),
            };
            var expected = await _expected.SearchAsync(request, default);
            var actual = await _actual.SearchAsync(request, default);
            Assert.Equal(expected.Counts, actual.Counts);
            Assert.Equal(expected.Scores, actual.Scores);
            Assert.Equal(Sorted(expected), Sorted(actual));
            Assert.Equal(
                Column(await _expected.FetchAsync(_world.Field("t").Id, expected.Rows, default)).Order(),
                Column(await _actual.FetchAsync(_world.Field("t").Id, actual.Rows, default)).Order());
        }
    }

    [Theory]
    [InlineData("", 100)]
    [InlineData("n < 5", 7)]
    [InlineData("t == \"text 905\" or id > 2000", null)]
    public async Task Queries_counts_and_values_agree(string filter, int? limit)
    {
        var request = new ShardQuery { Filter = filter == "" ? null : Filter.Compile(filter, _world.Collection.Schema), Limit = limit };
        var expected = await _expected.QueryAsync(request, default);
        var actual = await _actual.QueryAsync(request, default);
        Assert.Equal(expected.Ids.Int64s.ToArray(), actual.Ids.Int64s.ToArray());
        Assert.Equal(expected.Timestamps, actual.Timestamps);
        Assert.Equal(await _expected.CountAsync(request, default), await _actual.CountAsync(request, default));
        foreach (var field in _world.Collection.Schema.Fields)
        {
            var a = await _expected.FetchAsync(field.Id, expected.Rows, default);
            var b = await _actual.FetchAsync(field.Id, actual.Rows, default);
            Assert.Equal(ColumnReplyCodec.Encode(a).ToArray(), ColumnReplyCodec.Encode(b).ToArray());
        }
    }

    [Fact]
    public async Task A_segment_that_left_makes_the_read_begin_anew()
    {
        _roles[0].Dispose();
        await Assert.ThrowsAsync<ShardMovedException>(async () => await _actual.CountAsync(new ShardQuery(), default));
    }

    [Fact]
    public async Task A_segment_that_was_read_anew_since_makes_the_read_begin_anew()
    {
        // As when its entity moves away and comes back: the new reading knows of no deletes but those of the checkpoint.
        _roles[1].Table.Find(1)!.Push([new LoggedDelete(5, SegmentWorld.At(300), SegmentWorld.Keys([501]), [])], 4, 5);
        _roles[1].Loads.Release(1, _hold, TimeSpan.Zero);
        await Eventually.TrueAsync(() => _roles[1].Table.Find(1) is null, "the removal");
        await LoadAsync(1);
        Assert.Equal(4, _roles[1].Table.Find(1)!.AppliedDeletes);
        await Assert.ThrowsAsync<ShardMovedException>(async () => await _actual.CountAsync(new ShardQuery(), default));
    }

    [Fact]
    public async Task A_collection_dropped_meanwhile_is_told_as_such()
    {
        await _world.ExecuteAsync(new Milvus.Coordinator.Commands.DropCollection("", "c"));
        var e = await Assert.ThrowsAsync<MilvusException>(async () => await _actual.CountAsync(new ShardQuery(), default));
        Assert.Equal(ErrorCode.CollectionNotFound, e.Code);
    }

    [Fact]
    public async Task A_node_behind_the_catalogue_reads_it_first()
    {
        var behind = await Milvus.Actors.Catalogs.CatalogReplica.LoadAsync(_world.Meta, default);
        var reads = new ShardReads(behind, new FilterPlanCache(new AnalyzerRegistry()), 1, _roles[1].Table, null);
        await _world.ExecuteAsync(new Milvus.Coordinator.Commands.AddField("", "c", new FieldSchema { Name = "later", Type = DataType.Int64, Nullable = true }));
        var filter = Filter.Compile("later is null", _world.Collection.Schema);
        var request = new ShardReadRequest
        {
            ReadAt = ReadAt.Value,
            CollectionId = _world.Collection.Id,
            CatalogVersion = _world.Catalog.Catalog.Version,
            Operation = ReadOperation.Count,
            Body = ByteString.CopyFrom(ShardQueryCodec.Encode(new ShardQuery { Filter = filter }).Span),
            SegmentIds = { 1 },
        };
        Assert.Equal(500 - 2, BitConverter.ToInt64((await reads.HandleAsync(request.ToByteArray(), default)).Span));
    }

    private async Task LoadAsync(long id) =>
        Assert.IsType<SegmentLoaded>(await _roles[(int)(id % 2)].Loads.LoadAsync(new LoadSegment(_world.Collection.Id, id, 0, 0, id % 2 == 0 ? [_world.IndexId] : []), _hold, default));

    private OpenShardReply Opened()
    {
        var reply = new OpenShardReply { Session = Session, ReadAt = ReadAt.Value };
        for (var node = 0; node < 2; node++)
        {
            var placement = new SegmentPlacement { Node = _network.Node($"q{node}").Self.ToString() };
            placement.SegmentIds.AddRange(Enumerable.Range(1, Segments).Where(i => i % 2 == node).Select(i => (long)i));
            placement.Incarnations.AddRange(placement.SegmentIds.Select(id => _roles[node].Table.Find(id)!.Incarnation));
            reply.Placements.Add(placement);
        }
        return reply;
    }

    private static ReadOnlyMemory<byte> Vector(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    // Equal scores may come in any order.
    private static List<(float, long, ulong)> Sorted(ShardHits hits) =>
        [.. Enumerable.Range(0, hits.Scores.Length).Select(i => (hits.Scores[i], hits.Ids.Int64s[i], hits.Timestamps[i].Value)).Order()];

    private static List<string> Column(Column column) => [.. Enumerable.Range(0, column.Count).Select(((BinaryColumn)column).GetString)];
}
