using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Segments;
using Milvus.TestKit.Objects;

namespace Milvus.DataNode.Tests;

/// <summary>Sealing, index builds and compaction as a host puts them together.</summary>
public sealed class StoredDataTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Rows_stay_what_they_are_through_seals_and_compactions(int seed)
    {
        var random = new Random(seed);
        var world = await StoredWorld.CreateAsync();
        await world.IndexAsync();
        var (seals, compactions) = (0, 0);
        for (var step = 0; step < 250; step++)
        {
            long[] keys = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => (long)random.Next(60)).Distinct()];
            switch (random.Next(13))
            {
                case 0: world.Delete(0, keys); break;
                case 1: world.Delete(random.Next(1, 3), keys); break;
                case 2 or 3 or 4: world.Upsert(random.Next(1, 3), keys); break;
                case 5 when await world.SealAsync(all: random.Next(2) == 0) is { } outcome: seals += outcome.Added.Length; break;
                case 6 when world.Manifests.Length > 1:
                    foreach (var plan in Plans(world))
                    {
                        await world.CompactAsync(plan, random.Next(2) == 0 ? StoredWorld.Indexing : null);
                        compactions++;
                    }
                    break;
                case 7 when world.Manifests.Length > 1:
                    foreach (var plan in CompactionPlanner.PlanByKey(world.Manifests.Select(m => new CompactionCandidate(m, 0)), new CompactionLimits(20, 1 << 20, 0.2, 2)))
                    {
                        await world.DivideAsync(plan);
                        compactions++;
                    }
                    break;
                default: world.Insert(random.Next(1, 3), keys); break;
            }
            if (step % 10 == 0) Assert.Equal(world.Truth(), world.Visible());
        }
        Assert.Equal(world.Truth(), world.Visible());
        Assert.True(seals > 3 && compactions > 3, $"{seals} seals, {compactions} compactions");
        // Whatever is stored is referred to, but for what compactions left to the garbage collector.
        await new GarbageCollector(world.Stored, world.Catalog.LiveObjectKeys).CollectAsync("", default);
        var keysLeft = new List<string>();
        await foreach (var o in world.Stored.ListAsync("")) keysLeft.Add(o.Key);
        Assert.Equal(world.Catalog.LiveObjectKeys().Order(StringComparer.Ordinal), keysLeft.Order(StringComparer.Ordinal));
        Assert.All(keysLeft, k => Assert.True(k.StartsWith(ObjectNames.Collection(world.Collection.Id), StringComparison.Ordinal) || k.StartsWith(ObjectNames.CollectionTombstones(world.Collection.Id), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task There_is_nothing_to_seal_until_a_segment_is_due()
    {
        var world = await StoredWorld.CreateAsync();
        Assert.False(world.Sealer.MayBeDue(world));
        world.Insert(1, 1, 2, 3);
        Assert.True(world.Sealer.MayBeDue(world));
        Assert.Null(await world.Sealer.BeginAsync(world));
        world.LogBytes = 2L << 30;
        Assert.Single((await world.Sealer.BeginAsync(world))!.Extents);
    }

    [Fact]
    public async Task A_seal_that_fails_is_done_by_the_next_attempt()
    {
        var world = await StoredWorld.CreateAsync();
        world.Insert(1, 1, 2, 3);
        world.Objects.FailCall(1, ObjectOperation.Put);
        await Assert.ThrowsAnyAsync<IOException>(() => world.SealAsync());
        Assert.Empty(world.Manifests);
        Assert.Equal(world.Truth(), world.Visible());
        world.Objects.Heal();
        Assert.Single((await world.SealAsync(all: false))!.Added);
        Assert.Empty(world.Channel.View.Growing);
        Assert.Equal(world.Truth(), world.Visible());
    }

    [Fact]
    public async Task What_an_earlier_attempt_committed_is_not_written_again()
    {
        var world = await StoredWorld.CreateAsync();
        world.Insert(1, 1, 2, 3);
        world.Channel.BeginSeal(world.Channel.Growing.ToList());
        var first = await world.Sealer.WriteAsync(world, world.Collection, (await world.Sealer.BeginAsync(world))!, default);
        await world.Catalog.CommitAsync(first.Change);
        // Died before the view was swapped.
        world.Insert(1, 4);
        var second = await world.Sealer.WriteAsync(world, world.Collection, (await world.Sealer.BeginAsync(world))!, default);
        Assert.Empty(second.Added);
        Assert.Equal(first.Added[0].SegmentId, Assert.Single(second.Manifests).SegmentId);
        await world.Catalog.CommitAsync(second.Change);
        await world.CompleteAsync(second);
        Assert.Equal(world.Truth(), world.Visible());
    }

    [Fact]
    public async Task Segments_of_a_dropped_partition_are_not_written()
    {
        var world = await StoredWorld.CreateAsync();
        world.Insert(2, 1, 2, 3);
        world.Channel.BeginSeal(world.Channel.Growing.ToList());
        var begin = (await world.Sealer.BeginAsync(world))!;
        await world.ExecuteAsync(new DropPartition("", "c", "p"));
        var outcome = await world.Sealer.WriteAsync(world, world.Collection, begin, default);
        Assert.Empty(outcome.Added);
        Assert.Single(outcome.Extents);
        Assert.Equal(1, outcome.Checkpoint.LogSequence);
    }

    [Fact]
    public async Task An_index_is_needed_once_and_only_where_it_serves()
    {
        var world = await StoredWorld.CreateAsync();
        await world.IndexAsync();
        world.Insert(1, 1, 2, 3, 4, 5, 6);
        await world.SealAsync();
        var manifest = world.Manifests[0];
        var index = world.Collection.Indexes[0];
        Assert.Null(IndexBuilder.Needs(manifest, index, world.Collection.Schema, new IndexBuildOptions(7, 1)));
        Assert.Null(IndexBuilder.Needs(manifest, index with { IndexType = "FLAT" }, world.Collection.Schema, StoredWorld.Indexing));
        Assert.Null(IndexBuilder.Needs(manifest, index with { FieldId = 101 }, world.Collection.Schema, StoredWorld.Indexing));
        var plan = IndexBuilder.Needs(manifest, index, world.Collection.Schema, StoredWorld.Indexing)!;
        var built = await IndexBuilder.BuildAsync(manifest, world.Collection, plan, world.Objects);
        var file = Assert.Single(built.Manifest.Indexes);
        var change = IndexBuilder.Attach(manifest, world.Collection, file)!;
        await world.Catalog.CommitAsync(change);
        Assert.Null(IndexBuilder.Needs(world.Manifests[0], index, world.Collection.Schema, StoredWorld.Indexing));
        Assert.Null(IndexBuilder.Attach(null, world.Collection, file));
        await world.ExecuteAsync(new DropIndex("", "c") { Field = "vector" });
        Assert.Null(IndexBuilder.Attach(manifest, world.Collection, file));
    }

    [Fact]
    public async Task Automatic_indexes_go_to_disk_where_memory_is_scarce()
    {
        var world = await StoredWorld.CreateAsync();
        await world.IndexAsync();
        world.Insert(1, 1, 2, 3, 4, 5, 6);
        await world.SealAsync();
        var manifest = world.Manifests[0];
        string? KindOf(string type, long available) =>
            IndexBuilder.Needs(manifest, world.Collection.Indexes[0] with { IndexType = type }, world.Collection.Schema, StoredWorld.Indexing with { AvailableBytes = available })?.Kind;
        Assert.Equal(SegmentIndexPlan.Hnsw, KindOf("AUTOINDEX", long.MaxValue));
        Assert.Equal(SegmentIndexPlan.DiskGraph, KindOf("AUTOINDEX", 0));
        Assert.Equal(SegmentIndexPlan.Hnsw, KindOf("HNSW", 0));
        Assert.Equal(SegmentIndexPlan.DiskGraph, KindOf("DISKANN", long.MaxValue));
    }

    [Fact]
    public async Task A_merged_segment_takes_over_with_its_indexes()
    {
        var world = await StoredWorld.CreateAsync();
        await world.IndexAsync();
        world.Insert(1, 1, 2, 3);
        await world.SealAsync();
        world.Insert(1, 4, 5, 6);
        await world.SealAsync();
        var merged = await world.CompactAsync(Assert.Single(Plans(world)), StoredWorld.Indexing);
        Assert.Equal(6, merged.RowCount);
        Assert.Single(merged.Indexes);
        Assert.Equal(2, merged.CompactedFrom.Length);
        Assert.Equal(merged.SegmentId, Assert.Single(world.Manifests).SegmentId);
    }

    [Fact]
    public async Task Rows_that_outlived_the_collection_s_ttl_are_left_out()
    {
        var world = await StoredWorld.CreateAsync([new Property("collection.ttl.seconds", "10")]);
        world.Insert(1, 1, 2, 3);
        await world.SealAsync();
        world.Time.Ms += 20_000;
        Assert.Equal(world.Time.Ms - 10_000, SegmentCompactor.ExpireBefore(world.Collection, world.Now).PhysicalMs);
        var merged = await world.CompactAsync(new CompactionPlan(0, world.Manifests[0].PartitionId, world.Manifests));
        Assert.Equal(0, merged.RowCount);
        Assert.Empty(world.Manifests);
        Assert.Empty(world.Visible());
    }

    private static IReadOnlyList<CompactionPlan> Plans(StoredWorld world)
    {
        var tombstones = world.Catalog.GetCheckpoint(world.Channel.Id)?.Tombstones ?? [];
        var candidates = world.Manifests.Select(m => new CompactionCandidate(m, SegmentCompactor.DeletedAtMost(m, tombstones, world.Now)));
        return CompactionPlanner.Plan(candidates, new CompactionLimits(1000, 1 << 20, 0.2, 2), force: true);
    }
}
