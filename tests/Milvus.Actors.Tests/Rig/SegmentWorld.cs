using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Node;
using Milvus.Actors.Rpc;
using Milvus.Actors.Time;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Service;
using Milvus.DataNode;
using Milvus.Embedded;
using Milvus.Embedded.Collections;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Storage.Objects;
using Milvus.TestKit.Meta;
using Milvus.TestKit.Objects;

namespace Milvus.Actors.Tests.Rig;

/// <summary>A catalogue with one collection <c>c</c>, its committed segments and their objects, and what a node needs to read them.</summary>
internal sealed class SegmentWorld : IAsyncDisposable
{
    public const int Dimension = 4;

    private SegmentWorld(CoordinatorService coordinator, InMemoryMetaStore meta, ManualTime time)
    {
        Coordinator = coordinator;
        Meta = meta;
        Time = time;
    }

    public ManualTime Time { get; }

    public InMemoryMetaStore Meta { get; }

    public InMemoryObjectStore Objects { get; } = new();

    public CoordinatorService Coordinator { get; }

    public CatalogReplica Catalog { get; private set; } = null!;

    public CollectionInfo Collection => Catalog.Catalog.Collections.Single();

    public ShardId Shard => new(Collection.Id, 0);

    public long Partition => Collection.Partitions[0].Id;

    public long IndexId => Collection.Indexes.Single().Id;

    public FieldSchema Field(string name) => Collection.Schema.Fields.Single(f => f.Name == name);

    /// <summary>What the coordinator answers to questions; null leaves the asker waiting until it gives up.</summary>
    public Func<Messages.IControlMessage, Messages.IControlMessage?> Answer { get; set; } = _ => null;

