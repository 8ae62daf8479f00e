using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests;

/// <summary>Nonsense gets an error with a code, leaves no reader open, and the next request works.</summary>
public sealed class FuzzTests
{
    private static readonly string[] Keys =
    [
        "topk", "limit", "offset", "anns_field", "metric_type", "params", "round_decimal", "ignore_growing", "group_by_field", "group_by_fields", "group_size",
        "strict_group_size", "iterator", "search_iter_v2", "search_iter_batch_size", "search_iter_id", "search_iter_last_bound", "collection_id", "radius",
        "range_filter", "ef", "nprobe", "strategy", "weights", "k", "rank_group_scorer", "reduce_stop_for_best", "order_by_fields", "timezone",
    ];

    private static readonly string[] Values =
    [
        "", "0", "1", "2", "5", "10", "-1", "16384", "16385", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1e3", "1.5", "NaN", "inf", "True", "false",
        "v", "s", "n", "id", "t", "$meta", "zzz", "L2", "IP", "cosine", "{}", "[]", "null", "{", "\"", "{\"ef\":10}", "{\"ef\":\"x\"}", "{\"ef\":{}}", "{\"radius\":1}", "{\"radius\":1,\"range_filter\":2}",
        "{\"radius\":\"a\"}", "{\"k\":1}", "{\"weights\":[0.5,0.5]}", "[0.5,0.5]", "weighted", "rrf", "max", "sum", "00000000-0000-0000-0000-000000000001", "3.4e38", "-0.0", "n,id", "\u0000", "Europe/Berlin",
    ];

    private static readonly string[] Expressions =
        ["", " ", "id > 3", "n == 1 and id in [1,2,3]", "id in []", "t like 'a%'", "x", "1 < 2", "1 > 2", "$meta['a'] > 1", "(", "id == {p}", "n / 0 == 1", "random_sample(0.5)", "text_match(t, 'a')", "t == '\uD83D\uDE00'"];

    private static readonly string[] Outputs = ["*", "id", "n", "v", "s", "$meta", "a", "$meta[\"a\"]", "$meta[", "$meta[]", "$meta[\"", "$meta['a\\']", "[", "]", "", " ", "n[0]", "t[\"x\"]", "count(*)", "sum(n)", "count()"];

