using System.Collections.Immutable;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Query;
using Milvus.Actors.Tests.Rig;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Storage.Objects;
using Milvus.StreamingNode;
using Milvus.TestKit.Disk;

namespace Milvus.Actors.Tests.Query;

/// <summary>What a query node has in memory, and with which deletes and indexes.</summary>
public sealed class SegmentLoadsTests : IAsyncLifetime
{
    private readonly SegmentTable _table = new();
    private readonly SegmentHold _hold = new(0);
    private SegmentWorld _world = null!;
    private NodeServices _node = null!;
    private SegmentLoads _loads = null!;

    public async Task InitializeAsync()
    {
        _world = await SegmentWorld.CreateAsync();
        Start(1L << 30);
    }

    public async Task DisposeAsync()
    {
        _loads.Dispose();
        Assert.Equal(0, _node.Memory.UsedBytes);
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task A_segment_has_the_deletes_of_its_checkpoint_and_says_so()
    {
        await _world.SealAsync(1, firstKey: 0, count: 100, at: 10);
        await _world.CheckpointAsync(7, (3, 20), (4, 5), (500, 20));
        var loaded = await LoadedAsync(1);
        Assert.Equal((7L, 100L, 1L), (loaded.AppliedDeletes, loaded.Rows, loaded.DeletedRows));
        Assert.Empty(loaded.IndexIds);
        Assert.Equal(_node.Rpc.Self.ToString(), loaded.Node);
        Assert.Equal([3], Deleted(1));
        Assert.True(_node.Memory.UsedBytes > 0);
    }

    [Fact]
    public async Task A_new_index_comes_in_beside_what_is_there()
    {
        await _world.SealAsync(1, 0, 200, 10);
        var first = await LoadedAsync(1);
        Assert.True(_table.Find(1)!.Push([Delete(1, 30, 5)], 0, 1));
        var before = _node.Memory.UsedBytes;

        var file = await _world.BuildIndexAsync(1);
        var second = await LoadedAsync(1, _world.IndexId);
        Assert.Equal([_world.IndexId], second.IndexIds);
        Assert.Equal((first.Incarnation, 1L), (second.Incarnation, second.AppliedDeletes));
        Assert.Equal([5], Deleted(1));
        Assert.NotNull(_table.Find(1)!.Segment.FindIndex(file.FieldId)!.Dense);
        var segment = _table.Find(1)!.Segment;
        Assert.Equal(SealedSegment.EstimateMemory(segment.Manifest, segment.Schema, segment.Placement), _node.Memory.UsedBytes);
        Assert.True(_node.Memory.UsedBytes >= before + file.Bytes);
    }

    [Fact]
    public async Task A_damaged_index_is_left_out_and_built_anew()
    {
        await _world.SealAsync(1, 0, 200, 10);
        var file = await _world.BuildIndexAsync(1);
        var damaged = _world.Objects.Get(file.ObjectKey);
        damaged[^20] ^= 1;
        _world.Objects.Set(file.ObjectKey, damaged);

        Assert.Empty((await LoadedAsync(1, _world.IndexId)).IndexIds);
        await Eventually.TrueAsync(() => _world.Coordinator.Segments.FindSegment(_world.Collection.Id, 1)!.Indexes.IsEmpty, "the removal from the manifest");
        await _world.BuildIndexAsync(1);
        Assert.Equal([_world.IndexId], (await LoadedAsync(1, _world.IndexId)).IndexIds);
    }

    [Fact]
    public async Task An_index_that_comes_damaged_is_left_out_and_taken_out_of_the_manifest()
    {
        await _world.SealAsync(1, 0, 200, 10);
        await LoadedAsync(1);
        var file = await _world.BuildIndexAsync(1);
        await _world.Objects.DeleteAsync(file.ObjectKey);
        Assert.Empty((await LoadedAsync(1, _world.IndexId)).IndexIds);
        await Eventually.TrueAsync(() => _world.Coordinator.Segments.FindSegment(_world.Collection.Id, 1)!.Indexes.IsEmpty, "the removal from the manifest");
        await _world.BuildIndexAsync(1);
        Assert.Equal([_world.IndexId], (await LoadedAsync(1, _world.IndexId)).IndexIds);
    }

    [Fact]
    public async Task A_damaged_copy_in_the_cache_is_fetched_again()
    {
        using var directory = new TemporaryDirectory();
        var cache = new CachingObjectStore(_world.Objects, directory.Path, 1 << 20);
        _loads.Dispose();
        _loads = new SegmentLoads(_node, _table, cache, QueryOptions.Default);
        await _world.SealAsync(1, 0, 200, 10);
        await _world.BuildIndexAsync(1);
        await LoadedAsync(1, _world.IndexId);
        await ReleaseAsync(1);
        foreach (var file in Directory.GetFiles(directory.Path, "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(file);
            bytes[bytes.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(file, bytes);
        }
        Assert.Equal([_world.IndexId], (await LoadedAsync(1, _world.IndexId)).IndexIds);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_and_costs_nothing()
    {
        await _world.SealAsync(1, 0, 2000, 10);
        await _world.SealAsync(2, 5000, 2000, 10);
        await LoadedAsync(1);
        Start(_node.Memory.UsedBytes * 3 / 2);
        await LoadedAsync(1);
        var used = _node.Memory.UsedBytes;
        var failed = Assert.IsType<SegmentLoadFailed>(await LoadAsync(2));
        Assert.Equal((int)ErrorCode.MemoryLimitExceeded, failed.Code);
        Assert.Equal(used, _node.Memory.UsedBytes);

        // What only late readers might want makes room.
        _loads.Release(1, _hold, TimeSpan.FromHours(1));
        await LoadedAsync(2);
        Assert.Null(_table.Find(1));
    }

    [Fact]
    public async Task Released_segments_stay_readable_for_a_while()
    {
        await _world.SealAsync(1, 0, 10, 10);
        await LoadedAsync(1);
        _loads.Release(1, _hold, TimeSpan.FromSeconds(30));
        _world.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.Single(_table.Take([1], []));
        _world.Time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.TrueAsync(() => _table.Find(1) is null, "the removal");
        Assert.Equal(0, _node.Memory.UsedBytes);
        Assert.Throws<Milvus.Proxy.ShardMovedException>(() => _table.Take([1], []));
    }

    [Fact]
    public async Task A_segment_wanted_again_meanwhile_stays_and_catches_up()
    {
        await _world.SealAsync(1, 0, 10, 10);
        var first = await LoadedAsync(1);
        _loads.Release(1, _hold, TimeSpan.FromSeconds(30));
        await _world.CheckpointAsync(9, (2, 20));
        _world.Time.Advance(TimeSpan.FromSeconds(20));
        var second = await LoadedAsync(1);
        Assert.Equal((first.Incarnation, 9L), (second.Incarnation, second.AppliedDeletes));
        Assert.Equal([2], Deleted(1));
        _world.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.NotNull(_table.Find(1));
    }

    [Fact]
    public async Task Replicas_that_meet_on_one_node_share_the_segment()
    {
        await _world.SealAsync(1, 0, 10, 10);
        var other = new SegmentHold(1);
        var first = await LoadedAsync(1);
        var used = _node.Memory.UsedBytes;
        var second = Assert.IsType<SegmentLoaded>(await _loads.LoadAsync(new LoadSegment(_world.Collection.Id, 1, 1, 0, []), other, default));
        Assert.Equal((first.Incarnation, 1, used), (second.Incarnation, second.Replica, _node.Memory.UsedBytes));
        _loads.Release(1, _hold, TimeSpan.Zero);
        Assert.NotNull(_table.Find(1));
        _loads.Release(1, other, TimeSpan.Zero);
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => _table.Find(1) is null, "the removal");
    }

    [Fact]
    public async Task Loading_the_same_segment_from_many_sides_reads_it_once()
    {
        await _world.SealAsync(1, 0, 500, 10);
        var incarnations = new HashSet<long>();
        await Parallel.ForAsync(0, 20, async (i, _) =>
        {
            var loaded = Assert.IsType<SegmentLoaded>(await _loads.LoadAsync(new LoadSegment(_world.Collection.Id, 1, i, 0, []), new SegmentHold(i), default));
            lock (incarnations) incarnations.Add(loaded.Incarnation);
        });
        Assert.Single(incarnations);
    }

    [Fact]
    public async Task Loaded_segments_follow_the_catalogue()
    {
        await _world.SealAsync(1, 0, 200, 10);
        await _world.BuildIndexAsync(1);
        await LoadedAsync(1, _world.IndexId);
        var used = _node.Memory.UsedBytes;

        await _world.ExecuteAsync(new AddField("", "c", new FieldSchema { Name = "later", Type = DataType.Int64, Nullable = true }));
        Assert.Same(_world.Collection.Schema, _table.Find(1)!.Segment.Schema);
        await _world.ExecuteAsync(new DropIndex("", "c") { IndexName = "v" });
        Assert.Empty(_table.Find(1)!.Segment.Indexes);
        Assert.True(_node.Memory.UsedBytes < used);
    }

    [Fact]
    public async Task What_is_not_there_is_named()
    {
        Assert.Equal((int)ErrorCode.SegmentNotFound, Assert.IsType<SegmentLoadFailed>(await LoadAsync(77)).Code);
        var gone = await _loads.LoadAsync(new LoadSegment(987, 1, 0, 0, []), _hold, default);
        Assert.Equal((int)ErrorCode.CollectionNotFound, Assert.IsType<SegmentLoadFailed>(gone).Code);

        var manifest = await _world.SealAsync(1, 0, 10, 10);
        await _world.Objects.DeleteAsync(manifest.Columns[1].ObjectKey);
        var failed = Assert.IsType<SegmentLoadFailed>(await LoadAsync(1));
        Assert.Equal((int)ErrorCode.SegmentLoadFailed, failed.Code);
        Assert.Contains(manifest.Columns[1].ObjectKey, failed.Message);
        Assert.Equal(0, _node.Memory.UsedBytes);
    }

    [Fact]
    public async Task A_segment_sealed_after_the_facts_were_read_is_found()
    {
        await _world.SealAsync(1, 0, 10, 10);
        await LoadedAsync(1);
        await _world.SealAsync(2, 100, 10, 10);
        await LoadedAsync(2);
    }

    private void Start(long memoryLimit)
    {
        _loads?.Dispose();
        _node = _world.Node(new LoopNetwork().Node("a"), memoryLimit: memoryLimit);
        _loads = new SegmentLoads(_node, _table, _world.Objects, QueryOptions.Default);
    }

    private Task<IControlMessage> LoadAsync(long segmentId, params long[] indexIds) =>
        _loads.LoadAsync(new LoadSegment(_world.Collection.Id, segmentId, 0, 0, indexIds), _hold, default);

    private async Task<SegmentLoaded> LoadedAsync(long segmentId, params long[] indexIds)
    {
        // Facts of the meta store are believed for a second.
        _world.Time.Advance(TimeSpan.FromSeconds(2));
        return Assert.IsType<SegmentLoaded>(await LoadAsync(segmentId, indexIds));
    }

    private async Task ReleaseAsync(long segmentId)
    {
        _loads.Release(segmentId, _hold, TimeSpan.Zero);
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => _table.Find(segmentId) is null, "the removal");
    }

    private static LoggedDelete Delete(long sequence, ulong at, params long[] keys) => new(sequence, SegmentWorld.At(at), SegmentWorld.Keys(keys), []);

    private long[] Deleted(long segmentId)
    {
        var segment = _table.Find(segmentId)!.Segment;
        var rows = segment.Tombstones.Since(Timestamp.Zero).Rows;
        return [.. segment.PrimaryKeysOf(rows).Int64s.ToArray().Order()];
    }
}
