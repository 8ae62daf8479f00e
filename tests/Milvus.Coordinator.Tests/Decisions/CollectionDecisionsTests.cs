using Milvus.Coordinator.Commands;
using Milvus.Model;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Decisions;

public class CollectionDecisionsTests
{
    private static readonly CollectionSchema Keyed = Of(Key, Vector("v"), Field("k", DataType.Int64) with { IsPartitionKey = true });

    [Fact]
    public void A_new_collection_has_ids_a_default_partition_and_its_defaults()
    {
        var world = new World();
        var id = world.Do(new CreateCollection("", "c", Simple)).Id;
        var c = world.Collection("c");
        Assert.Equal((id, 1L, "default", 1, ConsistencyLevel.Bounded), (c.Id, c.DatabaseId, c.DatabaseName, c.ShardCount, c.ConsistencyLevel));
        Assert.Equal("_default", Assert.Single(c.Partitions).Name);
        Assert.Equal("UTC", c.Property("timezone"));
        Assert.Equal(c.CreatedAt, c.SchemaUpdatedAt);
        Assert.Null(c.Load);
        Assert.Same(c, world.Catalog.GetCollection(c.Id));
        Assert.Equal("collection not found[database=default][collection=x]", Assert.Throws<MilvusException>(() => world.Catalog.GetCollection("", "x")).Message);
        Assert.Equal("collection not found[collection=7]", Assert.Throws<MilvusException>(() => world.Catalog.GetCollection(7)).Message);
    }

    [Fact]
    public void Creating_the_same_again_changes_nothing_and_another_is_refused()
    {
        var world = new World();
        var command = new CreateCollection("", "c", new CollectionSchema([Key, Vector("v")], enableDynamicField: true)) { Properties = Properties(("a", "1"), ("collection.ttl.seconds", "60")) };
        var id = world.Do(command).Id;
        Assert.Equal(id, world.DoesNothing(command).Id);
        Assert.Equal(id, world.DoesNothing(command with { Shards = 1, Properties = Properties(("collection.ttl.seconds", "60"), ("a", "1")) }).Id);
        const string different = "create duplicate collection with different parameters, collection: c";
        world.Refuses(command with { Shards = 2 }, different);
        world.Refuses(command with { Schema = Simple }, different);
        world.Refuses(command with { Schema = new CollectionSchema([Key, Vector("v", 9)], enableDynamicField: true) }, different);
        world.Refuses(command with { ConsistencyLevel = ConsistencyLevel.Strong }, different);
        world.Refuses(command with { Properties = Properties(("a", "2")) }, different);
        world.Do(new CreateCollection("", "k", Keyed));
        world.DoesNothing(new CreateCollection("", "k", Keyed) { Partitions = 16 });
        world.Refuses(new CreateCollection("", "k", Keyed) { Partitions = 4 }, "create duplicate collection");
    }

    [Fact]
    public void A_partition_key_makes_partitions()
    {
        var world = new World();
        world.Create("k", Keyed);
        Assert.Equal(Enumerable.Range(0, 16).Select(i => $"_default_{i}"), world.Collection("k").Partitions.Select(p => p.Name));
        world.Do(new CreateCollection("", "k4", Keyed) { Partitions = 4 });
        Assert.Equal(4, world.Collection("k4").Partitions.Select(p => p.Id).Distinct().Count());
        world.Refuses(new CreateCollection("", "x", Simple) { Partitions = 4 }, "num_partitions should only be specified with partition key field enabled");
        world.Refuses(new CreateCollection("", "x", Keyed) { Partitions = 1025 }, "partition number (1025) exceeds max configuration (1024)");
        world.Refuses(new CreateCollection("", "x", Keyed) { Partitions = -1 }, "greater than 0");
        foreach (CoordinatorCommand command in new CoordinatorCommand[] { new CreatePartition("", "k", "p"), new DropPartition("", "k", "_default_1"), new LoadPartitions("", "k", ["_default_1"]), new ReleasePartitions("", "k", ["_default_1"]) })
            world.Refuses(command, "if partition key mode is used");
    }

    [Fact]
    public void Bad_requests_are_refused()
    {
        var world = new World();
        world.Refuses(new CreateCollection("", "1c", Simple), "Invalid collection name: 1c. the first character of a collection name must be an underscore or letter: invalid parameter");
        world.Refuses(new CreateCollection("", "c-c", Simple), "collection name can only contain numbers, letters and underscores");
        world.Refuses(new CreateCollection("", "", Simple), "collection name should not be empty");
        world.Refuses(new CreateCollection("", new string('c', 256), Simple), "the length of a collection name must be less than 255 characters");
        world.Refuses(new CreateCollection("", "c", Simple) { Shards = 17 }, "maximum shards's number should be limited to 16");
        world.Refuses(new CreateCollection("", "c", Simple) { ConsistencyLevel = (ConsistencyLevel)9 }, "invalid consistency level: 9");
        world.Refuses(new CreateCollection("", "c", Of(Vector("v"))), "primary key is not specified");
    }

