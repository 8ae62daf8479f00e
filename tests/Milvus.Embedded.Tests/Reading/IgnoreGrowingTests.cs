using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>Requests that leave growing rows out: what was flushed is not growing any more, from the moment that the flush was answered.</summary>
public class IgnoreGrowingTests
{
    [Fact]
    public async Task Flushed_rows_are_not_growing()
    {
        await using var machine = new Machine(1);
        await machine.StartAsync();
        await machine.CreateAsync("c", shards: 2);
        for (long key = 0; key < 40; key += 10)
        {
            await machine.InsertAsync("c", [.. Enumerable.Range((int)key, 10).Select(k => ((long)k, (long)k))]);
            Assert.Equal(key, await CountAsync(machine));
            await machine.FlushAsync("c");
            // Whether the files are written by now or not.
            Assert.Equal(key + 10, await CountAsync(machine));
            Assert.Equal(key + 10, await FoundAsync(machine));
        }
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await machine.FlushedAsync("c");
        Assert.Equal(40, await FoundAsync(machine));
    }

    private static async Task<long> CountAsync(Machine machine)
    {
        var result = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
        {
            Collection = "c",
            OutputFields = ["count(*)"],
            ConsistencyLevel = ConsistencyLevel.Strong,
            Params = ImmutableDictionary<string, string>.Empty.Add("ignore_growing", "true"),
        });
        return ((FixedColumn<long>)result.Columns.Single(c => c.Name == "count(*)").Column).Values[0];
    }

    private static async Task<long> FoundAsync(Machine machine)
    {
        var result = await machine.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = new QueryVectors(DataType.FloatVector, [MemoryMarshal.AsBytes<float>(Client.Vector(7)).ToArray()]),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "vector").Add("topk", "100").Add("ignore_growing", "true"),
        });
        return result.Scores.Length;
    }
}
