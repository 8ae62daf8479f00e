using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Indexes;
using Milvus.Coordinator.Resources;
using Milvus.Model;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Decisions;

public class IndexAndLoadTests
{
    private static readonly CollectionSchema Wide = new([Key, Vector("v"), Vector("w"), Field("n", DataType.Int64), Field("j", DataType.Json)], enableDynamicField: true);

    private static CreateIndex Index(string field, string name = "", params (string, string)[] parameters) =>
        new("", "c", field) { IndexName = name, Params = Properties([.. parameters]) };

    [Fact]
    public void An_index_is_named_after_its_field_unless_told_otherwise()
    {
        var world = new World();
        world.Create("c", Wide);
        var id = world.Do(Index("v")).Id;
        Assert.Equal(id, world.DoesNothing(Index("v")).Id);
        Assert.Equal(id, world.DoesNothing(Index("v", "v", ("index_type", "AUTOINDEX"), ("metric_type", "cosine"))).Id);
        world.Do(Index("n", "by_n", ("index_type", "STL_SORT")));
        world.DoesNothing(Index("n", "", ("index_type", "STL_SORT")));
        Assert.Equal(["v", "by_n"], world.Collection("c").Indexes.Select(i => i.Name));
        Assert.Equal(["by_n"], IndexRules.Select(world.Collection("c"), fieldName: "n").Select(i => i.Name));
        Assert.Equal("index not found[indexName=none]", Assert.Throws<MilvusException>(() => IndexRules.Select(world.Collection("c"), "none")).Message);
    }

    [Fact]
    public void A_collection_is_refused_with_the_indexes_that_were_to_follow_it()
    {
        var world = new World();
        var command = new CreateCollection("", "c", Wide);
        world.Refuses(command with { FollowedBy = [Index("v"), Index("n", "1bad")] }, "1bad");
        world.Refuses(command with { FollowedBy = [Index("v", "i", ("index_type", "HNSW"), ("metric_type", "JACCARD"))] }, "float vector index does not support metric type: JACCARD");
        world.Refuses(command with { FollowedBy = [Index("v", "i"), Index("w", "i")] }, "at most one distinct index is allowed per field");
        world.Refuses(command with { FollowedBy = [Index("v", "i"), Index("v", "j")] }, "creating multiple indexes on same field is not supported");
        Assert.False(world.Catalog.TryResolveCollection("", "c", out _));
        world.Do(command with { FollowedBy = [Index("v"), Index("v"), Index("n"), Index("key_of_the_dynamic_field", "k", ("json_cast_type", "double"), ("index_type", "INVERTED"))] });
        Assert.Empty(world.Collection("c").Indexes);
        world.Do(Index("v"));
        world.DoesNothing(command with { FollowedBy = [Index("v")] });
    }

    [Fact]
    public void A_field_has_one_index()
    {
        var world = new World();
        world.Create("c", Wide);
        world.Do(Index("v", "i", ("index_type", "HNSW"), ("metric_type", "L2"), ("params", "{\"M\":16}")));
        world.DoesNothing(Index("v", "i", ("index_type", "HNSW"), ("metric_type", "L2"), ("M", "16")));
        world.Refuses(Index("v", "i", ("index_type", "HNSW"), ("metric_type", "IP")), "at most one distinct index is allowed per field");
        world.Refuses(Index("w", "i"), "at most one distinct index is allowed per field");
        world.Refuses(Index("v", "other"), "CreateIndex failed: creating multiple indexes on same field is not supported");
        world.Refuses(Index("v", "1"), "Invalid index name: 1.");
        world.Refuses(Index("none", "", ("index_type", "NOPE")), "invalid index type: NOPE");
        world.Refuses(new CreateIndex("", "x", "v"), ErrorCode.CollectionNotFound, "collection=x");
    }

    [Fact]
    public void Json_fields_have_one_index_per_path()
    {
        var world = new World();
        world.Create("c", Wide);
        var a = Index("j", "", ("index_type", "INVERTED"), ("json_cast_type", "DOUBLE"), ("json_path", "j[\"a\"]"));
        world.Do(a);
        world.DoesNothing(a);
        world.Do(Index("j", "", ("index_type", "INVERTED"), ("json_cast_type", "DOUBLE"), ("json_path", "j[\"b\"]")));
        world.Refuses(Index("j", "x", ("index_type", "INVERTED"), ("json_cast_type", "VARCHAR"), ("json_path", "j['a']")), "creating multiple indexes on same field");
        world.Do(Index("color", "", ("index_type", "INVERTED"), ("json_cast_type", "VARCHAR")));
        var indexes = world.Collection("c").Indexes;
        Assert.Equal(["j/a:j", "j/b:j", "$meta/color:color"], indexes.Select(i => $"{i.Name}:{i.FieldName}"));
        Assert.Equal("color", indexes[2].BuildParams["json_path"]);
        world.Create("plain");
        world.Refuses(new CreateIndex("", "plain", "color"), "cannot create index on non-exist field: color");
    }

