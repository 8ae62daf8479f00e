using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Writing;

public sealed class UpsertTests
{
    [Fact]
    public async Task A_row_replaces_its_predecessor_in_one_write()
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("n", DataType.Int64)], shards: 3);
        await world.UpsertAsync(3, Int64s("id", 1, 2, 3), Floats("v", [0, 0], [0, 0], [0, 0]), Int64s("n", 10, 20, 30));
        var result = await world.UpsertAsync(2, Int64s("id", 2, 4), Floats("v", [0, 0], [0, 0]), Int64s("n", 21, 40));
        Assert.Equal((2, 2, 2), (result.InsertCount, result.DeleteCount, result.UpsertCount));
        Assert.Equal(["2", "4"], ShowAll(result.Ids.Column));
        Assert.Equal("1=10 2=21 3=30 4=40", string.Join(" ", (await world.AllAsync("n")).Select(p => $"{p.Key}={p.Value}")));
        foreach (var (_, write) in world.Shards.Writes)
        {
            Assert.Equal(ShowAll(write.Deletes!.Value.Column), write.Inserts.SelectMany(i => ShowAll(i.Rows.Find(100)!)));
            Assert.Equal(world.Collection.FindPartition("_default")!.Id, write.DeletePartitions.Single());
        }
    }

    [Fact]
    public async Task The_key_is_needed_once()
    {
        var world = new World();
        world.Create([Key(autoId: true), Vector()]);
        await World.RefusedAsync("fieldSchema(id) has no corresponding fieldData pass in", () => world.UpsertAsync(1, Floats("v", [0, 0])));
        await World.RefusedAsync("duplicate primary keys are not allowed in the same batch", () => world.UpsertAsync(2, Int64s("id", 5, 5), Floats("v", [0, 0], [0, 0])));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task An_automatic_key_is_replaced_by_a_new_one(int shards)
    {
        var world = new World();
        world.Create([Key(autoId: true), Vector(), Field("n", DataType.Int64)], shards);
        var first = await world.InsertAsync(3, Floats("v", [0, 0], [0, 0], [0, 0]), Int64s("n", 1, 2, 3));
        Assert.Equal(["1000", "1001", "1002"], ShowAll(first.Ids.Column));
        var second = await world.UpsertAsync(2, Int64s("id", 1001, 1002), Floats("v", [0, 0], [0, 0]), Int64s("n", 20, 30));
        Assert.Equal(["1003", "1004"], ShowAll(second.Ids.Column));
        Assert.Equal("1000=1 1003=20 1004=30", string.Join(" ", (await world.AllAsync("n")).Select(p => $"{p.Key}={p.Value}")));

        world.SetProperty("allow_insert_auto_id", "true");
        await world.UpsertAsync(1, Int64s("id", 1000), Floats("v", [0, 0]), Int64s("n", 11));
        Assert.Equal("1000=11 1003=20 1004=30", string.Join(" ", (await world.AllAsync("n")).Select(p => $"{p.Key}={p.Value}")));
    }

    [Fact]
    public async Task When_an_automatic_key_moves_a_row_a_failure_in_between_leaves_both_rows()
    {
        var world = new World();
        world.Create([Key(autoId: true), Vector(), Field("n", DataType.Int64)], shards: 4);
        await world.InsertAsync(1, Floats("v", [0, 0]), Int64s("n", 1));
        world.Shards.Refuses = w => w.Deletes is not null;
        await World.RefusedAsync(ErrorCode.ServiceUnavailable, "broken shard", () => world.UpsertAsync(1, Int64s("id", 1000), Floats("v", [0, 0]), Int64s("n", 2)));
        Assert.Equal("1000=1 1001=2", await Show(world, "n"));
    }

    [Fact]
    public async Task A_partition_key_lets_a_row_change_its_partition()
    {
        var world = new World();
        world.Create([Key(), Vector(), VarChar("tenant") with { IsPartitionKey = true }]);
        for (var i = 0; i < 6; i++) await world.UpsertAsync(1, Int64s("id", 1), Floats("v", [0, 0]), Texts("tenant", $"t{i}"));
        Assert.Equal("1=t5", string.Join(" ", (await world.AllAsync("tenant")).Select(p => $"{p.Key}={p.Value}")));
    }

    [Fact]
    public async Task A_partial_update_keeps_what_is_not_given()
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("a", DataType.Int64), Field("b", DataType.Int64, nullable: true), Field("d", DataType.Int64, @default: new Literal.Int(9))], shards: 2, dynamic: true);
        await world.InsertAsync(2, Int64s("id", 1, 2), Floats("v", [1, 1], [2, 2]), Int64s("a", 10, 20), Int64s("b", 100, 200), Int64s("d", 5, 6), Dynamic("{\"x\":1,\"y\":[1]}", "{}"));
        await PartialAsync(world, 2, Int64s("id", 2, 1), Nullable("b", null, 101), Dynamic("{\"z\":0}", "{\"y\":{\"q\":2},\"\\u0077\":3}"));
        Assert.Equal("1=10 2=20", await Show(world, "a"));
        Assert.Equal("1=101 2=null", await Show(world, "b"));
        Assert.Equal("1=5 2=6", await Show(world, "d"));
        Assert.Equal("1={\"\\u0077\":3,\"x\":1,\"y\":{\"q\":2}} 2={\"z\":0}", await Show(world, "$meta"));
        Assert.Equal($"1={Convert.ToHexString(Bytes([1, 1]))} 2={Convert.ToHexString(Bytes([2, 2]))}", await Show(world, "v"));
    }

    [Fact]
    public async Task A_partial_update_of_a_new_key_must_be_complete()
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("a", DataType.Int64), Field("b", DataType.Int64, nullable: true), Field("d", DataType.Int64, @default: new Literal.Int(9))]);
        await World.RefusedAsync("fieldSchema(v) has no corresponding fieldData pass in: invalid parameter", () => PartialAsync(world, 1, Int64s("id", 1), Int64s("a", 1)));
        await PartialAsync(world, 1, Int64s("id", 1), Int64s("a", 1), Floats("v", [1, 2]));
        Assert.Equal("1=1", await Show(world, "a"));
        Assert.Equal("1=null", await Show(world, "b"));
        Assert.Equal("1=9", await Show(world, "d"));
        Assert.Equal(0, world.Shards.OpenReaders);
    }

    [Fact]
    public async Task Arrays_can_be_appended_to_and_removed_from()
    {
        var world = new World();
        world.Create([Key(), Vector(), List("l", DataType.Int64, 4, nullable: true)]);
        await world.InsertAsync(2, Int64s("id", 1, 2), Floats("v", [1, 1], [2, 2]), Lists("l", DataType.Int64, [1, 2, 1], []));
        await OperationAsync(world, FieldOperation.ArrayAppend, Int64s("id", 1, 2), Lists("l", DataType.Int64, [7], [8, 9]));
        Assert.Equal("1=[1,2,1,7] 2=[8,9]", await Show(world, "l"));
        await OperationAsync(world, FieldOperation.ArrayRemove, Int64s("id", 1, 2), Lists("l", DataType.Int64, [1, 7], [5]));
        Assert.Equal("1=[2] 2=[8,9]", await Show(world, "l"));
        await OperationAsync(world, FieldOperation.Replace, Int64s("id", 1, 2), Lists("l", DataType.Int64, [3, 3], []));
        Assert.Equal("1=[3,3] 2=[]", await Show(world, "l"));
        await World.RefusedAsync("array length 5 exceeds max_capacity 4",
            () => OperationAsync(world, FieldOperation.ArrayAppend, Int64s("id", 1, 2), Lists("l", DataType.Int64, [1, 2, 3], [])));
        await World.RefusedAsync("op ARRAY_APPEND requires Array field, but field",
            () => world.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest
            {
                Collection = "c",
                RowCount = 1,
                Columns = [Int64s("id", 1), Floats("v", [1, 1])],
                FieldOperations = ImmutableDictionary<string, FieldOperation>.Empty.Add("v", FieldOperation.ArrayAppend),
            }));
    }

    private static Task<MutationResult> PartialAsync(World world, int rows, params NamedColumn[] columns) =>
        world.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest { Collection = "c", RowCount = rows, Columns = [.. columns], PartialUpdate = true });

    private static Task<MutationResult> OperationAsync(World world, FieldOperation operation, NamedColumn keys, NamedColumn lists) =>
        world.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest
        {
            Collection = "c",
            RowCount = keys.Column.Count,
            Columns = [keys, lists],
            FieldOperations = ImmutableDictionary<string, FieldOperation>.Empty.Add(lists.Name, operation),
        });

    private static async Task<string> Show(World world, string field) => string.Join(" ", (await world.AllAsync(field)).Select(p => $"{p.Key}={p.Value}"));
}
