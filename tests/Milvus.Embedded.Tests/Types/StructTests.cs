using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Tests.Types;

/// <summary>Arrays of structs through their life, and search for lists of vectors by lists of vectors.</summary>
public class StructTests
{
    private const int Dimension = 4;

    private sealed record Row(long[] Numbers, float[][] Vectors);

    [Fact]
    public async Task Structs_stay_what_they_were_and_are_found()
    {
        var random = new Random(7);
        await using var machine = new Machine(7);
        await machine.StartAsync();
        await CreateAsync(machine, "MAX_SIM_IP");
        var model = new SortedDictionary<long, Row?>();
        await WriteAsync(machine, random, model, 0, 40);
        await CheckAsync(machine, random, model, "growing");
        await machine.FlushedAsync("c");
        await CheckAsync(machine, random, model, "sealed");
        await WriteAsync(machine, random, model, 30, 70);
        await machine.DeleteAsync("c", 3, 45);
        model.Remove(3);
        model.Remove(45);
        await CheckAsync(machine, random, model, "sealed and growing");
        await machine.FlushedAsync("c");
        await machine.CompactedAsync("c");
        await CheckAsync(machine, random, model, "compacted");
        await WriteAsync(machine, random, model, 65, 75);
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await CheckAsync(machine, random, model, "restarted");
    }

    [Theory]
    [InlineData("MAX_SIM_COSINE")]
    [InlineData("MAX_SIM")]
    [InlineData("MAX_SIM_L2")]
    public async Task Every_metric_ranks_lists(string metric)
    {
        var random = new Random(metric.Length);
        await using var machine = new Machine(8);
        await machine.StartAsync();
        await CreateAsync(machine, metric);
        var model = new SortedDictionary<long, Row?>();
        await WriteAsync(machine, random, model, 0, 30);
        await CheckSearchAsync(machine, random, model, metric, "growing");
    }

