using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;
using KeyValuePair = Milvus.Protocol.Common.KeyValuePair;

namespace Milvus.Standalone.Demo;

/// <summary>The least gRPC client that the demo needs: unary calls over HTTP/2 without TLS.</summary>
internal sealed class DemoClient : IDisposable
{
    private readonly HttpClient _http;

    public DemoClient(int port) => _http = new HttpClient
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        DefaultRequestVersion = System.Net.HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromMinutes(10),
    };

    public void Dispose() => _http.Dispose();

    public async Task CreateCollectionAsync(string name, int dimension, CancellationToken cancellation)
    {
        var schema = new Protocol.Schema.CollectionSchema { Name = name };
        schema.Fields.Add(new Protocol.Schema.FieldSchema { Name = "id", DataType = Protocol.Schema.DataType.Int64, IsPrimaryKey = true });
        var vector = new Protocol.Schema.FieldSchema { Name = "vector", DataType = Protocol.Schema.DataType.FloatVector };
        vector.TypeParams.Add(new KeyValuePair { Key = "dim", Value = $"{dimension}" });
        schema.Fields.Add(vector);
        Check(await CallAsync("CreateCollection", new CreateCollectionRequest { CollectionName = name, Schema = schema.ToByteString(), ShardsNum = 1 }, Status.Parser, cancellation));
    }

    public async Task InsertAsync(string name, long firstId, ReadOnlyMemory<float> vectors, int dimension, CancellationToken cancellation)
    {
        var count = vectors.Length / dimension;
        var ids = new LongArray();
        for (var i = 0; i < count; i++) ids.Data.Add(firstId + i);
        var floats = new FloatArray();
        foreach (var x in vectors.Span) floats.Data.Add(x);
        var request = new InsertRequest { CollectionName = name, NumRows = (uint)count };
        request.FieldsData.Add(new FieldData { FieldName = "id", Type = Protocol.Schema.DataType.Int64, Scalars = new ScalarField { LongData = ids } });
        request.FieldsData.Add(new FieldData { FieldName = "vector", Type = Protocol.Schema.DataType.FloatVector, Vectors = new VectorField { Dim = dimension, FloatVector = floats } });
        Check((await CallAsync("Insert", request, Protocol.MutationResult.Parser, cancellation)).Status);
    }

    public async Task FlushAsync(string name, CancellationToken cancellation)
    {
        var request = new FlushRequest();
        request.CollectionNames.Add(name);
        var flushed = await CallAsync("Flush", request, FlushResponse.Parser, cancellation);
        Check(flushed.Status);
        var state = new GetFlushStateRequest { CollectionName = name, FlushTs = flushed.CollFlushTs[name] };
        state.SegmentIDs.AddRange(flushed.CollSegIDs[name].Data);
        while (!(await CallAsync("GetFlushState", state, GetFlushStateResponse.Parser, cancellation)).Flushed) await Task.Delay(20, cancellation);
    }

    public async Task CreateIndexAsync(string name, CancellationToken cancellation)
    {
        var request = new CreateIndexRequest { CollectionName = name, FieldName = "vector", IndexName = "vector" };
        foreach (var (key, value) in new[] { ("index_type", "HNSW"), ("metric_type", "L2"), ("params", "{\"M\":16,\"efConstruction\":200}") })
            request.ExtraParams.Add(new KeyValuePair { Key = key, Value = value });
        Check(await CallAsync("CreateIndex", request, Status.Parser, cancellation));
        while (true)
        {
            var described = await CallAsync("DescribeIndex", new DescribeIndexRequest { CollectionName = name }, DescribeIndexResponse.Parser, cancellation);
            Check(described.Status);
            if (described.IndexDescriptions[0].State == Protocol.Common.IndexState.Finished) return;
            await Task.Delay(50, cancellation);
        }
    }

    public async Task LoadAsync(string name, CancellationToken cancellation)
    {
        Check(await CallAsync("LoadCollection", new LoadCollectionRequest { CollectionName = name, ReplicaNumber = 1 }, Status.Parser, cancellation));
        while ((await CallAsync("GetLoadState", new GetLoadStateRequest { CollectionName = name }, GetLoadStateResponse.Parser, cancellation)).State != LoadState.Loaded)
            await Task.Delay(20, cancellation);
    }

    public async Task<IReadOnlyList<long>> SearchAsync(string name, ReadOnlyMemory<float> query, int k, int ef, CancellationToken cancellation)
    {
        var placeholder = new PlaceholderValue { Tag = "$0", Type = PlaceholderType.FloatVector };
        placeholder.Values.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes(query.Span)));
        var request = new SearchRequest
        {
            CollectionName = name,
            PlaceholderGroup = new PlaceholderGroup { Placeholders = { placeholder } }.ToByteString(),
            DslType = DslType.BoolExprV1,
            Nq = 1,
            ConsistencyLevel = Protocol.Common.ConsistencyLevel.Bounded,
        };
        foreach (var (key, value) in new[] { ("anns_field", "vector"), ("topk", $"{k}"), ("metric_type", "L2"), ("params", $"{{\"ef\":{ef}}}") })
            request.SearchParams.Add(new KeyValuePair { Key = key, Value = value });
        var found = await CallAsync("Search", request, SearchResults.Parser, cancellation);
        Check(found.Status);
        return found.Results.Ids.IntId.Data;
    }

    private async Task<T> CallAsync<T>(string method, IMessage request, MessageParser<T> parser, CancellationToken cancellation)
        where T : IMessage<T>
    {
        var body = new byte[5 + request.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(1), (uint)(body.Length - 5));
        request.WriteTo(body.AsSpan(5));
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var message = new HttpRequestMessage(HttpMethod.Post, "/milvus.proto.milvus.MilvusService/" + method) { Version = System.Net.HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await _http.SendAsync(message, cancellation);
        var answer = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (answer.Length < 5)
        {
            var reason = response.TrailingHeaders.TryGetValues("grpc-message", out var m) || response.Headers.TryGetValues("grpc-message", out m) ? string.Join(' ', m) : "no answer";
            throw new MilvusException(Milvus.Model.ErrorCode.Unexpected, $"{method}: {reason}");
        }
        return parser.ParseFrom(answer.AsSpan(5));
    }

    private static void Check(Status status)
    {
        if (status.Code != 0) throw new MilvusException((Milvus.Model.ErrorCode)status.Code, status.Reason);
    }
}