    public static async Task<SegmentWorld> CreateAsync(int shards = 1)
    {
        var time = new ManualTime();
        var meta = new InMemoryMetaStore();
        var coordinator = await CoordinatorService.StartAsync(meta, new CoordinatorOptions { PasswordIterations = 1 }, time, NullLogger<CoordinatorService>.Instance);
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "id", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "n", Type = DataType.Int64 },
            new FieldSchema { Name = "t", Type = DataType.VarChar, TypeParams = [new Property("max_length", "64")] },
            new FieldSchema { Name = "v", Type = DataType.FloatVector, TypeParams = [new Property("dim", "4")] },
        ]);
        await coordinator.ExecuteAsync(new CreateCollection("", "c", schema) { Shards = shards });
        var world = new SegmentWorld(coordinator, meta, time) { Catalog = await CatalogReplica.LoadAsync(meta, CancellationToken.None) };
        await world.ExecuteAsync(IndexCommand);
        return world;
    }

    public static CreateIndex IndexCommand => new("", "c", "v") { Params = [new Property("index_type", "HNSW"), new Property("metric_type", "L2"), new Property("params", """{"M":8,"efConstruction":40}""")] };

    public async Task ExecuteAsync(CoordinatorCommand command)
    {
        await Coordinator.ExecuteAsync(command);
        await Catalog.EnsureAsync(Coordinator.Catalog.Version, CancellationToken.None);
    }

    /// <summary>A moment, counted from the beginning of this world.</summary>
    public static Timestamp At(ulong n) => new(Timestamp.FromMs(1_600_000_000_000).Value + n);

    public ColumnBatch Rows(long firstKey, int count)
    {
        var random = new Random((int)firstKey);
        var vectors = new float[count * Dimension];
        for (var i = 0; i < vectors.Length; i++) vectors[i] = random.Next(100);
        var keys = Enumerable.Range(0, count).Select(i => firstKey + i).ToArray();
        return new ColumnBatch(count,
        [
            new FieldColumn(Field("id").Id, new FixedColumn<long>(DataType.Int64, keys)),
            new FieldColumn(Field("n").Id, new FixedColumn<long>(DataType.Int64, keys.Select(k => k % 10).ToArray())),
            new FieldColumn(Field("t").Id, BinaryColumn.FromStrings(DataType.VarChar, keys.Select(k => $"text {k}").ToArray())),
            new FieldColumn(Field("v").Id, new VectorColumn(DataType.FloatVector, Dimension, MemoryMarshal.AsBytes<float>(vectors).ToArray())),
        ]);
    }

    public GrowingSegment Grow(long segmentId, long firstKey, int count, ulong at)
    {
        var growing = new GrowingSegment(segmentId, Partition, Collection.Schema);
        growing.Append(Rows(firstKey, count), At(at));
        return growing;
    }

    /// <summary>Commits a segment with rows of consecutive keys.</summary>
    public async Task<SegmentManifest> SealAsync(long segmentId, long firstKey, int count, ulong at, int shard = 0)
    {
        var place = new SegmentPlace(segmentId, Collection.Id, Partition, shard);
        var manifest = await SegmentWriter.SealAsync(Grow(segmentId, firstKey, count, at), place, new Timestamp(1), Objects);
        await Coordinator.Segments.CommitAsync(new SegmentChange { CollectionId = Collection.Id, Added = [manifest] });
        return manifest;
    }

    /// <summary>Moves the checkpoint; the deletes go to a tombstone file beside the earlier ones.</summary>
    public async Task CheckpointAsync(long sequence, params (long Key, ulong At)[] deletes)
    {
        var files = Coordinator.Segments.GetCheckpoint(Shard)?.Tombstones ?? [];
        if (deletes.Length > 0)
        {
            var batch = new TombstoneBatch(Keys(deletes.Select(d => d.Key)), [.. deletes.Select(d => At(d.At))]);
            files = files.Add(await TombstoneFiles.WriteAsync(batch, $"tombstones/{sequence}", Objects));
        }
        var checkpoint = new ChannelCheckpoint { Shard = Shard, LogSequence = sequence, Timestamp = At(1_000_000), Tombstones = files };
        await Coordinator.Segments.CommitAsync(new SegmentChange { CollectionId = Collection.Id, Checkpoint = checkpoint });
    }

    /// <summary>Builds the vector index of a segment and commits it.</summary>
    public async Task<SegmentIndexFile> BuildIndexAsync(long segmentId)
    {
        var manifest = Coordinator.Segments.FindSegment(Collection.Id, segmentId)!;
        var plan = IndexBuilder.Needs(manifest, Collection.Indexes.Single(), Collection.Schema, new IndexBuildOptions(1, 1))!;
        var built = await IndexBuilder.BuildAsync(manifest, Collection, plan, Objects);
        await Coordinator.Segments.CommitAsync(new SegmentChange { CollectionId = Collection.Id, Replaced = [built.Manifest] });
        return built.Manifest.Indexes.Single();
    }

    public static PrimaryKeys Keys(IEnumerable<long> keys) => new(new FixedColumn<long>(DataType.Int64, keys.ToArray()));

    public NodeServices Node(INodeRpc rpc, ActorSystem? system = null, long memoryLimit = 1L << 30, TimeProvider? time = null, IObjectStore? objects = null) => new()
    {
        System = system!,
        Options = new EngineOptions { MinIndexRows = 1, BuildThreads = 1 },
        Meta = Meta,
        Objects = objects ?? Objects,
        Oracle = new ClusterOracle(TimeProvider.System, (_, _) => Task.FromResult(1L << 40)),
        Rpc = rpc,
        Catalog = Catalog,
        Coordinator = new CommittingClient(this),
        Memory = new MemoryBudget(memoryLimit),
        Time = time ?? Time,
        Logging = NullLoggerFactory.Instance,
    };

    public async ValueTask DisposeAsync() => await Coordinator.DisposeAsync();

    /// <summary>The coordinator in the same process.</summary>
    private sealed class CommittingClient(SegmentWorld world) : ICoordinatorClient
    {
        public Task<Milvus.Coordinator.CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellation) => world.Coordinator.ExecuteAsync(command, cancellation);

        public Task<long> AllocateIdsAsync(int count, CancellationToken cancellation) => Task.FromResult(world.Coordinator.Oracle.NextIds(count));

        public Task CommitSegmentsAsync(SegmentChange change, CancellationToken cancellation) => world.Coordinator.Segments.CommitAsync(change, cancellation);

        public Task<bool> AttachIndexAsync(long collectionId, long segmentId, SegmentIndexFile file, CancellationToken cancellation) => throw new NotSupportedException();

        public async Task<T> AskAsync<T>(Messages.IControlMessage message, CancellationToken cancellation)
            where T : Messages.IControlMessage
        {
            if (world.Answer(message) is T answer) return answer;
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new InvalidOperationException("it does not wait for ever");
        }
    }
}