    [Fact]
    public void A_vector_index_stays_while_the_collection_is_loaded()
    {
        var world = new World();
        var id = world.CreateLoaded("c").Id;
        world.Refuses(new DropIndex("", "c") { IndexName = "v" }, $"vector index cannot be dropped on loaded collection: {id}");
        world.Refuses(new AlterIndex("", "c", "v") { SetParams = Properties(("mmap.enabled", "true")) }, ErrorCode.CollectionLoaded,
            "can't alter index on loaded collection, please release the collection first: collection already loaded[collection=c]");
        world.Do(Index("id", "k", ("index_type", "STL_SORT")));
        world.Do(new DropIndex("", "c") { IndexName = "k" });
        world.DoesNothing(new DropIndex("", "c") { IndexName = "k" });
        world.Do(new ReleaseCollection("", "c"));
        world.Do(new DropIndex("", "c") { Field = "v" });
        Assert.Empty(world.Collection("c").Indexes);
        world.DoesNothing(new DropIndex("", "c"));
    }

    [Fact]
    public void Only_a_few_index_parameters_can_be_altered()
    {
        var world = new World();
        world.Create("c");
        world.Do(Index("v"));
        world.Do(new AlterIndex("", "c", "v") { SetParams = Properties(("mmap.enabled", "true")) });
        Assert.Equal("true", Assert.Single(world.Collection("c").Indexes).BuildParams["mmap.enabled"]);
        world.DoesNothing(Index("v"));
        world.DoesNothing(new AlterIndex("", "c", "v") { SetParams = Properties(("mmap.enabled", "true")) });
        world.Do(new AlterIndex("", "c", "v") { DeleteKeys = ["mmap.enabled"] });
        Same(Properties(("index_type", "AUTOINDEX"), ("metric_type", "COSINE")), world.Collection("c").Indexes[0].Params);
        world.Refuses(new AlterIndex("", "c", "v") { SetParams = Properties(("M", "16")) }, "M is not a configable index property");
        world.Refuses(new AlterIndex("", "c", "v") { SetParams = Properties(("mmap.enabled", "on")) }, "invalid mmap.enabled value: on");
        world.Refuses(new AlterIndex("", "c", "x") { SetParams = Properties(("mmap.enabled", "true")) }, ErrorCode.IndexNotFound, "index not found[indexName=x]");
        world.Refuses(new AlterIndex("", "c", "v") { SetParams = Properties(("mmap.enabled", "true")), DeleteKeys = ["warmup"] }, "cannot provide both");
    }

    [Fact]
    public void Loading_needs_an_index_on_every_vector_field()
    {
        var world = new World();
        world.Create("c", Wide);
        world.Refuses(new LoadCollection("", "c"), ErrorCode.IndexNotFound, "index not found[collection=c]");
        world.Do(Index("n"));
        world.Refuses(new LoadCollection("", "c"), "there is no vector index on field: [v w], please create index firstly");
        world.Do(Index("v"));
        world.Refuses(new LoadPartitions("", "c", ["_default"]), "there is no vector index on field: [w], please create index firstly");
        world.Do(new LoadCollection("", "c") { Fields = ["id", "v"] });
        Same([100, 101, 105], world.Collection("c").Load!.FieldIds);
        world.Refuses(new LoadCollection("", "nope"), ErrorCode.CollectionNotFound, "nope");
    }

    [Fact]
    public void Loading_twice_is_fine_unless_something_differs()
    {
        var world = new World();
        world.CreateLoaded("c");
        Assert.Equal((1, 0, 0), (world.Collection("c").Load!.Replicas, world.Collection("c").Load!.PartitionIds.Length, world.Collection("c").Load!.FieldIds.Length));
        world.DoesNothing(new LoadCollection("", "c"));
        world.DoesNothing(new LoadCollection("", "c") { Replicas = 1, Refresh = true });
        world.DoesNothing(new LoadPartitions("", "c", ["_default"]));
        world.Refuses(new LoadCollection("", "c") { Replicas = 2 }, "can't change the replica number for loaded collection: invalid parameter[expected=1][actual=2]");
        world.Refuses(new LoadPartitions("", "c", ["_default"]) { Replicas = 2 }, "can't change the replica number for loaded partitions");
        world.Do(new ReleaseCollection("", "c"));
        world.DoesNothing(new ReleaseCollection("", "c"));
        world.Refuses(new LoadCollection("", "c") { Refresh = true }, ErrorCode.CollectionNotLoaded, "collection not loaded[collection=c]");
    }

