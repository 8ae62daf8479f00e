using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Decisions;

public class AlterDecisionsTests
{
    private static AlterCollection Set(params (string, string)[] pairs) => new("", "c") { SetProperties = Properties([.. pairs]) };

    private static AlterField SetField(string field, params (string, string)[] pairs) => new("", "c", field) { SetParams = Properties([.. pairs]) };

    [Fact]
    public void Properties_are_set_and_deleted_without_touching_the_schema()
    {
        var world = new World();
        var before = world.Create("c");
        world.Do(Set(("collection.ttl.seconds", "60"), ("custom", "x")));
        Assert.Equal(60, world.Collection("c").TtlSeconds);
        world.DoesNothing(Set(("custom", "x")));
        world.Do(new AlterCollection("", "c") { DeleteKeys = ["collection.ttl.seconds", "never"] });
        var after = world.Collection("c");
        Same(Properties(("timezone", "UTC"), ("custom", "x")), after.Properties);
        Assert.Equal((before.SchemaUpdatedAt, before.Schema), (after.SchemaUpdatedAt, after.Schema));
        world.Refuses(Set() with { }, "no properties or delete keys provided");
        world.Refuses(Set(("a", "b")) with { DeleteKeys = ["c"] }, "cannot provide both DeleteKeys and ExtraProperties");
    }

    [Fact]
    public void Description_and_consistency_level_are_properties_too()
    {
        var world = new World();
        var before = world.Create("c");
        world.Do(Set(("collection.description", "new"), ("consistency_level", "strong")));
        var after = world.Collection("c");
        Assert.Equal(("new", ConsistencyLevel.Strong), (after.Schema.Description, after.ConsistencyLevel));
        Same(before.Properties, after.Properties);
        Assert.Equal(before.SchemaUpdatedAt, after.SchemaUpdatedAt);
    }

    [Fact]
    public void The_dynamic_field_can_be_switched_on_once_and_never_off()
    {
        var world = new World();
        var before = world.Create("c");
        world.DoesNothing(Set(("dynamicfield.enabled", "false")));
        world.Do(Set(("dynamicfield.enabled", "true")));
        var after = world.Collection("c");
        Assert.Equal(102, after.Schema.DynamicField!.Id);
        Assert.True(after.Schema.EnableDynamicField && after.SchemaUpdatedAt > before.SchemaUpdatedAt && after.Schema.Version > before.Schema.Version);
        Assert.Null(after.Property("dynamicfield.enabled"));
        world.DoesNothing(Set(("dynamicfield.enabled", "true")));
        world.Refuses(Set(("dynamicfield.enabled", "false")), "dynamic schema cannot supported to be disabled");
        world.Refuses(new AlterCollection("", "c") { DeleteKeys = ["dynamicfield.enabled"] }, "cannot delete key dynamicfield.enabled");
    }

    [Fact]
    public void Mmap_waits_for_release_and_isolation_for_the_index()
    {
        var world = new World();
        world.CreateLoaded("c", Of(Key, Vector("v"), Field("k", DataType.Int64) with { IsPartitionKey = true }));
        world.Refuses(Set(("mmap.enabled", "true")), ErrorCode.CollectionLoaded, "can not alter mmap properties if collection loaded: collection already loaded[collection=c]");
        world.Refuses(Set(("partitionkey.isolation", "true")), "can not alter partition key isolation mode if the collection already has a vector index");
        world.Do(new ReleaseCollection("", "c"));
        world.Do(Set(("mmap.enabled", "true")));
        world.Do(new DropIndex("", "c") { IndexName = "v" });
        world.Do(Set(("partitionkey.isolation", "true")));
    }

