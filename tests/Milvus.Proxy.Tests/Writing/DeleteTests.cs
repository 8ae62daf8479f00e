using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Writing;

public sealed class DeleteTests
{
    private static async Task<World> TenRowsAsync(int shards = 3)
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("n", DataType.Int64)], shards);
        var ids = Enumerable.Range(0, 10).Select(i => (long)i).ToArray();
        await world.InsertAsync(10, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), Int64s("n", [.. ids.Select(i => i * i)]));
        return world;
    }

    private static Task<MutationResult> DeleteAsync(World world, string expression, string? partition = null) =>
        world.Proxy.DeleteAsync(RequestContext.Default, new DeleteRequest { Collection = "c", Expression = expression, Partition = partition });

    [Fact]
    public async Task Keys_are_counted_as_given_and_need_no_read()
    {
        var world = await TenRowsAsync();
        var result = await DeleteAsync(world, "id in [1, 2, 99]");
        Assert.Equal(3, result.DeleteCount);
        Assert.Equal(1, (await DeleteAsync(world, "id == 3")).DeleteCount);
        Assert.Empty(world.Shards.Opened);
        Assert.True(result.Timestamp > Timestamp.Zero);
        result = await world.Proxy.DeleteAsync(RequestContext.Default, new DeleteRequest { Collection = "c", Keys = PrimaryKeys.Of(4, 5) });
        Assert.Equal(2, result.DeleteCount);
        Assert.Equal("0 6 7 8 9", string.Join(" ", (await world.AllAsync("n")).Keys));
    }

    [Fact]
    public async Task Other_filters_count_what_they_find()
    {
        var world = await TenRowsAsync();
        Assert.Equal(4, (await DeleteAsync(world, "n > 30")).DeleteCount);
        Assert.Equal("0 1 2 3 4 5", string.Join(" ", (await world.AllAsync("n")).Keys));
        Assert.Equal(0, (await DeleteAsync(world, "n > 30")).DeleteCount);
        Assert.Equal(0, world.Shards.OpenReaders);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("1 < 2")]
    public async Task Everything_at_once_is_refused(string expression)
    {
        var world = await TenRowsAsync();
        await World.RefusedAsync("delete plan can't be empty or always true", () => DeleteAsync(world, expression));
    }

    [Fact]
    public async Task Wrong_filters_are_refused_as_delete_plans()
    {
        var world = await TenRowsAsync();
        await World.RefusedAsync("failed to create delete plan: cannot parse expression", () => DeleteAsync(world, "x >"));
        await World.RefusedAsync("primary key is int64, but IDs type mismatch",
            () => world.Proxy.DeleteAsync(RequestContext.Default, new DeleteRequest { Collection = "c", Keys = PrimaryKeys.Of("a") }));
    }

    [Fact]
    public async Task A_partition_confines_the_delete()
    {
        var world = await TenRowsAsync(1);
        await World.RefusedAsync(ErrorCode.PartitionNotFound, "partition not found[partition=x]", () => DeleteAsync(world, "id == 1", "x"));
        await DeleteAsync(world, "id in [1]", "p1");
        Assert.Equal(10, (await world.AllAsync("n")).Count);
        await DeleteAsync(world, "id in [1]", "_default");
        Assert.Equal(9, (await world.AllAsync("n")).Count);
    }

    [Fact]
    public async Task Only_deletes_that_must_read_need_a_loaded_collection()
    {
        var world = await TenRowsAsync();
        world.Alter(c => c with { Load = null });
        await DeleteAsync(world, "id == 1");
        await World.RefusedAsync(ErrorCode.CollectionNotLoaded, "collection not loaded[collection=c]", () => DeleteAsync(world, "n == 1"));
    }
}