    [Fact]
    public void Load_fields_must_contain_the_keys()
    {
        var world = new World();
        world.Create("c", Of(Key, Vector("v"), Field("p", DataType.Int64) with { IsPartitionKey = true }, Field("k", DataType.Int64) with { IsClusteringKey = true }, Field("n", DataType.Int64)));
        world.Do(Index("v"));
        LoadCollection Load(params string[] fields) => new("", "c") { Fields = [.. fields] };
        world.Refuses(Load("v", "p", "k"), "does not contain primary key field id");
        world.Refuses(Load("id", "v", "k"), "does not contain partition key field p");
        world.Refuses(Load("id", "v", "p"), "does not contain clustering key field k");
        world.Refuses(Load("id", "p", "k"), "does not contain vector field");
        world.Refuses(Load("id", "x"), ErrorCode.FieldNotFound, "field not found[field=x]");
        world.Do(Load("id", "v", "p", "k"));
        // Which fields are loaded is a hint: another one changes nothing.
        world.DoesNothing(new LoadCollection("", "c"));
        Same([100, 101, 102, 103], world.Collection("c").Load!.FieldIds);
    }

    [Fact]
    public void Partitions_load_and_release_one_by_one()
    {
        var world = new World();
        world.Create("c");
        world.Do(Index("v"));
        world.Do(new CreatePartition("", "c", "p"));
        world.Do(new CreatePartition("", "c", "q"));
        string Loaded() => string.Join(' ', world.Collection("c").Partitions.Where(p => world.Collection("c").Load?.Includes(p.Id) == true).Select(p => p.Name));
        world.Refuses(new LoadPartitions("", "c", ["none"]), ErrorCode.PartitionNotFound, "partition not found[partition=none]");
        world.Refuses(new LoadPartitions("", "c", []), "failed to load partition, due to no partition specified");
        world.Do(new LoadPartitions("", "c", ["p"]));
        world.Do(new LoadPartitions("", "c", ["p", "q"]));
        Assert.Equal("p q", Loaded());
        world.Refuses(new DropPartition("", "c", "p"), "partition cannot be dropped, partition is loaded, please release it first");
        world.Do(new ReleasePartitions("", "c", ["p"]));
        world.DoesNothing(new ReleasePartitions("", "c", ["p"]));
        world.Do(new DropPartition("", "c", "p"));
        world.Do(new LoadCollection("", "c"));
        world.Do(new CreatePartition("", "c", "r"));
        Assert.Equal("_default q r", Loaded());
        world.Refuses(new DropPartition("", "c", "r"), "partition is loaded");
        world.Do(new ReleasePartitions("", "c", ["r", "q"]));
        Assert.Equal("_default", Loaded());
        world.Do(new ReleasePartitions("", "c", ["_default"]));
        Assert.Null(world.Collection("c").Load);
    }

    [Fact]
    public void Replicas_come_from_request_collection_or_database()
    {
        var world = new World { QueryNodes = 3 };
        world.Create("c");
        world.Do(Index("v"));
        world.Refuses(new LoadCollection("", "c") { Replicas = 4 }, ErrorCode.ResourceInsufficient, "service resource insufficient[currentQueryNode=3][expectedQueryNode=4]");
        world.Do(new AlterDatabase("default") { SetProperties = Properties(("database.replica.number", "2")) });
        world.Do(new LoadCollection("", "c"));
        Assert.Equal(2, world.Collection("c").Load!.Replicas);
        world.Do(new ReleaseCollection("", "c"));
        world.Do(new AlterCollection("", "c") { SetProperties = Properties(("collection.replica.number", "3")) });
        world.Do(new LoadCollection("", "c"));
        Assert.Equal(3, world.Collection("c").Load!.Replicas);
        Same([ResourceGroupInfo.DefaultName, ResourceGroupInfo.DefaultName, ResourceGroupInfo.DefaultName], world.Collection("c").Load!.ResourceGroups);
    }

    [Fact]
    public void Fields_that_skip_loading_are_left_out()
    {
        var world = new World();
        world.Create("c", Of(Key, Vector("v"), Field("n", DataType.Int64, ("field.skipLoad", "true"))));
        world.Do(Index("v"));
        world.Do(new LoadCollection("", "c"));
        Same([100, 101], world.Collection("c").Load!.FieldIds);
    }
}