    [Theory]
    [InlineData("collection.ttl.seconds", "3155760001", "collection TTL is out of range, expect [-1, 3155760000], got 3155760001")]
    [InlineData("collection.ttl.seconds", "soon", "collection TTL is not valid type")]
    [InlineData("mmap.enabled", "1", "invalid mmap.enabled value: 1, expected: true, false")]
    [InlineData("timezone", "Nowhere", "unknown or invalid IANA Time Zone ID: Nowhere")]
    [InlineData("partitionkey.isolation", "true", "partition key isolation mode is enabled but no partition key field is set")]
    [InlineData("ttl_field", "t", "ttl field name t not found in schema")]
    [InlineData("ttl_field", "v", "ttl field must be timestamptz, field name = v")]
    [InlineData("warmup.vectorIndex", "maybe", "invalid warmup value for key warmup.vectorIndex: invalid warmup policy: maybe")]
    [InlineData("consistency_level", "Maybe", "invalid consistency level: Maybe")]
    public void Property_values_are_checked(string key, string value, string text)
    {
        var world = new World();
        world.Refuses(new CreateCollection("", "c", Simple) { Properties = Properties((key, value)) }, text);
        world.Create("c");
        world.Refuses(new AlterCollection("", "c") { SetProperties = Properties((key, value)) }, text);
    }

    [Fact]
    public void General_capacity_is_the_sum_of_shards_times_partitions()
    {
        var world = new World();
        for (var i = 0; i < 4; i++) world.Do(new CreateCollection("", $"c{i}", Keyed) { Shards = 16, Partitions = 1024 });
        world.Refuses(new CreateCollection("", "more", Simple), ErrorCode.GeneralCapacityExceeded, "general capacity exceeded");
    }

    [Fact]
    public void Dropping_follows_names_not_aliases()
    {
        var world = new World();
        world.Create("c");
        world.Do(new CreateAlias("", "a", "c"));
        world.Refuses(new DropCollection("", "a"), "cannot drop the collection via alias = a");
        world.Refuses(new DropCollection("", "c"), "unable to drop the collection c because it has associated aliases [a]. Please remove all associated aliases");
        world.Do(new DropAlias("", "a"));
        world.Do(new DropCollection("", "c"));
        world.DoesNothing(new DropCollection("", "c"));
        world.DoesNothing(new DropCollection("nodb", "c"));
        Assert.Empty(world.Catalog.Collections);
    }

    [Fact]
    public void A_loaded_collection_can_be_dropped_and_made_again()
    {
        var world = new World();
        var old = world.CreateLoaded("c");
        world.Do(new DropCollection("", "c"));
        var renewed = world.Create("c");
        Assert.NotEqual(old.Id, renewed.Id);
        Assert.NotEqual(old.SchemaUpdatedAt, renewed.SchemaUpdatedAt);
        Assert.Null(renewed.Load);
    }

    [Fact]
    public void Renaming_moves_the_name()
    {
        var world = new World();
        var id = world.Create("c").Id;
        world.Create("other");
        world.Do(new CreateAlias("", "a", "c"));
        world.Do(new CreateDatabase("d"));
        world.Refuses(new RenameCollection("", "a", "x"), "unsupported use an alias to rename collection, alias:a");
        world.Refuses(new RenameCollection("", "c", "other"), "duplicated new collection name default:other with other collection name or alias");
        world.Refuses(new RenameCollection("", "other", "a"), ErrorCode.AliasCollectionNameConflict, "cannot rename collection to an existing alias: a: alias and collection name conflict[database=default][alias=a]");
        world.Refuses(new RenameCollection("", "c", "c"), "should be different");
        world.Refuses(new RenameCollection("", "c", "1"), "Invalid collection name: 1");
        world.Refuses(new RenameCollection("", "c", "c", "d"), "must drop all aliases of this collection before rename");
        world.Refuses(new RenameCollection("", "c", "x", "nodb"), ErrorCode.DatabaseNotFound, "database not found[database=nodb]");
        world.Refuses(new RenameCollection("", "none", "x"), ErrorCode.CollectionNotFound, "collection not found[database=default][collection=none]");
        world.Refuses(new RenameCollection("", "1-2", "x"), ErrorCode.CollectionNotFound, "collection not found[database=default][collection=1-2]");
        world.Refuses(new AlterCollection("", "1-2") { DeleteKeys = ["k"] }, ErrorCode.CollectionNotFound, "collection not found[database=default][collection=1-2]");
        world.Do(new RenameCollection("", "c", "renamed"));
        Assert.Equal(id, world.Collection("renamed").Id);
        Assert.Equal(id, world.Collection("a").Id);
        Assert.False(world.Catalog.TryResolveCollection("", "c", out _));
        world.Do(new DropAlias("", "a"));
        world.Do(new RenameCollection("", "renamed", "c", "d"));
        Assert.Equal((id, "d"), (world.Collection("c", "d").Id, world.Collection("c", "d").DatabaseName));
        Assert.Equal(["other"], world.Catalog.ListCollections("").Select(c => c.Name));
    }

