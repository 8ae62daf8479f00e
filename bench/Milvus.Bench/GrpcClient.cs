using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;
using KeyValuePair = Milvus.Protocol.Common.KeyValuePair;

namespace Milvus.Bench;

/// <summary>Unary gRPC over HTTP/2 without TLS; one connection, safe for many callers.</summary>
internal sealed class GrpcClient(int port) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(30) };

    public void Dispose() => _http.Dispose();

    public async Task CreateCollectionAsync(string name, int dimension, int shards = 1)
    {
        var vector = new FieldSchema { Name = "vector", DataType = DataType.FloatVector, TypeParams = { new KeyValuePair { Key = "dim", Value = $"{dimension}" } } };
        var key = new FieldSchema { Name = "id", DataType = DataType.Int64, IsPrimaryKey = true };
        var schema = new CollectionSchema { Name = name, Fields = { key, vector } };
        Check(await CallAsync("CreateCollection", new CreateCollectionRequest { CollectionName = name, Schema = schema.ToByteString(), ShardsNum = shards }, Status.Parser));
    }

    /// <summary>A text field, analysed as it is without parameters, and the output of a BM25 function over it.</summary>
    public async Task CreateTextCollectionAsync(string name, int shards = 1)
    {
        var text = new FieldSchema { Name = "text", DataType = DataType.VarChar };
        Add(text.TypeParams, ("max_length", "65535"), ("enable_analyzer", "true"), ("enable_match", "true"));
        var schema = new CollectionSchema
        {
            Name = name,
            Fields =
            {
                new FieldSchema { Name = "id", DataType = DataType.Int64, IsPrimaryKey = true },
                text,
                new FieldSchema { Name = "sparse", DataType = DataType.SparseFloatVector, IsFunctionOutput = true },
            },
            Functions = { new FunctionSchema { Name = "bm25", Type = FunctionType.Bm25, InputFieldNames = { "text" }, OutputFieldNames = { "sparse" } } },
        };
        Check(await CallAsync("CreateCollection", new CreateCollectionRequest { CollectionName = name, Schema = schema.ToByteString(), ShardsNum = shards }, Status.Parser));
    }

    public async Task InsertTextsAsync(string name, long firstId, ReadOnlyMemory<string> texts)
    {
        var ids = new LongArray();
        var values = new StringArray();
        foreach (var text in texts.Span)
        {
            ids.Data.Add(firstId + ids.Data.Count);
            values.Data.Add(text);
        }
        var request = new InsertRequest
        {
            CollectionName = name,
            NumRows = (uint)texts.Length,
            FieldsData =
            {
                new FieldData { FieldName = "id", Type = DataType.Int64, Scalars = new ScalarField { LongData = ids } },
                new FieldData { FieldName = "text", Type = DataType.VarChar, Scalars = new ScalarField { StringData = values } },
            },
        };
        Check((await CallAsync("Insert", request, MutationResult.Parser)).Status);
    }

    public Task InsertAsync(string name, long firstId, ReadOnlyMemory<float> vectors, int dimension)
    {
        var ids = new long[vectors.Length / dimension];
        for (var i = 0; i < ids.Length; i++) ids[i] = firstId + i;
        return InsertAsync(name, ids, vectors, dimension);
    }

    public async Task InsertAsync(string name, long[] keys, ReadOnlyMemory<float> vectors, int dimension)
    {
        var count = keys.Length;
        var ids = new LongArray { Data = { keys } };
        var floats = new FloatArray();
        floats.Data.Capacity = vectors.Length;
        foreach (var value in vectors.Span) floats.Data.Add(value);
        var request = new InsertRequest
        {
            CollectionName = name,
            NumRows = (uint)count,
            FieldsData =
            {
                new FieldData { FieldName = "id", Type = DataType.Int64, Scalars = new ScalarField { LongData = ids } },
                new FieldData { FieldName = "vector", Type = DataType.FloatVector, Vectors = new VectorField { Dim = dimension, FloatVector = floats } },
            },
        };
        Check((await CallAsync("Insert", request, MutationResult.Parser)).Status);
    }

    public async Task FlushAsync(string name)
    {
        var flushed = await CallAsync("Flush", new FlushRequest { CollectionNames = { name } }, FlushResponse.Parser);
        Check(flushed.Status);
        var state = new GetFlushStateRequest { CollectionName = name, FlushTs = flushed.CollFlushTs[name], SegmentIDs = { flushed.CollSegIDs[name].Data } };
        while (!(await CallAsync("GetFlushState", state, GetFlushStateResponse.Parser)).Flushed) await Task.Delay(20);
    }

    /// <summary>Asks for an index and waits until no row lacks it.</summary>
    /// <param name="waiting">Told the indexed rows and all rows now and then.</param>
    public async Task CreateIndexAsync(
        string name, string type, string parameters, Action<long, long>? waiting = null, string field = "vector", string metric = "L2")
    {
        var request = new CreateIndexRequest { CollectionName = name, FieldName = field, IndexName = field };
        Add(request.ExtraParams, ("index_type", type), ("metric_type", metric), ("params", parameters));
        Check(await CallAsync("CreateIndex", request, Status.Parser));
        await WaitForIndexAsync(name, waiting);
    }

    /// <summary>Waits until no sealed row lacks the index.</summary>
    public async Task WaitForIndexAsync(string name, Action<long, long>? waiting = null)
    {
        while (true)
        {
            var described = await CallAsync("DescribeIndex", new DescribeIndexRequest { CollectionName = name }, DescribeIndexResponse.Parser);
            Check(described.Status);
            var index = described.IndexDescriptions[0];
            if (index.State == IndexState.Failed) throw new BenchException($"the index failed: {index.IndexStateFailReason}");
            if (index.State == IndexState.Finished && index.PendingIndexRows == 0) return;
            waiting?.Invoke(index.IndexedRows, index.TotalRows);
            await Task.Delay(50);
        }
    }

    public async Task LoadAsync(string name)
    {
        Check(await CallAsync("LoadCollection", new LoadCollectionRequest { CollectionName = name, ReplicaNumber = 1 }, Status.Parser));
        while ((await CallAsync("GetLoadState", new GetLoadStateRequest { CollectionName = name }, GetLoadStateResponse.Parser)).State != LoadState.Loaded)
            await Task.Delay(20);
    }

    public async Task DropCollectionAsync(string name) =>
        Check(await CallAsync("DropCollection", new DropCollectionRequest { CollectionName = name }, Status.Parser));

    public async Task<long> CountAsync(string name)
    {
        var request = new QueryRequest { CollectionName = name, OutputFields = { "count(*)" }, ConsistencyLevel = ConsistencyLevel.Strong };
        var answer = await CallAsync("Query", request, QueryResults.Parser);
        Check(answer.Status);
        return answer.FieldsData[0].Scalars.LongData.Data[0];
    }

    /// <summary>
    /// A page of a query iterator: rows with keys above the last one, ascending. The session timestamp of the first page makes all pages read one state.
    /// </summary>
    public async Task<(ulong SessionTs, IReadOnlyList<long> Ids, IReadOnlyList<float> Vectors)> QueryPageAsync(string name, long? after, int limit, ulong session)
    {
        var request = new QueryRequest
        {
            CollectionName = name,
            Expr = after is { } last ? $"id > {last}" : $"id < {long.MaxValue}",
            OutputFields = { "id", "vector" },
            ConsistencyLevel = session == 0 ? ConsistencyLevel.Strong : ConsistencyLevel.Customized,
            GuaranteeTimestamp = session,
        };
        Add(request.QueryParams, ("iterator", "True"), ("reduce_stop_for_best", "True"), ("limit", $"{limit}"));
        var answer = await CallAsync("Query", request, QueryResults.Parser);
        Check(answer.Status);
        var ids = answer.FieldsData.First(f => f.FieldName == "id").Scalars.LongData?.Data;
        var vectors = answer.FieldsData.First(f => f.FieldName == "vector").Vectors.FloatVector?.Data;
        return (answer.SessionTs, ids is null ? [] : ids, vectors is null ? [] : vectors);
    }

    /// <summary>The encoded request of a search, so that repeating it costs the client next to nothing.</summary>
    public static byte[] SearchBody(string name, ReadOnlyMemory<float> query, int k, int ef, string metric = "L2")
    {
        var placeholder = new PlaceholderValue { Tag = "$0", Type = PlaceholderType.FloatVector, Values = { ByteString.CopyFrom(MemoryMarshal.AsBytes(query.Span)) } };
        var request = new SearchRequest
        {
            CollectionName = name,
            PlaceholderGroup = new PlaceholderGroup { Placeholders = { placeholder } }.ToByteString(),
            DslType = DslType.BoolExprV1,
            Nq = 1,
            ConsistencyLevel = ConsistencyLevel.Bounded,
        };
        Add(request.SearchParams, ("anns_field", "vector"), ("topk", $"{k}"), ("metric_type", metric), ("params", $"{{\"ef\":{ef}}}"));
        return Frame(request);
    }

    /// <summary>The encoded request of a full-text search.</summary>
    public static byte[] TextSearchBody(string name, string query, int k)
    {
        var placeholder = new PlaceholderValue { Tag = "$0", Type = PlaceholderType.VarChar, Values = { ByteString.CopyFromUtf8(query) } };
        var request = new SearchRequest
        {
            CollectionName = name,
            PlaceholderGroup = new PlaceholderGroup { Placeholders = { placeholder } }.ToByteString(),
            DslType = DslType.BoolExprV1,
            Nq = 1,
            ConsistencyLevel = ConsistencyLevel.Bounded,
        };
        Add(request.SearchParams, ("anns_field", "sparse"), ("topk", $"{k}"), ("metric_type", "BM25"), ("params", "{}"));
        return Frame(request);
    }

    public async Task<IReadOnlyList<long>> SearchAsync(byte[] body)
    {
        var found = await SendAsync("Search", body, SearchResults.Parser);
        Check(found.Status);
        return found.Results.Ids.IntId.Data;
    }

    private Task<T> CallAsync<T>(string method, IMessage request, MessageParser<T> parser)
        where T : IMessage<T> => SendAsync(method, Frame(request), parser);

    private async Task<T> SendAsync<T>(string method, byte[] body, MessageParser<T> parser)
        where T : IMessage<T>
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var message = new HttpRequestMessage(HttpMethod.Post, "/milvus.proto.milvus.MilvusService/" + method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await _http.SendAsync(message);
        var answer = await response.Content.ReadAsByteArrayAsync();
        if (answer.Length >= 5) return parser.ParseFrom(answer.AsSpan(5));
        var reason = response.TrailingHeaders.TryGetValues("grpc-message", out var texts) || response.Headers.TryGetValues("grpc-message", out texts)
            ? string.Join(' ', texts)
            : $"HTTP {(int)response.StatusCode} without an answer";
        throw new BenchException($"{method}: {reason}");
    }

    private static byte[] Frame(IMessage request)
    {
        var body = new byte[5 + request.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(1), (uint)(body.Length - 5));
        request.WriteTo(body.AsSpan(5));
        return body;
    }

    private static void Add(ICollection<KeyValuePair> pairs, params ReadOnlySpan<(string Key, string Value)> values)
    {
        foreach (var (key, value) in values) pairs.Add(new KeyValuePair { Key = key, Value = value });
    }

    private static void Check(Status status)
    {
        if (status.Code != 0) throw new BenchException($"code {status.Code}: {status.Reason}");
    }
}