    [Fact]
    public void Warmup_waits_for_release_and_the_query_mode_for_the_index()
    {
        var world = new World();
        world.CreateLoaded("c", Of(Key, Vector("v")));
        world.Refuses(Set(("warmup.vectorField", "sync")), ErrorCode.CollectionLoaded, "can not alter warmup properties if collection loaded: collection already loaded[collection=c]");
        world.Refuses(SetField("v", ("warmup", "sync")), ErrorCode.CollectionLoaded, "can not alter warmup if collection loaded: collection already loaded[collection=c]");
        world.Refuses(Set(("warmup", "sync")), "warmup key 'warmup' is only allowed at field level");
        world.Refuses(Set(("query_mode", "large_topk")), "can not alter query_mode if the collection already has a vector index");
        world.Refuses(Set(("query_mode", "small")), "invalid query_mode value \"small\", valid values: [large_topk]");
        world.Refuses(Set(("Query_Mode", "large_topk")), "invalid property key \"Query_Mode\", did you mean \"query_mode\"?");
        world.Refuses(Set(("namespace.sharding.enabled", "true")), "cannot alter namespace.sharding.enabled after collection creation");
        world.Do(new ReleaseCollection("", "c"));
        world.Refuses(SetField("v", ("warmup", "Sync")), "invalid warmup policy: Sync, must be 'disable', 'sync' or 'async'");
        world.Do(Set(("warmup.vectorField", "sync")));
    }

    [Fact]
    public void Rows_expire_by_age_or_by_a_field_not_both()
    {
        var world = new World();
        world.Create("age", Of(Key, Vector("v"), Field("t", DataType.Timestamptz) with { Nullable = true }));
        world.Do(new AlterCollection("", "age") { SetProperties = Properties(("collection.ttl.seconds", "9")) });
        world.Refuses(new AlterCollection("", "age") { SetProperties = Properties(("ttl_field", "t")) }, "collection TTL is already set, cannot be set ttl field");
        world.Create("field", Of(Key, Vector("v"), Field("t", DataType.Timestamptz) with { Nullable = true }));
        world.Do(new AlterCollection("", "field") { SetProperties = Properties(("ttl_field", "t")) });
        world.Refuses(new AlterCollection("", "field") { SetProperties = Properties(("collection.ttl.seconds", "9")) }, "ttl field is already exists, cannot be set collection TTL");
    }

    [Fact]
    public void Clients_see_the_highest_field_id_and_that_namespaces_are_not_sharded()
    {
        var world = new World();
        world.Create("c");
        Same(Properties(("timezone", "UTC"), ("max_field_id", "101"), ("namespace.sharding.enabled", "false")), PropertyRules.Shown(world.Collection("c")));
    }

