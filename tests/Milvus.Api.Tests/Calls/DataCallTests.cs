using Google.Protobuf;
using Milvus.Api.Grpc;
using Milvus.Api.Tests.Grpc;
using Milvus.Model;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;
using Milvus.Proxy;
using DataType = Milvus.Model.DataType;
using ErrorCode = Milvus.Model.ErrorCode;
using FunctionChain = Milvus.Protocol.Schema.FunctionChain;
using WireLevel = Milvus.Protocol.Common.ConsistencyLevel;
using WireType = Milvus.Protocol.Schema.DataType;

namespace Milvus.Api.Tests.Calls;

public sealed class DataCallTests
{
    [Fact]
    public async Task Insert_hands_over_columns_and_lists_rows_by_outcome()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Answer = _ => new MutationResult { Ids = PrimaryKeys.Of(1, 2, 3), InsertCount = 3, Timestamp = Timestamp.FromMs(9) };
        var request = Insert();
        var answer = await server.CallAsync("Insert", request, Protocol.MutationResult.Parser);
        Assert.Equal((0, 3L, Timestamp.FromMs(9).Value), (answer.Status.Code, answer.InsertCnt, answer.Timestamp));
        Assert.Equal([1L, 2L, 3L], answer.IDs.IntId.Data);
        Assert.Equal([0u, 1u, 2u], answer.SuccIndex);
        Assert.Empty(answer.ErrIndex);

        var insert = server.Proxy.Last<InsertRequest>();
        Assert.Equal(("books", 3, 555ul), (insert.Collection, insert.RowCount, insert.SchemaTimestamp));
        var title = (BinaryColumn)insert.Columns.Single(c => c.Name == "title").Column;
        Assert.True(title.IsNull(1));
        Assert.Equal("c", title.GetString(2));
        Assert.Equal(2, ((VectorColumn)insert.Columns.Single(c => c.Name == "v").Column).Dimension);

