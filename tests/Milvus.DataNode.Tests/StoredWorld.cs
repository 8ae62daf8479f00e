using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Service;
using Milvus.Model;
using Milvus.QueryNode;
using Milvus.Segments;
using Milvus.StreamingNode;
using Milvus.TestKit.Meta;
using Milvus.TestKit.Objects;

namespace Milvus.DataNode.Tests;

/// <summary>A collection of one shard with a real catalogue, a channel without a log, objects in memory, and the naive truth about its rows.</summary>
internal sealed class StoredWorld : IChannelHost
{
    public static readonly IndexBuildOptions Indexing = new(MinRows: 5, Threads: 1);

    private readonly List<(long Key, long Stamp, long Partition, Timestamp From)> _rows = [];
    private readonly List<(long Key, long Partition, Timestamp At)> _deletes = [];
    private readonly CoordinatorService _coordinator;
    private long _stamp;

    private StoredWorld(CoordinatorService coordinator, Clock clock)
    {
        _coordinator = coordinator;
        Time = clock;
        Channel = new ShardChannel(new ShardId(Collection.Id, 0), ChannelContext.Of(Collection), coordinator.Oracle, new ChannelOptions { MaxSegmentRows = 25 }, null);
        Objects = new FaultyObjectStore(Stored);
        Sealer = new SegmentSealer(coordinator.Segments, Objects, coordinator.Oracle, clock, new SealOptions(TombstoneRetentionMs: 3, MaxPendingDeletes: 1000));
    }

    public Clock Time { get; }

    public InMemoryObjectStore Stored { get; } = new();

    public FaultyObjectStore Objects { get; }

    public SegmentSealer Sealer { get; }

    public ShardChannel Channel { get; }

    public long LogBytes { get; set; }

    public CollectionInfo Collection => _coordinator.Catalog.GetCollection("", "c");

    public ImmutableArray<SegmentManifest> Manifests => _coordinator.Segments.GetSegments(Collection.Id);

    public Coordinator.Segments.SegmentCatalog Catalog => _coordinator.Segments;

    public ITimestampOracle Oracle => _coordinator.Oracle;

    public Timestamp Now => Timestamp.FromMs(Time.Ms);

