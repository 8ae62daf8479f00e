using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using Milvus.Proxy.Writing;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Writing;

public sealed class RoutingTests
{
    [Theory]
    [InlineData(1, DataType.Int64)]
    [InlineData(4, DataType.Int64)]
    [InlineData(5, DataType.VarChar)]
    public async Task Each_row_goes_to_the_shard_of_its_key_in_order(int shards, DataType type)
    {
        var world = new World();
        var collection = world.Create([Key(type), Vector(), Field("n", DataType.Int64)], shards);
        const int rows = 300;
        var numbers = Enumerable.Range(0, rows).Select(i => (long)i).ToArray();
        var keys = type == DataType.Int64 ? Int64s("id", numbers) : Texts("id", [.. numbers.Select(n => $"k{n}")]);
        await world.InsertAsync(rows, keys, Floats("v", [.. numbers.Select(n => new[] { n, 1f })]), Int64s("n", numbers));
        var seen = 0;
        for (var shard = 0; shard < shards; shard++)
        {
            var previous = -1L;
            foreach (var row in world.Shards.Rows(collection, shard))
            {
                var own = ((FixedColumn<long>)row.Batch.Find(102)!).Values[row.Index];
                var expected = type == DataType.Int64 ? KeyHash.Shard(own, shards) : KeyHash.Shard(System.Text.Encoding.UTF8.GetBytes(row.Key.Value), shards);
                Assert.Equal(expected, shard);
                Assert.True(own > previous);
                Assert.Equal(Convert.ToHexString(Bytes([own, 1f])), Show(row.Batch.Find(101)!, row.Index));
                previous = own;
                seen++;
            }
        }
        Assert.Equal(rows, seen);
    }

    [Fact]
    public async Task Big_batches_are_cut_into_bounded_writes_that_lose_nothing()
    {
        var random = new Random(3);
        var world = new World(new ProxyOptions { MaxWriteBytes = 2000 });
        var collection = world.Create([Key(), Vector(), VarChar("t", 5000), List("l", DataType.VarChar, 9, 999)], shards: 2);
        const int rows = 200;
        var texts = Enumerable.Range(0, rows).Select(i => new string('x', i == 77 ? 4000 : random.Next(300))).ToArray();
        var lists = (ArrayColumnBuilder)ColumnBuilder.For(DataType.Array, DataType.VarChar);
        for (var i = 0; i < rows; i++)
        {
            for (var e = random.Next(4); e > 0; e--) ((BinaryColumnBuilder)lists.Elements).Append(new string('e', random.Next(50)));
            lists.EndRow();
        }
        var ids = Enumerable.Range(0, rows).Select(i => (long)i).ToArray();
        await world.InsertAsync(rows, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), Texts("t", texts), new NamedColumn("l", lists.Build()));

        Assert.True(world.Shards.Writes.Count > 10);
        foreach (var (_, write) in world.Shards.Writes)
        {
            var batch = write.Inserts.Single().Rows;
            var bytes = Enumerable.Range(0, batch.RowCount).Sum(i => Show(batch.Find(102)!, i).Length + Show(batch.Find(103)!, i).Length + 16);
            Assert.True(batch.RowCount == 1 || bytes < 2600, $"{batch.RowCount} rows, {bytes} bytes");
        }
        var stored = Enumerable.Range(0, 2).SelectMany(s => world.Shards.Rows(collection, s)).ToDictionary(r => r.Key.Value, r => Show(r.Batch.Find(102)!, r.Index));
        Assert.Equal(rows, stored.Count);
        for (var i = 0; i < rows; i++) Assert.Equal(texts[i], stored[$"{i}"]);
    }

    [Fact]
    public async Task Partitions_are_found_by_name()
    {
        var world = new World();
        var collection = world.Create([Key(), Vector()]);
        var request = new InsertRequest { Collection = "c", RowCount = 1, Columns = [Int64s("id", 1), Floats("v", [1, 2])] };
        await world.Proxy.InsertAsync(RequestContext.Default, request with { Partition = "p1" });
        await world.Proxy.InsertAsync(RequestContext.Default, request with { Partition = "" });
        Assert.Equal([collection.FindPartition("p1")!.Id, collection.FindPartition("_default")!.Id], world.Shards.Rows(collection, 0).Select(r => r.PartitionId));
        await World.RefusedAsync(ErrorCode.PartitionNotFound, "partition not found[partition=nope]",
            () => world.Proxy.InsertAsync(RequestContext.Default, request with { Partition = "nope" }));
    }

    [Theory]
    [InlineData(DataType.Int64)]
    [InlineData(DataType.VarChar)]
    public async Task A_partition_key_decides_the_partition(DataType type)
    {
        var world = new World();
        var tenant = (type == DataType.Int64 ? Field("tenant", type) : VarChar("tenant")) with { IsPartitionKey = true };
        var collection = world.Create([Key(), Vector(), tenant], shards: 2);
        var ids = Enumerable.Range(0, 100).Select(i => (long)i).ToArray();
        var tenants = type == DataType.Int64 ? Int64s("tenant", [.. ids.Select(i => i % 7)]) : Texts("tenant", [.. ids.Select(i => $"t{i % 7}")]);
        var request = new InsertRequest { Collection = "c", RowCount = 100, Columns = [Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), tenants] };
        await world.Proxy.InsertAsync(RequestContext.Default, request);
        var placed = new Dictionary<string, long>();
        foreach (var row in world.Shards.Rows(collection, 0).Concat(world.Shards.Rows(collection, 1)))
        {
            var value = Show(row.Batch.Find(102)!, row.Index);
            if (!placed.TryAdd(value, row.PartitionId)) Assert.Equal(placed[value], row.PartitionId);
            var index = type == DataType.Int64 ? KeyHash.Partition(long.Parse(value, System.Globalization.CultureInfo.InvariantCulture), 4) : KeyHash.Partition(System.Text.Encoding.UTF8.GetBytes(value), 4);
            Assert.Equal($"_default_{index}", collection.FindPartition(row.PartitionId)!.Name);
        }
        Assert.Equal(7, placed.Count);
        await World.RefusedAsync("not support manually specifying the partition names if partition key mode is used",
            () => world.Proxy.InsertAsync(RequestContext.Default, request with { Partition = "_default_0" }));
    }
}
