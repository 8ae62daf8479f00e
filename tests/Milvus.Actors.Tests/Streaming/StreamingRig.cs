using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Protocol;
using Milvus.Actors.Query;
using Milvus.Actors.Rpc;
using Milvus.Actors.Streaming;
using Milvus.Actors.Time;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Service;
using Milvus.Embedded;
using Milvus.Embedded.Collections;
using Milvus.Embedded.Shards;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;
using Milvus.StreamingNode;
using Milvus.TestKit.Meta;
using Milvus.TestKit.Objects;

namespace Milvus.Actors.Tests.Streaming;

/// <summary>One node with channels and loaded segments, in one process: real entities over a journal, a meta store and objects in memory.</summary>
internal sealed class StreamingRig : IAsyncDisposable
{
    public const long Key = 100;
    public const long Stamp = 101;
    public const long Vector = 102;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly Dictionary<Address, TestRpc> _peers = [];
    private int _regions;

    private StreamingRig(ActorSystem system, InMemoryMetaStore meta, CoordinatorService coordinator, CatalogReplica catalog)
    {
        System = system;
        Meta = meta;
        Service = coordinator;
        Catalog = catalog;
        Coordinator = new TestCoordinator(coordinator, catalog, system.EventStream.Publish);
        Journal = JournalFaults.Of(system);
    }

    public ActorSystem System { get; }

    public InMemoryMetaStore Meta { get; }

    public InMemoryObjectStore Objects { get; } = new();

    public CoordinatorService Service { get; }

    public CatalogReplica Catalog { get; }

    public TestCoordinator Coordinator { get; }

    public JournalFaults Journal { get; }

    public Owner Main { get; private set; } = null!;

    public QueryRole Query { get; private set; } = null!;

    public ShardId Shard { get; private set; }

    public long Partition { get; private set; }

    public static async Task<StreamingRig> StartAsync(ChannelOptions? channel = null, StreamingOptions? streaming = null, bool load = false, TimeProvider? clock = null)
    {
        var config = ConfigurationFactory.ParseString($$"""
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            akka.persistence.journal.plugin = "test-journal"
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            test-journal.class = "{{typeof(TestJournal).FullName}}, {{typeof(TestJournal).Assembly.GetName().Name}}"
            test-journal.plugin-dispatcher = "akka.actor.default-dispatcher"
            test-journal.circuit-breaker.max-failures = 1000
            """);
        var system = ActorSystem.Create("milvus", config);
        var meta = new InMemoryMetaStore();
        var coordinator = await CoordinatorService.StartAsync(meta, new CoordinatorOptions { PasswordIterations = 1 }, TimeProvider.System, NullLogger<CoordinatorService>.Instance);
        var rig = new StreamingRig(system, meta, coordinator, await CatalogReplica.LoadAsync(meta, default));
        rig.Main = rig.StartOwner(channel, streaming, clock);
        rig.Query = QueryRole.Create(rig.Main.Services, QueryOptions.Default);
        rig.Main.Services.Segments = system.ActorOf(Props.Create(() => new TestRegion(SegmentExtractor.Instance, rig.Query.EntityProps, PoisonPill.Instance)), "segments");
        await rig.CreateAsync(load);
        return rig;
    }

    /// <summary>Another owner of the same channels, as after a partition.</summary>
    /// <param name="clock">By which it notices that it slept.</param>
    public Owner StartOwner(ChannelOptions? channel = null, StreamingOptions? streaming = null, TimeProvider? clock = null)
    {
        var rpc = new TestRpc(++_regions, _peers);
        _peers.Add(rpc.Self, rpc);
        var oracle = new ClusterOracle(TimeProvider.System, (count, _) => Task.FromResult(Service.Oracle.NextIds(count)));
        var services = new NodeServices
        {
            System = System,
            Options = EngineOptions.Default with { Channel = channel ?? ChannelOptions.Default, TombstoneRetentionMs = 0, MemoryLimitBytes = 1L << 30 },
            Meta = Meta,
            Objects = Objects,
            Oracle = oracle,
            Rpc = rpc,
            Catalog = Catalog,
            Coordinator = Coordinator,
            Memory = new MemoryBudget(1L << 30),
            Time = TimeProvider.System,
            Logging = NullLoggerFactory.Instance,
        };
        if (Main is not null) services.Segments = Main.Services.Segments;
        var role = new StreamingRole(services, streaming ?? new StreamingOptions { MinRestartMs = 1, MaxRestartMs = 20, TickMs = 20, ReloadMs = 100, LoadRetryMs = 100, TrimDelayMs = 0 }, clock);
        role.Start();
        services.Channels = System.ActorOf(Props.Create(() => new TestRegion(ChannelRegion.Extractor, role.EntityProps, ChannelRegion.HandOffMessage)), $"channels-{_regions}");
        return new Owner(services, role, rpc);
    }