    [Fact]
    public void Truncating_keeps_everything_but_the_rows()
    {
        var world = new World();
        var before = world.CreateLoaded("c");
        world.Do(new TruncateCollection("", "c"));
        var after = world.Collection("c");
        Assert.True(after.TruncatedAt > before.CreatedAt);
        Assert.Equal(before with { TruncatedAt = after.TruncatedAt }, after);
    }

    [Fact]
    public void Partitions_come_and_go()
    {
        var world = new World();
        world.Create("c");
        var id = world.Do(new CreatePartition("", "c", "1-p")).Id;
        Assert.Equal(id, world.DoesNothing(new CreatePartition("", "c", "1-p")).Id);
        Assert.Equal(id, world.Collection("c").FindPartition("1-p")!.Id);
        world.Refuses(new CreatePartition("", "c", "p p"), "Invalid partition name: p p.");
        world.Refuses(new CreatePartition("", "c", ""), "Partition name should not be empty.");
        world.Refuses(new DropPartition("", "c", "_default"), "default partition cannot be deleted");
        world.Do(new DropPartition("", "c", "1-p"));
        world.DoesNothing(new DropPartition("", "c", "1-p"));
    }

    [Fact]
    public void The_number_of_partitions_is_limited()
    {
        var world = new World();
        world.Create("c");
        for (var i = 1; i < Limits.Partitions; i++) world.Do(new CreatePartition("", "c", $"p{i}"));
        world.Refuses(new CreatePartition("", "c", "more"), "partition number (1024) exceeds max configuration (1024), collection: c");
    }

    [Fact]
    public void Aliases_follow_their_rules()
    {
        var world = new World();
        var c = world.Create("c").Id;
        var d = world.Create("d").Id;
        world.Refuses(new CreateAlias("", "1", "c"), "Invalid collection alias: 1. the first character of a collection alias must be an underscore or letter");
        world.Refuses(new CreateAlias("", "a", "none"), ErrorCode.CollectionNotFound, "collection not found[database=default][collection=none]");
        world.Refuses(new CreateAlias("", "d", "c"), ErrorCode.AliasCollectionNameConflict, "alias and collection name conflict[database=default][alias=d]");
        world.Refuses(new AlterAlias("", "a", "c"), ErrorCode.AliasNotFound, "alias not found[database=default][alias=a]");
        world.Do(new CreateAlias("", "a", "c"));
        world.DoesNothing(new CreateAlias("", "a", "c"));
        world.Refuses(new CreateAlias("", "a", "d"), ErrorCode.AliasExists, "a is alias to another collection: c: alias already exist[database=default][alias=a]");
        world.Refuses(new CreateCollection("", "a", Simple), ErrorCode.AliasCollectionNameConflict, "collection name [a] conflicts with an existing alias");
        world.DoesNothing(new AlterAlias("", "a", "c"));
        Assert.Equal(c, world.Catalog.DescribeAlias("", "a").Id);
        world.Do(new AlterAlias("", "a", "d"));
        Assert.Equal(d, world.Collection("a").Id);
        Assert.Empty(world.Collection("c").Aliases);
        world.Do(new CreateAlias("", "b", "a"));
        Assert.Equal(["a", "b"], world.Catalog.ListAliases("", "d"));
        Assert.Empty(world.Catalog.ListAliases("", "c"));
        Assert.Equal(["a", "b"], world.Catalog.ListAliases(""));
        world.Do(new DropAlias("", "a"));
        world.DoesNothing(new DropAlias("", "a"));
        Assert.Equal(ErrorCode.AliasNotFound, Assert.Throws<MilvusException>(() => world.Catalog.DescribeAlias("", "a")).Code);
        Assert.Equal(d, world.Collection("b").Id);
    }
}
