using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Data;
using Milvus.Actors.Serialization;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Service;
using Milvus.Embedded;
using Milvus.Model;
using Milvus.Segments;
using Milvus.TestKit.Meta;
using Milvus.TestKit.Objects;

namespace Milvus.Actors.Tests.Catalogs;

/// <summary>A cluster of one node with stores in memory, a node's copy of the catalogue and a client; the coordinator is started by the test.</summary>
internal sealed class CoordinatorRig : IAsyncDisposable
{
    public const string Database = "";
    public const string Collection = "c";

    private CoordinatorRig(ActorSystem system, InMemoryMetaStore meta, InMemoryObjectStore objects, CatalogReplica replica)
    {
        Objects = objects;
        System = system;
        Meta = meta;
        Replica = replica;
        Kit = new Akka.TestKit.Xunit2.TestKit(system);
        Settings = new CoordinatorSettings
        {
            Meta = meta,
            Objects = Objects,
            Engine = EngineOptions.Default with { MinIndexRows = 10, AutoCompaction = false, BuildThreads = 1, TombstoneRetentionMs = 0 },
            Coordinator = new CoordinatorOptions { PasswordIterations = 1 },
            Time = TimeProvider.System,
            Logging = NullLoggerFactory.Instance,
            Channels = () => ActorRefs.Nobody,
            Tasks = () => Tasks,
            AcknowledgePatience = TimeSpan.FromMinutes(1),
            RetryPause = TimeSpan.FromMilliseconds(20),
            FencedPause = TimeSpan.FromMinutes(5),
            Planner = new PlannerSettings { Interval = TimeSpan.FromMilliseconds(50), RetryPause = TimeSpan.FromMilliseconds(200) },
        };
    }

    public ActorSystem System { get; }

    public InMemoryMetaStore Meta { get; }

    public InMemoryObjectStore Objects { get; }

    public CatalogReplica Replica { get; }

    public TestKitBase Kit { get; }

    public CoordinatorSettings Settings { get; set; }

    public IActorRef Tasks { get; set; } = ActorRefs.Nobody;