    [Fact]
    public async Task Reads_of_any_kind_answer_or_refuse()
    {
        var world = await WorldAsync();
        var random = new Random(20);
        var answered = 0;
        for (var round = 0; round < 2400; round++)
        {
            var parameters = Enumerable.Range(0, random.Next(6)).Aggregate(Params(), (all, _) => all.SetItem(Pick(random, Keys), Pick(random, Values)));
            if (random.Next(2) == 0) parameters = parameters.SetItem("topk", "3").SetItem("limit", "3").SetItem("anns_field", random.Next(2) == 0 ? "v" : "s");
            var search = new SearchRequest
            {
                Collection = "c",
                Params = parameters,
                Expression = Pick(random, Expressions),
                OutputFields = Outputs3(random),
                ConsistencyLevel = random.Next(6) is < 5 and var level ? (ConsistencyLevel)level : null,
                GuaranteeTimestamp = random.Next(3) == 0 ? (ulong)random.NextInt64() : (ulong)random.Next(3),
                Vectors = random.Next(8) == 0 ? null : RandomQueries(random),
                Keys = random.Next(20) == 0 ? PrimaryKeys.Of(1, 2) : null,
                Partitions = random.Next(10) == 0 ? ["p1"] : [],
            };
            Task Act() => (round % 3) switch
            {
                0 => world.Proxy.SearchAsync(RequestContext.Default, search),
                1 => world.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
                {
                    Collection = "c",
                    Params = parameters,
                    Expression = search.Expression,
                    OutputFields = search.OutputFields,
                    ConsistencyLevel = search.ConsistencyLevel,
                    Keys = search.Keys,
                }),
                _ => world.Proxy.HybridSearchAsync(RequestContext.Default, new HybridSearchRequest
                {
                    Collection = "c",
                    RankParams = parameters,
                    OutputFields = search.OutputFields,
                    Requests = [.. Enumerable.Range(0, random.Next(3)).Select(_ => search with { Params = Params(("anns_field", Pick(random, ["v", "s"])), ("topk", "5")), Vectors = RandomQueries(random) })],
                }),
            };
            if (await AnswersAsync(Act, round)) answered++;
            Assert.Equal(0, world.Shards.OpenReaders);
        }
        Assert.InRange(answered, 100, 2300);
    }

    [Fact]
    public async Task Writes_of_any_kind_are_done_or_refused()
    {
        var world = await WorldAsync();
        var random = new Random(21);
        var answered = 0;
        for (var round = 0; round < 1800; round++)
        {
            var rows = random.Next(4);
            var columns = new List<NamedColumn>();
            foreach (var name in new[] { "id", "v", "s", "n", "t", "$meta", "zzz" })
                if (random.Next(name == "zzz" ? 30 : 12) is not 0 and var choice && (name != "zzz" || choice == 1)) columns.Add(RandomColumn(random, name, random.Next(30) == 0 ? random.Next(4) : rows));
            var request = new UpsertRequest { Collection = "c", RowCount = rows, Columns = [.. columns], PartialUpdate = random.Next(4) == 0, Partition = random.Next(10) == 0 ? "p1" : null };
            Task Act() => (round % 3) switch
            {
                0 => world.Proxy.InsertAsync(RequestContext.Default, new InsertRequest { Collection = "c", RowCount = rows, Columns = request.Columns, Partition = request.Partition }),
                1 => world.Proxy.UpsertAsync(RequestContext.Default, request),
                _ => world.Proxy.DeleteAsync(RequestContext.Default, new DeleteRequest { Collection = "c", Expression = Pick(random, Expressions), Partition = request.Partition }),
            };
            if (await AnswersAsync(Act, round)) answered++;
            Assert.Equal(0, world.Shards.OpenReaders);
        }
        Assert.InRange(answered, 100, 1700);
        await world.QueryAsync("", ["*"], ("limit", "100"));
    }

    private static async Task<World> WorldAsync()
    {
        var world = new World();
        world.Create([Key(), Vector(), Vector("s", type: DataType.SparseFloatVector), Field("n", DataType.Int64, nullable: true), VarChar("t", @default: new Literal.Text("d"))], shards: 2, dynamic: true);
        await world.InsertAsync(2, Int64s("id", 1, 2), Floats("v", [1, 2], [3, 4]), Sparse("s", [(1, 1f)], [(2, 1f)]), Int64s("n", 1, 2), Dynamic("{\"a\":1}", "{}"));
        return world;
    }

    private static async Task<bool> AnswersAsync(Func<Task> act, int round)
    {
        try
        {
            await act();
            return true;
        }
        catch (MilvusException e)
        {
            Assert.NotEqual(ErrorCode.Success, e.Code);
            Assert.NotEqual(ErrorCode.Internal, e.Code);
            Assert.NotEmpty(e.Message);
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"round {round}", e);
        }
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];

    private static ImmutableArray<string> Outputs3(Random random) => [.. Enumerable.Range(0, random.Next(3)).Select(_ => Pick(random, Outputs))];

    private static QueryVectors RandomQueries(Random random) => random.Next(6) switch
    {
        0 => Queries([1, 2], [0, 0]),
        1 => new QueryVectors(DataType.SparseFloatVector, [SparseBytes((1, 1f), (2, 1f))]),
        2 => new QueryVectors((DataType)random.Next(100, 107), [new byte[random.Next(20)]]),
        3 => new QueryVectors(DataType.VarChar, [new byte[] { 0xFF, 0x41 }]),
        _ => Queries([1, 2]),
    };

    private static NamedColumn RandomColumn(Random random, string name, int rows) => (name, random.Next(25)) switch
    {
        (_, 0) => Int64s(name, new long[rows]),
        (_, 1) => VarChars(name, rows, random),
        (_, 2) => Nullable(name, new long?[rows]),
        (_, 3) => new NamedColumn(name, new VectorColumn(DataType.BinaryVector, 16, new byte[2 * rows])),
        (_, 4) => Lists(name, DataType.Int64, [.. Enumerable.Repeat(new long[] { 1 }, rows)]),
        ("id", _) => Int64s(name, [.. Enumerable.Range(0, rows).Select(_ => random.NextInt64(6))]),
        ("v", _) => new NamedColumn(name, new VectorColumn(DataType.FloatVector, 2, Enumerable.Range(0, rows).SelectMany(i => Bytes([i, random.Next(100) == 0 ? float.NaN : 1])).ToArray())),
        ("s", _) => Sparse(name, [.. Enumerable.Range(0, rows).Select(i => new[] { ((uint)i, (float)random.Next(-1, 20)) })]),
        ("t", _) => VarChars(name, rows, random),
        ("$meta", _) => Dynamic([.. Enumerable.Range(0, rows).Select(_ => Pick(random, ["{}", "{\"a\":1}", "{\"b\":[{}]}", "{\"a\":{\"n\":1}}", "{\"n\":1}", "[]", "{", "{\"a\":1,\"a\":2}"]))]),
        _ => Int64s(name, [.. Enumerable.Range(0, rows).Select(_ => random.NextInt64())]),
    };

    private static NamedColumn VarChars(string name, int rows, Random random) => Texts(name, [.. Enumerable.Range(0, rows).Select(_ => new string('x', random.Next(19)))]);
}
