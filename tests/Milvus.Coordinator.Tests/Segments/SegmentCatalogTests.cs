using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Service;
using Milvus.Coordinator.Tests.Service;
using Milvus.Model;
using Milvus.Storage.Meta;
using Milvus.TestKit.Meta;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Segments;

public class SegmentCatalogTests
{
    private readonly InMemoryMetaStore _store = new();

    private static SegmentManifest Manifest(CollectionInfo c, long id, string partition = "_default", ulong maxTs = ulong.MaxValue / 4, params ImmutableArray<SegmentIndexFile> indexes) => new()
    {
        SegmentId = id,
        CollectionId = c.Id,
        PartitionId = c.FindPartition(partition)!.Id,
        Shard = 0,
        RowCount = 10,
        MinTimestamp = new(1),
        MaxTimestamp = new(maxTs),
        DeletesAppliedTo = new(2),
        Columns = [new(100, $"{c.Id}/{id}/100", 7), new(101, $"{c.Id}/{id}/101", 8)],
        Indexes = indexes,
    };

    private static SegmentChange Add(CollectionInfo c, params ImmutableArray<SegmentManifest> segments) => new() { CollectionId = c.Id, Added = segments };

    private static ChannelCheckpoint Checkpoint(CollectionInfo c, long sequence) => new()
    {
        Shard = new(c.Id, 0),
        LogSequence = sequence,
        Timestamp = new(9),
        Tombstones = [new($"{c.Id}/tombstones/{sequence}", new(1), new(2), 3, 4, 5)],
        Sealed = [new(1, 2)],
    };

    private static async Task<CollectionInfo> CreateAsync(CoordinatorService coordinator, string name = "c")
    {
        await coordinator.ExecuteAsync(new CreateCollection("", name, Simple));
        return coordinator.Catalog.GetCollection("", name);
    }

    private static string Dump(ISegmentCatalog segments, CollectionInfo c) => Shell.Dump(segments.GetSegments(c.Id)) + Shell.Dump(segments.GetCheckpoint(new(c.Id, 0)));

