using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>Many searches of rows without an index at once: whether or not some of them share a pass, each finds what it finds alone.</summary>
public class SharedScanTests
{
    private const int Dimension = 256;
    private const int Rows = 6000;

    [Fact]
    public async Task Searches_that_arrive_together_find_what_each_finds_alone()
    {
        var random = new Random(11);
        await using var machine = new Machine(1, Machine.Small with { Channel = new() });
        await machine.StartAsync();
        await CreateAsync(machine);
        await InsertAsync(machine, random, 0);
        var template = Template();
        byte[][] queries = [.. Enumerable.Range(0, 48).Select(_ => Vectors(random, 1))];
        var alone = new List<string>();
        foreach (var q in queries) alone.Add(Text(await SearchAsync(machine, template, q)));

        for (var round = 0; round < 4; round++)
            Assert.Equal(alone, await Task.WhenAll(queries.Select(q => Task.Run(async () => Text(await SearchAsync(machine, template, q))))));
    }

    [Fact]
    public async Task A_search_that_shares_sees_what_was_acknowledged_before_it()
    {
        var random = new Random(12);
        await using var machine = new Machine(2, Machine.Small with { Channel = new() });
        await machine.StartAsync();
        await CreateAsync(machine);
        await InsertAsync(machine, random, 0);
        var template = Template();
        using var noise = new CancellationTokenSource();
        var load = Enumerable.Range(0, 12).Select(_ => Task.Run(async () =>
        {
            var own = Vectors(new Random(3), 1);
            while (!noise.IsCancellationRequested) await SearchAsync(machine, template, own);
        })).ToArray();
        try
        {
            for (var key = Rows; key < Rows + 40; key++)
            {
                var vector = Vectors(random, 1);
                await InsertAsync(machine, key, vector);
                Assert.Equal(key, (await SearchAsync(machine, template, vector)).Ids.Int64s[0]);
                await machine.DeleteAsync("c", key);
                Assert.NotEqual(key, (await SearchAsync(machine, template, vector)).Ids.Int64s[0]);
            }
        }
        finally
        {
            await noise.CancelAsync();
            await Task.WhenAll(load);
        }
    }

    private static async Task CreateAsync(Machine machine)
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "vector", Type = DataType.FloatVector, TypeParams = [new Property("dim", "256")] },
        ]);
        await machine.ExecuteAsync(new CreateCollection("", "c", schema));
        await machine.IndexAsync("c", "HNSW");
        await machine.ExecuteAsync(new LoadCollection("", "c"));
    }

    private static Task InsertAsync(Machine machine, Random random, long first) => InsertAsync(machine, first, Vectors(random, Rows));

    private static Task InsertAsync(Machine machine, long first, byte[] vectors)
    {
        var rows = vectors.Length / (Dimension * sizeof(float));
        return machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest
        {
            Collection = "c",
            RowCount = rows,
            Columns = [new("key", new FixedColumn<long>(DataType.Int64, Enumerable.Range(0, rows).Select(i => first + i).ToArray())), new("vector", new VectorColumn(DataType.FloatVector, Dimension, vectors))],
        });
    }

    private static SearchTemplate Template() => new(new SearchRequest
    {
        Collection = "c",
        ConsistencyLevel = ConsistencyLevel.Strong,
        Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "vector").Add("topk", "5"),
    });

    private static Task<SearchResult> SearchAsync(Machine machine, SearchTemplate template, byte[] query) =>
        machine.Proxy.SearchAsync(RequestContext.Default, template.With(new QueryVectors(DataType.FloatVector, [query]), 0));

    private static string Text(SearchResult result) => string.Join(' ', result.Ids.Int64s.ToArray());

    private static byte[] Vectors(Random random, int rows)
    {
        var values = new float[rows * Dimension];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle();
        return MemoryMarshal.AsBytes<float>(values).ToArray();
    }
}