    public static async Task<StoredWorld> CreateAsync(ImmutableArray<Property> properties = default)
    {
        var clock = new Clock();
        var coordinator = await CoordinatorService.StartAsync(new InMemoryMetaStore(), new CoordinatorOptions { PasswordIterations = 1 }, clock, NullLogger<CoordinatorService>.Instance);
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "stamp", Type = DataType.Int64, IsClusteringKey = true },
            new FieldSchema { Name = "vector", Type = DataType.FloatVector, TypeParams = [new Property("dim", "2")] },
        ]);
        await coordinator.ExecuteAsync(new CreateCollection("", "c", schema) { Properties = properties.IsDefault ? [] : properties });
        await coordinator.ExecuteAsync(new CreatePartition("", "c", "p"));
        return new StoredWorld(coordinator, clock);
    }

    public Task<T> PostAsync<T>(Func<ShardChannel, T> action) => Task.FromResult(action(Channel));

    public Task ExecuteAsync(CoordinatorCommand command) => _coordinator.ExecuteAsync(command);

    public Task IndexAsync(string type = "HNSW") =>
        ExecuteAsync(new CreateIndex("", "c", "vector") { Params = [new("index_type", type), new("metric_type", "L2")] });

    public void Insert(int partition, params long[] keys) => Write(keys, inserts: partition, deletes: null);

    public void Upsert(int partition, params long[] keys) => Write(keys, inserts: partition, deletes: 0);

    /// <param name="partition">1 or 2; 0 for all.</param>
    public void Delete(int partition, params long[] keys) => Write(keys, inserts: null, deletes: partition);

    public async Task<SealOutcome?> SealAsync(bool all = true)
    {
        if (all) Channel.BeginSeal(Channel.Growing.ToList());
        if (await Sealer.BeginAsync(this) is not { } begin) return null;
        var outcome = await Sealer.WriteAsync(this, Collection, begin, default);
        await Catalog.CommitAsync(outcome.Change);
        await CompleteAsync(outcome);
        return outcome;
    }

    public async Task CompleteAsync(SealOutcome outcome)
    {
        var loaded = new Dictionary<long, LoadedSegment>();
        foreach (var m in outcome.Manifests) loaded[m.SegmentId] = await LoadAsync(m);
        await SegmentSealer.CompleteAsync(this, outcome, loaded);
        await Sealer.RemoveStaleAsync(outcome, default);
    }

    public async Task<SegmentManifest> CompactAsync(CompactionPlan plan, IndexBuildOptions? indexes = null)
    {
        var deletes = await SegmentCompactor.GatherDeletesAsync(this, plan, Catalog, Objects, Oracle, Timestamp.FromMs(Time.Ms - 3), default);
        var place = new SegmentPlace(Oracle.NextIds(), Collection.Id, plan.PartitionId, plan.Shard);
        var merged = await SegmentCompactor.MergeAsync(plan, Collection, deletes, place, Now, Objects, indexes, default);
        LoadedSegment[] loaded = merged.RowCount == 0 ? [] : [await LoadAsync(merged)];
        await Catalog.CommitAsync(SegmentCompactor.Change(plan, merged.RowCount == 0 ? [] : [merged]));
        Channel.SwapSealed(loaded, [.. plan.Sources.Select(s => s.SegmentId)]);
        return merged;
    }

    /// <summary>As <see cref="CompactAsync"/> for a plan of several parts.</summary>
    public async Task<ImmutableArray<SegmentManifest>> DivideAsync(CompactionPlan plan)
    {
        var deletes = await SegmentCompactor.GatherDeletesAsync(this, plan, Catalog, Objects, Oracle, Timestamp.FromMs(Time.Ms - 3), default);
        var first = Oracle.NextIds(plan.Parts);
        SegmentPlace[] places = [.. Enumerable.Range(0, plan.Parts).Select(i => new SegmentPlace(first + i, Collection.Id, plan.PartitionId, plan.Shard))];
        var written = await SegmentCompactor.WriteAsync(plan, Collection, deletes, places, Now, Objects, filler: null, default);
        var loaded = new List<LoadedSegment>();
        foreach (var manifest in written) loaded.Add(await LoadAsync(manifest));
        await Catalog.CommitAsync(SegmentCompactor.Change(plan, written));
        Channel.SwapSealed(loaded, [.. plan.Sources.Select(s => s.SegmentId)]);
        return written;
    }

    /// <summary>Stamps of the rows that a reader of the channel's view sees now, ascending.</summary>
    public List<long> Visible()
    {
        var stamps = new List<long>();
        var at = new ReadPoint(Oracle.Current, Timestamp.Zero);
        foreach (var segment in Channel.View.Growing.Cast<Segment>().Concat(Channel.View.Sealed))
        {
            var rows = SegmentQuery.Execute(segment, null, at, new SegmentScratch());
            stamps.AddRange(((FixedColumn<long>)segment.Fetch(101, rows)).Values);
        }
        stamps.Sort();
        return stamps;
    }

    public List<long> Truth() =>
        [.. _rows.Where(r => !_deletes.Any(d => d.Key == r.Key && (d.Partition == 0 || d.Partition == r.Partition) && d.At > r.From)).Select(r => r.Stamp).Order()];

    private async Task<LoadedSegment> LoadAsync(SegmentManifest manifest)
    {
        var tombstones = Catalog.GetCheckpoint(Channel.Id)?.Tombstones ?? [];
        return new LoadedSegment(await new SealedSegmentReader(Objects).LoadAsync(manifest, Collection, tombstones, default), manifest.DeletesAppliedTo);
    }

    private long PartitionId(int partition) => partition == 0 ? 0 : Collection.Partitions[partition - 1].Id;

    private void Write(long[] keys, int? inserts, int? deletes)
    {
        Time.Ms++;
        long[] stamps = inserts is null ? [] : [.. keys.Select(_ => ++_stamp)];
        var write = new ShardWrite
        {
            Deletes = deletes is null ? null : PrimaryKeys.Of(keys),
            DeletePartitions = deletes is null or 0 ? [] : [PartitionId(deletes.Value)],
            Inserts = inserts is { } to ? [new PartitionRows(PartitionId(to), Rows(keys, stamps))] : [],
        };
        var record = Channel.Prepare([write])[0].Record!;
        Channel.Apply(Channel.AppliedSequence + 1, record);
        if (deletes is { } scope) _deletes.AddRange(keys.Select(k => (k, PartitionId(scope), record.Timestamp)));
        if (inserts is { } target) _rows.AddRange(keys.Zip(stamps).Select(r => (r.First, r.Second, PartitionId(target), record.Timestamp)));
    }

    public static ColumnBatch Rows(long[] keys, long[] stamps) => new(keys.Length,
    [
        new FieldColumn(100, new FixedColumn<long>(DataType.Int64, keys)),
        new FieldColumn(101, new FixedColumn<long>(DataType.Int64, stamps)),
        new FieldColumn(102, new VectorColumn(DataType.FloatVector, 2, MemoryMarshal.AsBytes<float>(stamps.SelectMany(s => new float[] { s, -s }).ToArray()).ToArray())),
    ]);
}

internal sealed class Clock : TimeProvider
{
    public long Ms { get; set; } = 1_700_000_000_000;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Ms);
}