    [Fact]
    public async Task Segments_and_checkpoints_survive_a_restart()
    {
        var coordinator = await Shell.StartAsync(_store);
        var c = await CreateAsync(coordinator);
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 3), Manifest(c, 1), Manifest(c, 2)) with { Checkpoint = Checkpoint(c, 10) });
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 4) with { CompactedFrom = [1, 2] }) with { Removed = [1, 2], Replaced = [Manifest(c, 3) with { RowCount = 9 }] });
        Same([3L, 4L], coordinator.Segments.GetSegments(c.Id).Select(s => s.SegmentId));
        Assert.Equal(9, coordinator.Segments.FindSegment(c.Id, 3)!.RowCount);
        Assert.Null(coordinator.Segments.FindSegment(c.Id, 1));
        Assert.Equal(10, coordinator.Segments.GetCheckpoint(new(c.Id, 0))!.LogSequence);
        Assert.Null(coordinator.Segments.GetCheckpoint(new(c.Id, 1)));
        var successor = await Shell.StartAsync(_store);
        Assert.Equal(Dump(coordinator.Segments, c), Dump(successor.Segments, c));
        Same([$"{c.Id}/3/100", $"{c.Id}/3/101", $"{c.Id}/4/100", $"{c.Id}/4/101", $"{c.Id}/tombstones/10"], successor.Segments.LiveObjectKeys().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_change_on_stale_input_is_refused_as_a_whole()
    {
        var coordinator = await Shell.StartAsync(_store);
        var c = await CreateAsync(coordinator);
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 1)) with { Checkpoint = Checkpoint(c, 10) });
        var before = Dump(coordinator.Segments, c);
        async Task Refused(ErrorCode code, SegmentChange change)
        {
            Assert.Equal(code, (await Assert.ThrowsAsync<MilvusException>(() => coordinator.Segments.CommitAsync(change))).Code);
            Assert.Equal(before, Dump(coordinator.Segments, c));
        }
        await Refused(ErrorCode.SegmentNotFound, Add(c, Manifest(c, 2)) with { Removed = [9] });
        await Refused(ErrorCode.SegmentNotFound, Add(c) with { Replaced = [Manifest(c, 9)] });
        await Refused(ErrorCode.Internal, Add(c, Manifest(c, 1)));
        await Refused(ErrorCode.Internal, Add(c, Manifest(c, 2), Manifest(c, 2)));
        await Refused(ErrorCode.Internal, Add(c) with { Replaced = [Manifest(c, 1)], Removed = [1] });
        await Refused(ErrorCode.Internal, Add(c, Manifest(c, 2)) with { Checkpoint = Checkpoint(c, 9) });
        await Refused(ErrorCode.CollectionNotFound, new SegmentChange { CollectionId = 77 });
        await coordinator.Segments.CommitAsync(new SegmentChange { CollectionId = c.Id, Checkpoint = Checkpoint(c, 10) with { Tombstones = [] } });
        Assert.Empty(coordinator.Segments.GetCheckpoint(new(c.Id, 0))!.Tombstones);
    }

    [Fact]
    public async Task Dropping_a_collection_drops_its_segments_in_the_same_commit()
    {
        var coordinator = await Shell.StartAsync(_store);
        var c = await CreateAsync(coordinator);
        var other = await CreateAsync(coordinator, "other");
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 1)) with { Checkpoint = Checkpoint(c, 1) });
        await coordinator.Segments.CommitAsync(Add(other, Manifest(other, 2)));
        await coordinator.ExecuteAsync(new DropCollection("", "c"));
        Assert.Empty(coordinator.Segments.GetSegments(c.Id));
        Assert.Null(coordinator.Segments.GetCheckpoint(new(c.Id, 0)));
        Assert.Equal([$"segment/{other.Id}/2"], (await _store.LoadAsync("segment/")).Select(e => e.Key));
        Assert.Empty(await _store.LoadAsync("channel/"));
        Assert.All(coordinator.Segments.LiveObjectKeys(), k => Assert.StartsWith($"{other.Id}/", k, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Dropped_partitions_truncation_and_dropped_indexes_take_what_is_theirs()
    {
        var coordinator = await Shell.StartAsync(_store);
        await CreateAsync(coordinator);
        await coordinator.ExecuteAsync(new CreatePartition("", "c", "p"));
        await coordinator.ExecuteAsync(new CreateIndex("", "c", "v"));
        var c = coordinator.Catalog.GetCollection("", "c");
        var index = new SegmentIndexFile(101, c.Indexes[0].Id, "HNSW", $"{c.Id}/index", 5);
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 1), Manifest(c, 2, "p"), Manifest(c, 3, maxTs: 50, indexes: index), Manifest(c, 4, indexes: [index, index with { IndexId = 999 }])));
        var changes = new List<SegmentChange>();
        using var subscription = coordinator.Segments.Subscribe(changes.Add);
        Same([index], coordinator.Segments.FindSegment(c.Id, 4)!.Indexes);

        await coordinator.ExecuteAsync(new DropPartition("", "c", "p"));
        Same([2L], changes[^1].Removed);
        await coordinator.ExecuteAsync(new TruncateCollection("", "c"));
        Same([3L], changes[^1].Removed);
        await coordinator.ExecuteAsync(new DropIndex("", "c"));
        Assert.Equal(4, Assert.Single(changes[^1].Replaced).SegmentId);
        Assert.DoesNotContain($"{c.Id}/index", coordinator.Segments.LiveObjectKeys());
        Same([1L, 4L], coordinator.Segments.GetSegments(c.Id).Select(s => s.SegmentId));

        // Late work for what is gone: left out, the rest of the change stands.
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 5, "p"), Manifest(c, 6, maxTs: 50), Manifest(c, 7, indexes: index)) with { Checkpoint = Checkpoint(c, 3) });
        Same([1L, 4L, 7L], coordinator.Segments.GetSegments(c.Id).Select(s => s.SegmentId));
        Assert.Empty(coordinator.Segments.FindSegment(c.Id, 7)!.Indexes);
        Assert.Equal(3, coordinator.Segments.GetCheckpoint(new(c.Id, 0))!.LogSequence);
        var successor = await Shell.StartAsync(_store);
        Assert.Equal(Dump(coordinator.Segments, c), Dump(successor.Segments, c));
    }

    [Fact]
    public async Task What_a_crash_left_behind_goes_at_the_next_start()
    {
        var flaky = new FlakyMetaStore(_store);
        var coordinator = await Shell.StartAsync(flaky);
        await CreateAsync(coordinator);
        await coordinator.ExecuteAsync(new CreatePartition("", "c", "p"));
        var c = coordinator.Catalog.GetCollection("", "c");
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 1), Manifest(c, 2, "p")));
        // The command's own commit succeeds, the removal of the manifest does not.
        flaky.OnCommit = m => flaky.FailNextCommit = m.Any(x => x.Key.StartsWith("segment/", StringComparison.Ordinal));
        await coordinator.ExecuteAsync(new DropPartition("", "c", "p"));
        Same([1L], coordinator.Segments.GetSegments(c.Id).Select(s => s.SegmentId));
        Assert.Equal(2, (await _store.LoadAsync("segment/")).Count);
        var orphan = Manifest(c, 9) with { CollectionId = 12345 };
        await _store.CommitAsync([MetaMutation.Put("segment/12345/9", Milvus.Coordinator.Persistence.SegmentCodec.Encode(orphan))], await _store.AcquireEpochAsync());

        var successor = await Shell.StartAsync(_store);
        Same([1L], successor.Segments.GetSegments(c.Id).Select(s => s.SegmentId));
        Assert.Empty(successor.Segments.GetSegments(12345));
        Assert.Single(await _store.LoadAsync("segment/"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unknown_outcome_is_settled_before_the_next_change(bool committed)
    {
        var flaky = new FlakyMetaStore(_store);
        var coordinator = await Shell.StartAsync(flaky);
        var c = await CreateAsync(coordinator);
        var changes = new List<SegmentChange>();
        coordinator.Segments.Subscribe(changes.Add);
        flaky.LoseNextAcknowledgement = true;
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 1)) with { Checkpoint = Checkpoint(c, 1) });
        Assert.Single(changes);
        flaky.LoseNextAcknowledgement = committed;
        flaky.FailNextCommit = !committed;
        flaky.Unreachable = true;
        await Assert.ThrowsAsync<MilvusException>(() => coordinator.Segments.CommitAsync(Add(c, Manifest(c, 2))));
        await Assert.ThrowsAsync<MilvusException>(() => coordinator.Segments.CommitAsync(Add(c, Manifest(c, 3))));
        flaky.Unreachable = false;
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 4)));
        Same(committed ? [1L, 2L, 4L] : [1L, 4L], coordinator.Segments.GetSegments(c.Id).Select(s => s.SegmentId));
        var successor = await Shell.StartAsync(_store);
        Assert.Equal(Dump(coordinator.Segments, c), Dump(successor.Segments, c));
    }

    [Fact]
    public async Task Two_workers_can_change_one_manifest()
    {
        var coordinator = await Shell.StartAsync(_store);
        await CreateAsync(coordinator);
        await coordinator.ExecuteAsync(new CreateIndex("", "c", "v"));
        var c = coordinator.Catalog.GetCollection("", "c");
        await coordinator.Segments.CommitAsync(Add(c, Manifest(c, 1)));
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => coordinator.Segments.UpdateAsync(c.Id, segments =>
        {
            var segment = segments[0];
            return new SegmentChange { CollectionId = c.Id, Replaced = [segment with { Indexes = segment.Indexes.Add(new(101, c.Indexes[0].Id, "HNSW", $"k{i}", 1)) }] };
        })));
        Same(Enumerable.Range(0, 10).Select(i => $"k{i}").Order(StringComparer.Ordinal), coordinator.Segments.GetSegments(c.Id)[0].Indexes.Select(i => i.ObjectKey).Order(StringComparer.Ordinal));
        await coordinator.Segments.UpdateAsync(c.Id, _ => null);
    }

    [Fact]
    public async Task Random_changes_equal_a_dictionary_after_every_restart()
    {
        var random = new Random(5);
        var coordinator = await Shell.StartAsync(_store);
        var c = await CreateAsync(coordinator);
        var model = new SortedDictionary<long, SegmentManifest>();
        for (long step = 1; step < 300; step++)
        {
            var removed = model.Keys.Where(_ => random.Next(6) == 0).ToImmutableArray();
            ImmutableArray<SegmentManifest> replaced = [.. model.Values.Where(s => !removed.Contains(s.SegmentId) && random.Next(4) == 0).Select(s => s with { RowCount = random.Next() })];
            ImmutableArray<SegmentManifest> added = [.. Enumerable.Range(0, random.Next(3)).Select(i => Manifest(c, (step * 10) + i))];
            await coordinator.Segments.CommitAsync(new SegmentChange { CollectionId = c.Id, Added = added, Replaced = replaced, Removed = removed });
            foreach (var id in removed) model.Remove(id);
            foreach (var s in added.Concat(replaced)) model[s.SegmentId] = s;
            if (random.Next(10) == 0) coordinator = await Shell.StartAsync(_store);
            Assert.Equal(Shell.Dump(model.Values), Shell.Dump(coordinator.Segments.GetSegments(c.Id)));
        }
    }
}
