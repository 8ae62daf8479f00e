using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Coordinator.Tests.Decisions;

public class SnapshotDecisionsTests
{
    [Fact]
    public void A_restored_collection_keeps_the_time_of_the_last_truncation()
    {
        var world = new World();
        world.Create("c");
        world.Do(new TruncateCollection("", "c"));
        world.Do(new CreateSnapshot("", "c", "s"));
        world.Do(new RestoreSnapshot("", "c", "s", "", "d"));
        Assert.NotEqual(Timestamp.Zero, world.Collection("c").TruncatedAt);
        Assert.Equal(world.Collection("c").TruncatedAt, world.Collection("d").TruncatedAt);
    }

    [Fact]
    public void Snapshots_of_a_dropped_collection_are_found_behind_those_of_one_that_has_its_name()
    {
        var world = new World();
        world.Create("c");
        var old = world.Do(new CreateSnapshot("", "c", "old")).Id;
        var same = world.Do(new CreateSnapshot("", "c", "same")).Id;
        world.Do(new DropCollection("", "c"));
        Assert.Equal([old, same], Listed(world, "c"));
        world.Create("c");
        Assert.Equal([old, same], Listed(world, "c"));
        Assert.Equal(old, world.Catalog.GetSnapshot("", "c", "old").Id);
        // The name is taken among the snapshots of the same collection only.
        var mine = world.Do(new CreateSnapshot("", "c", "same")).Id;
        world.Refuses(new CreateSnapshot("", "c", "same"), "snapshot name same already exists for collection c");
        Assert.Equal([mine, old, same], Listed(world, "c"));
        Assert.Equal(mine, world.Catalog.GetSnapshot("", "c", "same").Id);
        world.Do(new DropSnapshot("", "c", "same"));
        Assert.Equal(same, world.Catalog.GetSnapshot("", "c", "same").Id);
        world.Do(new RestoreSnapshot("", "c", "old", "", "d"));
    }

    [Fact]
    public void Snapshots_of_the_collection_dropped_last_come_first()
    {
        var world = new World();
        world.Create("c");
        var first = world.Do(new CreateSnapshot("", "c", "s")).Id;
        world.Do(new DropCollection("", "c"));
        world.Create("c");
        var second = world.Do(new CreateSnapshot("", "c", "s")).Id;
        world.Do(new DropCollection("", "c"));
        Assert.Equal([second, first], Listed(world, "c"));
    }

    [Fact]
    public void Snapshots_of_a_renamed_collection_are_found_by_its_new_name_alone()
    {
        var world = new World();
        world.Create("a");
        var taken = world.Do(new CreateSnapshot("", "a", "s")).Id;
        world.Do(new RenameCollection("", "a", "b"));
        Assert.Empty(Listed(world, "a"));
        Assert.Equal([taken], Listed(world, "b"));
        world.Refuses(new DropSnapshot("", "a", "s"), ErrorCode.CollectionNotFound, "collection not found[database=default][collection=a]");
        world.Create("a");
        Assert.Empty(Listed(world, "a"));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(10, false)]
    [InlineData(2_592_000, false)]
    public void A_pin_of_any_length_holds(long seconds, bool forever)
    {
        var world = new World();
        world.Create("c");
        world.Do(new CreateSnapshot("", "c", "s"));
        world.Do(new PinSnapshot("", "c", "s", seconds));
        world.Refuses(new DropSnapshot("", "c", "s"), ErrorCode.SnapshotPinned, "snapshot is pinned");
        Assert.Equal(forever, world.Catalog.GetSnapshot("", "c", "s").Pins.Single().ExpiresAtMs == 0);
    }

    [Fact]
    public void Nothing_is_kept_for_longer_than_may_be_asked()
    {
        var world = new World();
        world.Create("c");
        world.Do(new CreateSnapshot("", "c", "s") { ProtectionSeconds = 604_800 });
        world.Refuses(new PinSnapshot("", "c", "s", -1), "ttl_seconds must be non-negative: invalid parameter");
        world.Refuses(new PinSnapshot("", "c", "s", 2_592_001), "ttl_seconds exceeds maximum of 2592000 (30 days): invalid parameter");
        world.Refuses(new PinSnapshot("", "c", "s", long.MaxValue), "ttl_seconds exceeds maximum of 2592000 (30 days): invalid parameter");
        world.Refuses(new CreateSnapshot("", "c", "t") { ProtectionSeconds = -1 }, "compaction_protection_seconds must be non-negative: invalid parameter");
        world.Refuses(new CreateSnapshot("", "c", "t") { ProtectionSeconds = 604_801 }, "compaction_protection_seconds must not exceed 604800: invalid parameter");
    }

    private static IEnumerable<long> Listed(World world, string collection) => world.Catalog.ListSnapshots("", collection).Select(s => s.Id);
}