    /// <param name="first">The node to join, whose stores are shared; null makes a cluster of one.</param>
    public static async Task<CoordinatorRig> StartAsync(CoordinatorRig? first = null)
    {
        var config = ConfigurationFactory.ParseString("""
            akka {
              loglevel = OFF
              stdout-loglevel = OFF
              actor.provider = cluster
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
              remote.log-remote-lifecycle-events = off
              cluster.roles = [coordinator, data]
              cluster.sharding.state-store-mode = persistence
              coordinated-shutdown.run-by-actor-system-terminate = off
              coordinated-shutdown.run-by-clr-shutdown-hook = off
              cluster.gossip-interval = 100ms
              cluster.leader-actions-interval = 100ms
              cluster.singleton.hand-over-retry-interval = 200ms
              cluster.singleton-proxy.singleton-identification-interval = 100ms
            }
            """).WithFallback(SerializationConfig.Load());
        var system = ActorSystem.Create("milvus", config);
        await Cluster.Get(system).JoinAsync(Cluster.Get(first?.System ?? system).SelfAddress, new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
        var meta = first?.Meta ?? new InMemoryMetaStore();
        return new CoordinatorRig(system, meta, first?.Objects ?? new InMemoryObjectStore(), await CatalogReplica.LoadAsync(meta, default));
    }

    public IActorRef StartCoordinator(string name = "coordinator") => System.ActorOf(CoordinatorActor.Props(Settings), name);

    /// <summary>As in a real node: the singleton's manager, and the proxy.</summary>
    public IActorRef StartSingleton()
    {
        System.ActorOf(
            ClusterSingletonManager.Props(CoordinatorActor.Props(Settings), PoisonPill.Instance, ClusterSingletonManagerSettings.Create(System).WithRole("coordinator")), "coordinator");
        return System.ActorOf(
            ClusterSingletonProxy.Props("/user/coordinator", ClusterSingletonProxySettings.Create(System).WithRole("coordinator")), "coordinator-proxy");
    }

    /// <param name="queryMemory">What the node has as a query node; null when it is none.</param>
    public void RegisterNode(IActorRef coordinator, NodeUsage? queryMemory = null) => System.ActorOf(
        NodeRegistrationActor.Props(coordinator, Replica, ["coordinator", "data", .. queryMemory is null ? Array.Empty<string>() : ["query"]], () => queryMemory ?? new NodeUsage(1, 2, 3)),
        NodeRegistrationActor.Name);

    public CoordinatorClient Client(IActorRef coordinator, TimeSpan? patience = null) => new(coordinator, Replica, Objects, TimeProvider.System, patience ?? TimeSpan.FromMinutes(1));

    /// <param name="withTexts">With a third field, "t", which holds the same text in all rows.</param>
    public static CreateCollection Create(string name = Collection, bool withTexts = false) => new(Database, name, new CollectionSchema(
    [
        new FieldSchema { Name = "id", Type = DataType.Int64, IsPrimaryKey = true, IsClusteringKey = true },
        new FieldSchema { Name = "v", Type = DataType.FloatVector, TypeParams = [new Property("dim", "4")] },
        .. withTexts ? [new FieldSchema { Name = "t", Type = DataType.VarChar, TypeParams = [new Property("max_length", "99")] }] : Array.Empty<FieldSchema>(),
    ]));

    public static CreateIndex Index(string type = "HNSW") => new(Database, Collection, "v")
    {
        Params = [new Property("index_type", type), new Property("metric_type", "L2"), .. type == "HNSW" ? [new Property("params", """{"M":8,"efConstruction":32}""")] : Array.Empty<Property>()],
    };

    /// <summary>Writes rows as a sealed segment whose manifest is not committed yet.</summary>
    public async Task<SegmentManifest> SealAsync(CollectionInfo collection, long segmentId, int firstKey, int rows, ulong at = 10)
    {
        var growing = new GrowingSegment(segmentId, collection.Partitions[0].Id, collection.Schema);
        var random = new Random(firstKey);
        var keys = ColumnBuilder.For(DataType.Int64, DataType.None, 0);
        var vectors = (VectorColumnBuilder)ColumnBuilder.For(DataType.FloatVector, DataType.None, 4);
        for (var i = 0; i < rows; i++)
        {
            ((FixedColumnBuilder<long>)keys).Append(firstKey + i);
            var bytes = new byte[16];
            for (var d = 0; d < 4; d++) BitConverter.TryWriteBytes(bytes.AsSpan(d * 4), random.NextSingle());
            vectors.Append(bytes);
        }
        FieldColumn[] texts = collection.Schema.Find("t") is { Nullable: false } t ? [new FieldColumn(t.Id, BinaryColumn.FromStrings(DataType.VarChar, [.. Enumerable.Repeat("red fox", rows)]))] : [];
        growing.Append(new ColumnBatch(rows, [new FieldColumn(100, keys.Build()), new FieldColumn(101, vectors.Build()), .. texts]), new Timestamp(at));
        return await SegmentWriter.SealAsync(growing, new SegmentPlace(segmentId, collection.Id, collection.Partitions[0].Id, 0), Timestamp.Zero, Objects);
    }

    public static SegmentChange Change(SegmentManifest manifest, long sequence = 1, ImmutableArray<TombstoneFile> tombstones = default) => new()
    {
        CollectionId = manifest.CollectionId,
        Added = [manifest],
        Checkpoint = new ChannelCheckpoint
        {
            Shard = new ShardId(manifest.CollectionId, 0),
            LogSequence = sequence,
            Timestamp = new Timestamp(1000),
            Tombstones = tombstones.IsDefault ? [] : tombstones,
        },
    };

    public async ValueTask DisposeAsync() => await System.Terminate();
}