    [Theory]
    [InlineData("MAX_SIM_IP")]
    [InlineData("MAX_SIM_COSINE")]
    [InlineData("MAX_SIM_L2")]
    public async Task An_index_over_elements_finds_the_lists_that_a_scan_finds(string metric)
    {
        var random = new Random(metric.Length);
        await using var machine = new Machine(8, Machine.Small with { Channel = new ChannelOptions { MaxSegmentRows = 4000 } });
        await machine.StartAsync();
        await CreateAsync(machine, metric);
        var model = new SortedDictionary<long, Row?>();
        await WriteAsync(machine, random, model, 0, 2500);
        await machine.FlushedAsync("c");
        await machine.IndexedAsync("c");
        var found = 0;
        const int Rounds = 20;
        for (var round = 0; round < Rounds; round++)
        {
            float[][] query = [Vector(random), Vector(random), Vector(random)];
            var result = await SearchAsync(query, round % 2 == 0 ? "" : "key % 3 != 0");
            Assert.NotEmpty(Plans(result));
            Assert.All(Plans(result), plan => Assert.Equal("index", plan));
            var scores = model.Where(r => r.Value is { Vectors.Length: > 0 } && (round % 2 == 0 || r.Key % 3 != 0)).ToDictionary(r => r.Key, r => query.Sum(v => Best(metric, v, r.Value!.Vectors)));
            var expected = (metric == "MAX_SIM_L2" ? scores.OrderBy(s => s.Value) : scores.OrderByDescending(s => s.Value)).Take(10).Select(s => s.Key).ToArray();
            Assert.Equal(10, result.Scores.Length);
            for (var i = 0; i < 10; i++) Assert.Equal(scores[result.Ids.Int64s[i]], result.Scores[i], 1e-4);
            found += expected.Intersect(result.Ids.Int64s.ToArray()).Count();
        }
        Assert.True(found >= 0.95 * 10 * Rounds, $"{metric}: {found} of {10 * Rounds}");

        Task<SearchResult> SearchAsync(float[][] query, string filter) => machine.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Expression = filter,
            Vectors = new QueryVectors(DataType.FloatVector, [MemoryMarshal.AsBytes(query.SelectMany(v => v).ToArray().AsSpan()).ToArray()]) { AreLists = true },
            ConsistencyLevel = ConsistencyLevel.Strong,
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "s[w]").Add("topk", "10").Add("explain", "true"),
        });

        static string[] Plans(SearchResult result) => [.. result.Explain!.Steps.Where(s => s.Operation == "search").SelectMany(s => s.Segments).Where(s => s.RowCount > 0).Select(s => s.SearchPlan)];
    }

    [Fact]
    public async Task A_struct_added_later_is_null_in_old_rows()
    {
        var random = new Random(9);
        await using var machine = new Machine(9);
        await machine.StartAsync();
        await machine.CreateAsync("c", [new FieldSchema { Name = "v", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] }]);
        await machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest { Collection = "c", RowCount = 2, Columns = [Keys(100, 101), Plain(2)] });
        await machine.FlushedAsync("c");
        await machine.ExecuteAsync(new AddStructField("", "c", Struct));
        await machine.ExecuteAsync(new CreateIndex("", "c", "s[w]") { Params = [new("index_type", "AUTOINDEX"), new("metric_type", "MAX_SIM_IP")] });
        await machine.ExecuteAsync(new ReleaseCollection("", "c"));
        await machine.ExecuteAsync(new LoadCollection("", "c"));
        var model = new SortedDictionary<long, Row?> { [100] = null, [101] = null };
        await WriteAsync(machine, random, model, 0, 20, Plain(20));
        await CheckAsync(machine, random, model, "added");
        await machine.FlushedAsync("c");
        await machine.CompactedAsync("c");
        await CheckAsync(machine, random, model, "compacted");
    }

    [Fact]
    public async Task Sub_fields_of_a_row_are_equally_long()
    {
        await using var machine = new Machine(10);
        await machine.StartAsync();
        await CreateAsync(machine, "MAX_SIM");
        var numbers = new ArrayColumn(new[] { 0, 2 }, new FixedColumn<long>(DataType.Int64, new long[] { 1, 2 }));
        var vectors = new ArrayColumn(new[] { 0, 1 }, new VectorColumn(DataType.FloatVector, Dimension, new byte[16]));
        async Task<string> Refused(params ImmutableArray<NamedColumn> columns) => (await Assert.ThrowsAsync<MilvusException>(
            () => machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest { Collection = "c", RowCount = 1, Columns = [Keys(1), .. columns] }))).Message;
        Assert.StartsWith("inconsistent array length in struct field s, sub-field w, row number: 0", await Refused(new NamedColumn("s[n]", numbers), new NamedColumn("s[w]", vectors)));
        Assert.StartsWith("inconsistent validity in struct field s, sub-field w, row number: 0", await Refused(new NamedColumn("s[n]", numbers)));
        var wide = new ArrayColumn(new[] { 0, 2 }, new VectorColumn(DataType.FloatVector, 8, new byte[64]));
        Assert.StartsWith("the dim (8) of field data(s[w]) is not equal to schema dim (4)", await Refused(new NamedColumn("s[n]", numbers), new NamedColumn("s[w]", wide)));
        var many = new ArrayColumn(new[] { 0, 7 }, new FixedColumn<long>(DataType.Int64, new long[7]));
        Assert.StartsWith("the length (7) of 0th array exceeds max capacity (6)", await Refused(new NamedColumn("s[n]", many), new NamedColumn("s[w]", vectors)));
    }

    private static StructFieldSchema Struct => new()
    {
        Name = "s",
        Nullable = true,
        Fields =
        [
            new FieldSchema { Name = "n", Type = DataType.Array, ElementType = DataType.Int64 },
            new FieldSchema { Name = "w", Type = DataType.ArrayOfVector, ElementType = DataType.FloatVector, TypeParams = [new("dim", "4")] },
        ],
        TypeParams = [new("max_capacity", "6")],
    };

    private static async Task CreateAsync(Machine machine, string metric)
    {
        var schema = new CollectionSchema([new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true }], [], [Struct]);
        await machine.ExecuteAsync(new CreateCollection("", "c", schema));
        await machine.ExecuteAsync(new CreateIndex("", "c", "s[w]") { Params = [new("index_type", "HNSW"), new("metric_type", metric), new("M", "8"), new("efConstruction", "50")] });
        await machine.ExecuteAsync(new LoadCollection("", "c"));
    }

    private static NamedColumn Keys(params long[] keys) => new("key", new FixedColumn<long>(DataType.Int64, keys));

    private static NamedColumn Plain(int rows) => new("v", new VectorColumn(DataType.FloatVector, 2, new byte[rows * 8]));

    private static async Task WriteAsync(Machine machine, Random random, SortedDictionary<long, Row?> model, int from, int to, params NamedColumn[] more)
    {
        var numbers = new ArrayColumnBuilder(ColumnBuilder.For(DataType.Int64));
        var vectors = new ArrayColumnBuilder(ColumnBuilder.For(DataType.FloatVector, dimension: Dimension));
        for (var key = from; key < to; key++)
        {
            if (random.Next(5) == 0)
            {
                model[key] = null;
                numbers.AppendNull();
                vectors.AppendNull();
                continue;
            }
            var count = random.Next(6);
            var row = new Row([.. Enumerable.Range(0, count).Select(_ => random.NextInt64(100))], [.. Enumerable.Range(0, count).Select(_ => Vector(random))]);
            model[key] = row;
            foreach (var n in row.Numbers) ((FixedColumnBuilder<long>)numbers.Elements).Append(n);
            foreach (var v in row.Vectors) ((VectorColumnBuilder)vectors.Elements).Append(MemoryMarshal.AsBytes(v.AsSpan()));
            numbers.EndRow();
            vectors.EndRow();
        }
        await machine.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest
        {
            Collection = "c",
            RowCount = to - from,
            Columns = [Keys([.. Enumerable.Range(from, to - from).Select(i => (long)i)]), new("s[n]", numbers.Build()), new("s[w]", vectors.Build()), .. more],
        });
    }

    private static float[] Vector(Random random) => [.. Enumerable.Range(0, Dimension).Select(_ => (random.NextSingle() * 2) - 1)];

    private static async Task CheckAsync(Machine machine, Random random, SortedDictionary<long, Row?> model, string when)
    {
        var result = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest { Collection = "c", Expression = "key >= 0", OutputFields = ["s"], ConsistencyLevel = ConsistencyLevel.Strong });
        var keys = ((FixedColumn<long>)result.Columns.Single(c => c.Name == "key").Column).Values.ToArray();
        var numbers = (ArrayColumn)result.Columns.Single(c => c.Name == "s[n]").Column;
        var vectors = (ArrayColumn)result.Columns.Single(c => c.Name == "s[w]").Column;
        Assert.Equal(model.Keys, keys.Order());
        for (var i = 0; i < keys.Length; i++)
        {
            var row = model[keys[i]];
            Assert.True(row is null == numbers.IsNull(i) && row is null == vectors.IsNull(i), $"{when}: row {keys[i]}");
            if (row is null) continue;
            Assert.Equal(row.Numbers, ((FixedColumn<long>)numbers.Row(i)).Values.ToArray());
            Assert.Equal(row.Vectors.SelectMany(v => v), MemoryMarshal.Cast<byte, float>(((VectorColumn)vectors.Row(i)).Data).ToArray());
        }
        await CheckSearchAsync(machine, random, model, "MAX_SIM_IP", when);
    }

    private static async Task CheckSearchAsync(Machine machine, Random random, SortedDictionary<long, Row?> model, string metric, string when)
    {
        float[][][] queries = [[Vector(random)], [Vector(random), Vector(random), Vector(random)]];
        var result = await machine.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = new QueryVectors(DataType.FloatVector, [.. queries.Select(q => (ReadOnlyMemory<byte>)MemoryMarshal.AsBytes(q.SelectMany(v => v).ToArray().AsSpan()).ToArray())]) { AreLists = true },
            ConsistencyLevel = ConsistencyLevel.Strong,
            OutputFields = ["s[n]"],
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "s[w]").Add("topk", "10"),
        });
        var at = 0;
        for (var q = 0; q < queries.Length; q++)
        {
            var scores = model.Where(r => r.Value is { Vectors.Length: > 0 }).Select(r => (r.Key, Score: queries[q].Sum(v => Best(metric, v, r.Value!.Vectors)))).ToList();
            var expected = (metric == "MAX_SIM_L2" ? scores.OrderBy(s => s.Score) : scores.OrderByDescending(s => s.Score)).Take(10).ToList();
            Assert.True(expected.Count == result.TopKs[q], $"{when}: {result.TopKs[q]} hits");
            for (var i = 0; i < expected.Count; i++, at++)
            {
                Assert.Equal(expected[i].Key, result.Ids.Int64s[at]);
                Assert.Equal(expected[i].Score, result.Scores[at], 1e-4);
            }
        }
    }

    private static double Best(string metric, float[] query, float[][] list)
    {
        static double Dot(float[] a, float[] b) => a.Zip(b).Sum(p => (double)p.First * p.Second);
        return metric switch
        {
            "MAX_SIM_IP" => list.Max(v => Dot(query, v)),
            "MAX_SIM_L2" => list.Min(v => query.Zip(v).Sum(p => Math.Pow(p.First - (double)p.Second, 2))),
            _ => list.Max(v => Dot(query, v) / Math.Sqrt(Dot(query, query) * Dot(v, v))),
        };
    }
}