    [Fact]
    public void Field_parameters_change_as_far_as_they_may()
    {
        var world = new World();
        var before = world.Create("c", Of(Key, Vector("v"), VarChar("s"), Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Int8 }));
        world.Do(SetField("s", ("max_length", "128"), ("field.description", "text")));
        var after = world.Collection("c");
        Assert.Equal((128, "text"), (after.Schema.Find("s")!.MaxLength, after.Schema.Find("s")!.Description));
        Assert.True(after.SchemaUpdatedAt > before.SchemaUpdatedAt);
        Assert.Equal(1, after.Schema.Version);
        world.DoesNothing(SetField("s", ("max_length", "128")));
        world.Do(SetField("a", ("max_capacity", "8")));
        world.Do(SetField("v", ("mmap.enabled", "true")));
        world.Do(new AlterField("", "c", "v") { DeleteKeys = ["mmap.enabled"] });
        Assert.Equal(before.Schema.Find("v"), world.Collection("c").Schema.Find("v"));
        world.Refuses(SetField("v", ("dim", "16")), "dim does not allow update in collection field param");
        world.Refuses(SetField("v", ("max_length", "16")), "can not modify the maxlength for non-string types");
        world.Refuses(SetField("s", ("max_capacity", "16")), "can not modify the maxcapacity for non-array types");
        world.Refuses(SetField("s", ("max_length", "65536")), "should be in (0, 65535]");
        world.Refuses(SetField("x", ("max_length", "16")), "field x does not exist in collection");
        world.Refuses(new AlterField("", "c", "s") { DeleteKeys = ["max_length"] }, "not allowed to delete");
    }

    [Fact]
    public void Where_a_struct_is_kept_is_said_for_it_or_for_a_sub_field()
    {
        var world = new World();
        var list = new FieldSchema { Name = "w", Type = DataType.ArrayOfVector, ElementType = DataType.FloatVector, TypeParams = [new("dim", "4"), new("max_capacity", "2")] };
        world.Create("c", new CollectionSchema([Key, Vector("v")], [], [new StructFieldSchema { Name = "s", Fields = [list, list with { Name = "x" }] }]));
        string? Kept(string field) => world.Collection("c").Schema.Find(field)!.Param("mmap.enabled");
        world.Do(SetField("s[x]", ("mmap_enabled", "true")));
        Assert.Equal((null, "true"), (Kept("s[w]"), Kept("s[x]")));
        world.Do(SetField("s", ("mmap.enabled", "true")));
        Assert.Equal(("true", "true", "true"), (Kept("s[w]"), Kept("s[x]"), world.Collection("c").Schema.StructFields[0].TypeParams.Single(p => p.Key == "mmap.enabled").Value));
        world.DoesNothing(SetField("s", ("mmap_enabled", "true")));
        world.Do(new AlterField("", "c", "s") { DeleteKeys = ["mmap_enabled"] });
        Assert.Null(Kept("s[w]"));
        foreach (var field in (string[])["s", "s[w]"]) world.Refuses(SetField(field, ("mmap.enabled", "banana")), "banana");
        world.Refuses(SetField("s", ("max_capacity", "9")), "max_capacity does not allow update in collection field param");
    }

    [Fact]
    public void A_field_is_added_with_the_next_id()
    {
        var world = new World();
        var before = world.CreateLoaded("c", new CollectionSchema([Key, Vector("v")], enableDynamicField: true));
        Assert.Equal(103, world.Do(new AddField("", "c", Field("n", DataType.Int64) with { Nullable = true, Default = new Literal.Int(7) })).Id);
        Assert.Equal(104, world.Do(new AddField("", "c", Vector("w") with { Nullable = true })).Id);
        var after = world.Collection("c");
        Assert.Equal("id v $meta n w", string.Join(' ', after.Schema.Fields.Select(f => f.Name)));
        Assert.True(after.SchemaUpdatedAt > before.SchemaUpdatedAt);
        Assert.Equal(2, after.Schema.Version);
    }

    [Fact]
    public void A_field_that_cannot_be_added_is_refused()
    {
        var world = new World();
        world.Create("c", Of(Key, Vector("v"), Field("k", DataType.Int64) with { IsClusteringKey = true }));
        var good = Field("n", DataType.Int64) with { Nullable = true };
        AddField Add(FieldSchema field) => new("", "c", field);
        world.Refuses(Add(good with { Nullable = false }), "added field must be nullable, please check it, field name = n");
        world.Refuses(Add(good with { IsPrimaryKey = true }), "not support to add pk field, field name = n");
        world.Refuses(Add(good with { AutoId = true }), "only primary field can speficy AutoID");
        world.Refuses(Add(good with { IsPartitionKey = true }), "not support to add partition key field");
        world.Refuses(Add(good with { IsDynamic = true }), "not support to add dynamic field");
        world.Refuses(Add(good with { Name = "v" }), "duplicated field name v: invalid parameter");
        world.Refuses(Add(good with { Name = "in" }), ErrorCode.FieldNameInvalid, "in is keyword in milvus.");
        world.Refuses(Add(good with { IsClusteringKey = true }), "already has another clustering key field, field name: n");
        world.Refuses(Add(VarChar("s") with { Nullable = true, TypeParams = [] }), "type param(max_length) should be specified");
        for (var i = 0; i < 61; i++) world.Do(Add(good with { Name = $"f{i}" }));
        world.Refuses(Add(good), "The number of fields has reached the maximum value 64");
    }
}