        server.Proxy.Answer = _ => throw new MilvusException(ErrorCode.CollectionSchemaMismatch, "collection schema mismatch[collection=books]");
        answer = await server.CallAsync("Insert", request, Protocol.MutationResult.Parser);
        Assert.Equal((109, Protocol.Common.ErrorCode.SchemaMismatch), (answer.Status.Code, answer.Status.ErrorCode));
        Assert.Equal([0u, 1u, 2u], answer.ErrIndex);
        Assert.Empty(answer.SuccIndex);
        Assert.Equal(IDs.IdFieldOneofCase.None, answer.IDs.IdFieldCase);
    }

    [Fact]
    public async Task A_false_row_count_cannot_inflate_the_answer()
    {
        await using var server = await MilvusTestServer.StartAsync();
        foreach (var rows in new[] { 4u, 2_000_000_000u, uint.MaxValue })
        {
            var request = Insert();
            request.NumRows = rows;
            var answer = await server.CallAsync("Insert", request, Protocol.MutationResult.Parser);
            Assert.Equal(1100, answer.Status.Code);
            Assert.InRange(answer.ErrIndex.Count, 0, 6);
        }
    }

    [Fact]
    public async Task Upsert_and_delete_carry_their_options()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Answer = _ => new MutationResult { Ids = PrimaryKeys.Of("a"), UpsertCount = 1, DeleteCount = 5, Timestamp = Timestamp.FromMs(9) };
        await server.CallAsync(
            "Upsert", new Protocol.UpsertRequest
            {
                CollectionName = "books",
                NumRows = 0,
                FieldOps = { new FieldPartialUpdateOp { FieldName = "tags", Op = FieldPartialUpdateOp.Types.OpType.ArrayAppend } },
            }, Protocol.MutationResult.Parser);
        var upsert = server.Proxy.Last<UpsertRequest>();
        Assert.True(upsert.PartialUpdate);
        Assert.Equal(FieldOperation.ArrayAppend, upsert.FieldOperations["tags"]);

        var answer = await server.CallAsync(
            "Delete", new Protocol.DeleteRequest
            {
                CollectionName = "books",
                PartitionName = "old",
                Expr = "id in {ids}",
                ExprTemplateValues = { ["ids"] = new TemplateValue { ArrayVal = new TemplateArrayValue { LongData = new LongArray { Data = { 1, 2 } } } } },
            }, Protocol.MutationResult.Parser);
        Assert.Equal(5, answer.DeleteCnt);
        Assert.Equal(Protocol.Schema.IDs.IdFieldOneofCase.None, answer.IDs.IdFieldCase);
        var delete = server.Proxy.Last<DeleteRequest>();
        Assert.Equal(("old", "id in {ids}"), (delete.Partition, delete.Expression));
        Assert.Equal(new Literal.List([new Literal.Int(1), new Literal.Int(2)]), delete.Templates["ids"]);
    }

    [Fact]
    public async Task Search_reads_placeholders_and_writes_hits()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Answer = _ => new SearchResult
        {
            QueryCount = 2,
            TopKs = [2, 1],
            Scores = [0.5f, 0.75f, 1f],
            Ids = PrimaryKeys.Of(7, 8, 9),
            Columns = [new NamedColumn("title", BinaryColumn.FromStrings(DataType.VarChar, ["a", null, "c"]))],
            OutputFields = ["title"],
            PrimaryField = "id",
            Examined = 100,
            ReadAt = Timestamp.FromMs(44),
            Collection = MilvusTestServer.Books,
        };
        var request = Search(PlaceholderType.FloatVector, new byte[8], new byte[8]);
        request.UseDefaultConsistency = true;
        request.SearchParams.Add(new Protocol.Common.KeyValuePair { Key = "topk", Value = "2" });
        var answer = await server.CallAsync("Search", request, Protocol.SearchResults.Parser);
        Assert.Equal((0, "books", Timestamp.FromMs(44).Value), (answer.Status.Code, answer.CollectionName, answer.SessionTs));
        var data = answer.Results;
        Assert.Equal((2L, "id", 100L), (data.NumQueries, data.PrimaryFieldName, data.AllSearchCount));
        Assert.Equal([2L, 1L], data.Topks);
        Assert.Equal([0.5f, 0.75f, 1f], data.Scores);
        Assert.Equal([7L, 8L, 9L], data.Ids.IntId.Data);
        Assert.Equal(["a", "", "c"], data.FieldsData[0].Scalars.StringData.Data);
        Assert.Equal([true, false, true], data.FieldsData[0].ValidData);
        Assert.Equal(101, data.FieldsData[0].FieldId);

        var search = server.Proxy.Last<SearchRequest>();
        Assert.Null(search.ConsistencyLevel);
        Assert.Equal("2", search.Params["topk"]);
        Assert.Equal((DataType.FloatVector, 2), (search.Vectors!.Type, search.Vectors.Rows.Length));
    }

    [Fact]
    public async Task An_empty_result_keeps_its_typed_key_list()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Answer = _ => new SearchResult
        {
            QueryCount = 1,
            TopKs = [0],
            Scores = [],
            Ids = PrimaryKeys.Of(Array.Empty<string>()),
            Columns = [],
            OutputFields = [],
            PrimaryField = "id",
            ReadAt = Timestamp.FromMs(1),
            Collection = MilvusTestServer.Books,
        };
        var answer = await server.CallAsync("Search", Search(PlaceholderType.FloatVector, new byte[8]), Protocol.SearchResults.Parser);
        Assert.Equal(IDs.IdFieldOneofCase.StrId, answer.Results.Ids.IdFieldCase);
        Assert.Equal([0L], answer.Results.Topks);
    }

    [Fact]
    public async Task Searches_this_server_cannot_read_are_refused_with_a_reason()
    {
        await using var server = await MilvusTestServer.StartAsync();
        await Refused(1100, "empty search request", Search(PlaceholderType.FloatVector));
        await Refused(1100, "placeholder type EmbListSparseFloatVector is not supported", Search(PlaceholderType.EmbListSparseFloatVector, new byte[8]));
        await Refused(1100, "failed to unmarshal placeholder group", new Protocol.SearchRequest { PlaceholderGroup = ByteString.CopyFrom(255, 255) });
        var chained = Search(PlaceholderType.FloatVector, new byte[8]);
        chained.FunctionChains.Add(new Protocol.Schema.FunctionChain { Ops = { new FunctionChainOp { Op = "map", Expr = new FunctionChainExpr { Name = "decay", Args = { new FunctionChainExprArg() } } } } });
        await Refused(1100, "function chain expr arg is unset", chained);

        async Task Refused(int code, string reason, Protocol.SearchRequest request)
        {
            var answer = await server.CallAsync("Search", request, Protocol.SearchResults.Parser);
            Assert.Equal(code, answer.Status.Code);
            Assert.StartsWith(reason, answer.Status.Reason);
        }
    }

    [Fact]
    public async Task Legacy_and_current_forms_of_key_search_are_the_same()
    {
        await using var server = await MilvusTestServer.StartAsync();
        await server.CallAsync("Search", Search(PlaceholderType.Int64, BitConverter.GetBytes(5L), BitConverter.GetBytes(-6L)), Protocol.SearchResults.Parser);
        Assert.Equal([5L, -6L], server.Proxy.Last<SearchRequest>().Keys!.Value.Int64s.ToArray());
        await server.CallAsync("Search", new Protocol.SearchRequest { Ids = new IDs { IntId = new LongArray { Data = { 5, -6 } } } }, Protocol.SearchResults.Parser);
        Assert.Equal([5L, -6L], server.Proxy.Last<SearchRequest>().Keys!.Value.Int64s.ToArray());
    }

    [Fact]
    public async Task Hybrid_search_takes_its_ranker_as_parameters_or_as_a_function()
    {
        await using var server = await MilvusTestServer.StartAsync();
        var request = new Protocol.HybridSearchRequest
        {
            CollectionName = "books",
            Requests = { Search(PlaceholderType.FloatVector, new byte[8]) },
            RankParams = { new Protocol.Common.KeyValuePair { Key = "limit", Value = "5" } },
            FunctionScore = new Protocol.Schema.FunctionScore
            {
                Functions =
                {
                    new Protocol.Schema.FunctionSchema
                    {
                        Type = Protocol.Schema.FunctionType.Rerank,
                        Params =
                        {
                            new Protocol.Common.KeyValuePair { Key = "reranker", Value = "weighted" },
                            new Protocol.Common.KeyValuePair { Key = "weights", Value = "[0.5,0.5]" },
                        },
                    },
                },
            },
        };
        await server.CallAsync("HybridSearch", request, Protocol.SearchResults.Parser);
        var hybrid = server.Proxy.Last<HybridSearchRequest>();
        var function = Assert.Single(hybrid.Score!.Functions);
        Assert.Equal(("5", "weighted", "[0.5,0.5]"), (hybrid.RankParams["limit"], function.Params["reranker"], function.Params["weights"]));
        Assert.Single(hybrid.Requests);
    }

    [Fact]
    public async Task Query_answers_columns_with_dynamic_ones_marked()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Answer = _ => new QueryResult
        {
            RowCount = 2,
            OutputFields = ["id", "color"],
            PrimaryField = "id",
            ReadAt = Timestamp.FromMs(3),
            Collection = MilvusTestServer.Books,
            Columns =
            [
                new NamedColumn("id", new FixedColumn<long>(DataType.Int64, new long[] { 1, 2 })),
                new NamedColumn("$meta", BinaryColumn.FromStrings(DataType.Json, ["{\"color\":\"red\"}", "{}"]), IsDynamic: true),
            ],
        };
        var request = new Protocol.QueryRequest { CollectionName = "books", Expr = "id > 0", ConsistencyLevel = WireLevel.Session, GuaranteeTimestamp = 12 };
        var answer = await server.CallAsync("Query", request, Protocol.QueryResults.Parser);
        Assert.Equal([1L, 2L], answer.FieldsData[0].Scalars.LongData.Data);
        Assert.True(answer.FieldsData[1].IsDynamic);
        Assert.Equal((WireType.Json, "{\"color\":\"red\"}"), (answer.FieldsData[1].Type, answer.FieldsData[1].Scalars.JsonData.Data[0].ToStringUtf8()));
        Assert.Equal(["id", "color"], answer.OutputFields);
        var query = server.Proxy.Last<QueryRequest>();
        Assert.Equal((Model.ConsistencyLevel.Session, 12ul), (query.ConsistencyLevel!.Value, query.GuaranteeTimestamp));
    }

    [Fact]
    public async Task Counts_have_no_field_behind_them()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Answer = _ => new QueryResult
        {
            RowCount = 1,
            OutputFields = ["count(*)"],
            PrimaryField = "id",
            ReadAt = Timestamp.FromMs(3),
            Collection = MilvusTestServer.Books,
            Columns = [new NamedColumn("count(*)", new FixedColumn<long>(DataType.Int64, new long[] { 42 }))],
        };
        var answer = await server.CallAsync("Query", new Protocol.QueryRequest { CollectionName = "books" }, Protocol.QueryResults.Parser);
        Assert.Equal(("count(*)", WireType.Int64, 42L), (answer.FieldsData[0].FieldName, answer.FieldsData[0].Type, answer.FieldsData[0].Scalars.LongData.Data[0]));
    }

    [Fact]
    public async Task Thousands_of_mutilated_requests_get_answers()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Answer = _ => throw MilvusException.InvalidParameter("no");
        var random = new Random(99);
        (string Method, IMessage Request)[] valid =
        [
            ("Insert", Insert()),
            ("Search", Search(PlaceholderType.FloatVector, new byte[8])),
            ("Query", new Protocol.QueryRequest { CollectionName = "books", Expr = "id > 0", OutputFields = { "*" } }),
            ("CreateCollection", new Protocol.CreateCollectionRequest { CollectionName = "c", Schema = new Protocol.Schema.CollectionSchema { Fields = { new Protocol.Schema.FieldSchema { Name = "id" } } }.ToByteString() }),
            ("DescribeCollection", new Protocol.DescribeCollectionRequest { CollectionName = "books" }),
        ];
        var calls = new List<Task<GrpcReply>>();
        for (var i = 0; i < 3000; i++)
        {
            var (method, request) = valid[random.Next(valid.Length)];
            var bytes = request.ToByteArray();
            for (var flips = random.Next(1, 8); flips > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            calls.Add(server.CallAsync(TestServer.Path(method), new ByteArrayContent(RawGrpcClient.Frame(bytes))));
        }
        foreach (var reply in await Task.WhenAll(calls))
            Assert.Contains(reply.Status, new GrpcStatusCode?[] { GrpcStatusCode.Ok, GrpcStatusCode.Internal });
        var described = await server.CallAsync(
            "DescribeCollection", new Protocol.DescribeCollectionRequest { CollectionName = "books" }, Protocol.DescribeCollectionResponse.Parser);
        Assert.Equal(0, described.Status.Code);
    }

    private static Protocol.InsertRequest Insert() => new()
    {
        CollectionName = "books",
        NumRows = 3,
        SchemaTimestamp = 555,
        FieldsData =
        {
            new FieldData { FieldName = "id", Type = WireType.Int64, Scalars = new ScalarField { LongData = new LongArray { Data = { 1, 2, 3 } } } },
            new FieldData
            {
                FieldName = "title", Type = WireType.VarChar, ValidData = { true, false, true },
                Scalars = new ScalarField { StringData = new StringArray { Data = { "a", "c" } } },
            },
            new FieldData
            {
                FieldName = "v", Type = WireType.FloatVector,
                Vectors = new VectorField { Dim = 2, FloatVector = new FloatArray { Data = { 1, 2, 3, 4, 5, 6 } } },
            },
        },
    };

    private static Protocol.SearchRequest Search(PlaceholderType type, params byte[][] values)
    {
        var placeholder = new PlaceholderValue { Tag = "$0", Type = type };
        placeholder.Values.AddRange(values.Select(v => ByteString.CopyFrom(v)));
        return new Protocol.SearchRequest
        {
            CollectionName = "books",
            PlaceholderGroup = new PlaceholderGroup { Placeholders = { placeholder } }.ToByteString(),
        };
    }
}