    public Task ExecuteAsync(CoordinatorCommand command) => Coordinator.ExecuteAsync(command, default);

    public static ShardWrite Insert(long partition, params (long Key, long Stamp)[] rows) => new() { Inserts = [new PartitionRows(partition, Rows(rows))] };

    public static ShardWrite Delete(params long[] keys) => new() { Deletes = PrimaryKeys.Of(keys) };

    public static ShardWrite Upsert(long partition, params (long Key, long Stamp)[] rows) => Insert(partition, rows) with { Deletes = PrimaryKeys.Of([.. rows.Select(r => r.Key)]) };

    public ShardWrite Insert(params (long Key, long Stamp)[] rows) => Insert(Partition, rows);

    public ShardWrite Upsert(params (long Key, long Stamp)[] rows) => Upsert(Partition, rows);

    /// <summary>Locates the channel and writes, once.</summary>
    public async Task<Timestamp> TryWriteAsync(ShardWrite write, Guid? request = null, Owner? owner = null)
    {
        owner ??= Main;
        await LocateAsync(owner);
        var message = new WriteRequest
        {
            CollectionId = Shard.CollectionId,
            Shard = Shard.Shard,
            RequestId = ByteString.CopyFrom((request ?? Guid.NewGuid()).ToByteArray()),
            Write = UnsafeByteOperations.UnsafeWrap(ShardWriteCodec.Encode(write)),
            CatalogVersion = Catalog.Catalog.Version,
        };
        var reply = await owner.Rpc.CallAsync(owner.Rpc.Self, RpcMethod.Write, message.ToByteArray(), default).WaitAsync(s_patience);
        return new Timestamp(WriteReply.Parser.ParseFrom(reply.Span).Timestamp);
    }

