using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Embedded.Tests.Space;

/// <summary>Rows that expire by a field vanish from reads at once and from storage when they are compacted.</summary>
public class ExpiryTests
{
    private const long Past = 1_000_000;
    private const long Future = 4_000_000_000_000_000;

    [Fact]
    public async Task Compaction_removes_what_has_expired()
    {
        await using var machine = new Machine(3);
        await machine.StartAsync();
        await machine.ExecuteAsync(new CreateCollection("", "c", new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "until", Type = DataType.Timestamptz, Nullable = true },
            new FieldSchema { Name = "vector", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] },
        ]))
        { Properties = [new("ttl_field", "until")] });
        await machine.ExecuteAsync(new CreateIndex("", "c", "vector") { Params = [new("index_type", "FLAT"), new("metric_type", "L2")] });
        await machine.ExecuteAsync(new LoadCollection("", "c"));
        var until = new FixedColumnBuilder<long>(DataType.Timestamptz);
        for (var key = 0; key < 30; key++)
        {
            if (key % 3 == 2) until.AppendNull();
            else until.Append(key % 3 == 0 ? Past : Future);
        }
        await machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest
        {
            Collection = "c",
            RowCount = 30,
            Columns =
            [
                new("key", new FixedColumn<long>(DataType.Int64, Enumerable.Range(0, 30).Select(i => (long)i).ToArray())),
                new("until", until.Build()),
                new("vector", new VectorColumn(DataType.FloatVector, 2, new byte[30 * 8])),
            ],
        });
        Assert.Equal(20, await machine.CountAsync("c"));
        await machine.FlushedAsync("c");
        Assert.Equal(20, await machine.CountAsync("c"));
        await machine.CompactedAsync("c");
        await machine.ExecuteAsync(new AlterCollection("", "c") { DeleteKeys = ["ttl_field"] });
        Assert.Equal(20, await machine.CountAsync("c"));
        Assert.Equal([.. Enumerable.Range(0, 30).Where(k => k % 3 != 0).Select(k => (long)k)], (await KeysAsync(machine)).Order());
    }

    private static async Task<long[]> KeysAsync(Machine machine)
    {
        var result = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
        {
            Collection = "c",
            Expression = "key >= 0",
            OutputFields = ["key"],
            ConsistencyLevel = ConsistencyLevel.Strong,
            Params = ImmutableDictionary<string, string>.Empty,
        });
        return ((FixedColumn<long>)result.Columns.Single(c => c.Name == "key").Column).Values.ToArray();
    }
}