    /// <summary>Writes as a proxy does: with one request id, as often as it takes.</summary>
    public async Task<Timestamp> WriteAsync(ShardWrite write, Guid? request = null, Owner? owner = null)
    {
        var id = request ?? Guid.NewGuid();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await TryWriteAsync(write, id, owner);
            }
            catch (ShardMovedException) when (attempt < 500)
            {
                await Task.Delay(2);
            }
        }
    }

    public async Task<string> LocateAsync(Owner? owner = null) =>
        (await (owner ?? Main).Services.Channels.Ask<ChannelLocation>(new LocateChannel(Shard.CollectionId, Shard.Shard), s_patience)).Node;

    public Task<T> AskAsync<T>(IChannelMessage message, Owner? owner = null) => (owner ?? Main).Services.Channels.Ask<T>(message, s_patience);

    /// <summary>Keys and stamps that a strong read sees, ascending; duplicates are an error.</summary>
    public async Task<List<(long Key, long Stamp)>> ReadAsync(Owner? owner = null, Timestamp? readAt = null)
    {
        owner ??= Main;
        var started = TimeProvider.System.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await TryReadAsync(owner, readAt);
            }
            catch (ShardMovedException) when (attempt < 5000 && TimeProvider.System.GetElapsedTime(started) < s_patience)
            {
                await LocateAsync(owner);
                await Task.Delay(5);
            }
        }
    }

    public async Task<OpenShardReply> OpenAsync(Owner owner, Timestamp? readAt)
    {
        var request = new OpenShardRequest
        {
            CollectionId = Shard.CollectionId,
            Shard = Shard.Shard,
            Guarantee = owner.Services.Oracle.Next().Value,
            ReadAt = readAt?.Value ?? 0,
            CatalogVersion = Catalog.Catalog.Version,
        };
        return OpenShardReply.Parser.ParseFrom((await owner.Rpc.CallAsync(owner.Rpc.Self, RpcMethod.OpenShard, request.ToByteArray(), default).WaitAsync(s_patience)).Span);
    }

    /// <summary>Stops the channel: in order, or in the middle of whatever it does.</summary>
    public Task StopChannelAsync(bool gracefully = false, Owner? owner = null) =>
        (owner ?? Main).Services.Channels.Ask<TestRegion.Stopped>(new TestRegion.Stop(ClusterNames.Channel(Shard), gracefully), s_patience);

    public static async Task EventuallyAsync(Func<Task<bool>> isTrue)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await isTrue())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < s_patience, "it did not become true");
            await Task.Delay(10);
        }
    }

    public Task<ChannelStatus> StatusAsync(Owner? owner = null) => AskAsync<ChannelStatus>(new GetChannelStatus(Shard.CollectionId, Shard.Shard), owner);

    /// <summary>Seals everything and waits until only sealed segments are read.</summary>
    public async Task FlushAsync()
    {
        var flushed = await AskAsync<IControlMessage>(new FlushChannel(Shard.CollectionId, Shard.Shard));
        var ids = Assert.IsType<ChannelFlushed>(flushed).SealingSegmentIds;
        await EventuallyAsync(async () => !(await StatusAsync()).Growing.Any(g => ids.Contains(g.SegmentId)));
    }

    public async ValueTask DisposeAsync()
    {
        Journal.Release();
        await System.Terminate();
        Main.Role.Dispose();
        Query.Dispose();
        await Service.DisposeAsync();
    }

    private async Task CreateAsync(bool load)
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "stamp", Type = DataType.Int64 },
            new FieldSchema { Name = "vector", Type = DataType.FloatVector, TypeParams = [new Property("dim", "2")] },
        ]);
        await ExecuteAsync(new CreateCollection("", "rows", schema));
        await ExecuteAsync(new CreateIndex("", "rows", "vector") { Params = [new("index_type", "FLAT"), new("metric_type", "L2")] });
        if (load) await ExecuteAsync(new LoadCollection("", "rows"));
        var info = Catalog.Catalog.GetCollection("", "rows");
        Shard = new ShardId(info.Id, 0);
        Partition = info.Partitions[0].Id;
    }

    private async Task<List<(long Key, long Stamp)>> TryReadAsync(Owner owner, Timestamp? readAt)
    {
        var reply = await OpenAsync(owner, readAt);
        var info = Catalog.Catalog.GetCollection(Shard.CollectionId);
        var rows = new List<(long Key, long Stamp)>();
        if (reply.Session != 0) await CollectAsync(owner.Role.Sessions.Get(reply.Session).Reader, rows);
        foreach (var placement in reply.Placements)
            await CollectAsync(new ShardReader(info, new ShardView([], Query.Table.Take(placement.SegmentIds, placement.Incarnations), Timestamp.Zero), new Timestamp(reply.ReadAt)), rows);
        rows.Sort();
        Assert.Equal(rows.Count, rows.Select(r => r.Key).Distinct().Count());
        return rows;
    }

    private static async Task CollectAsync(ShardReader reader, List<(long Key, long Stamp)> rows)
    {
        var found = await reader.QueryAsync(new ShardQuery(), default);
        Assert.Equal(found.Rows.Length, await reader.CountAsync(new ShardQuery(), default));
        if (found.Rows.Length == 0) return;
        var stamps = (FixedColumn<long>)await reader.FetchAsync(Stamp, found.Rows, default);
        for (var i = 0; i < found.Rows.Length; i++) rows.Add((found.Ids.Int64s[i], stamps.Values[i]));
    }

    private static ColumnBatch Rows((long Key, long Stamp)[] rows)
    {
        var vectors = MemoryMarshal.AsBytes<float>(rows.SelectMany(r => new float[] { r.Stamp, -r.Stamp }).ToArray()).ToArray();
        return new ColumnBatch(rows.Length,
        [
            new FieldColumn(Key, new FixedColumn<long>(DataType.Int64, rows.Select(r => r.Key).ToArray())),
            new FieldColumn(Stamp, new FixedColumn<long>(DataType.Int64, rows.Select(r => r.Stamp).ToArray())),
            new FieldColumn(Vector, new VectorColumn(DataType.FloatVector, 2, vectors)),
        ]);
    }

    public sealed record Owner(NodeServices Services, StreamingRole Role, TestRpc Rpc);
}
