using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Grpc.Calls;
using Milvus.Api.Server;
using Milvus.Api.Tests.Grpc;
using Milvus.Coordinator;
using Milvus.Model;

namespace Milvus.Api.Tests.Calls;

/// <summary>The whole service over a socket, on a fake proxy with one collection <c>books</c>.</summary>
internal sealed class MilvusTestServer : IAsyncDisposable
{
    private readonly TestServer _server;

    private MilvusTestServer(TestServer server, FakeProxy proxy)
    {
        _server = server;
        Proxy = proxy;
    }

    public FakeProxy Proxy { get; }

    public static CollectionInfo Books { get; } = new()
    {
        Id = 440,
        DatabaseId = 1,
        DatabaseName = Limits.DefaultDatabase,
        Name = "books",
        Schema = new CollectionSchema(
            [
                new FieldSchema { Id = 100, Name = "id", Type = DataType.Int64, IsPrimaryKey = true },
                new FieldSchema { Id = 101, Name = "title", Type = DataType.VarChar, Nullable = true, TypeParams = [new("max_length", "64")] },
                new FieldSchema { Id = 102, Name = "v", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] },
                new FieldSchema { Id = 103, Name = "$meta", Type = DataType.Json, IsDynamic = true },
            ],
            enableDynamicField: true),
        ShardCount = 2,
        Partitions = [new PartitionInfo(441, "_default", Timestamp.FromMs(5)), new PartitionInfo(442, "old", Timestamp.FromMs(6))],
        Indexes =
        [
            new IndexInfo
            {
                Id = 450, Name = "v", FieldId = 102, FieldName = "v", IndexType = "HNSW", Metric = MetricType.L2,
                Params = [new("index_type", "HNSW"), new("metric_type", "L2")],
            },
        ],
        Aliases = ["library"],
        Load = new LoadSpec(),
        CreatedAt = Timestamp.FromMs(1234, 5),
        SchemaUpdatedAt = Timestamp.FromMs(2000),
    };

    public static async Task<MilvusTestServer> StartAsync(params CatalogEvent[] events)
    {
        var proxy = new FakeProxy([new CollectionCreated(Books), .. events]);
        var health = new ServerHealth();
        health.Ready();
        var server = await TestServer.StartAsync(
            table => table.AddMilvus(proxy, new ServerIdentity(), health, TimeProvider.System, NullLogger.Instance));
        return new MilvusTestServer(server, proxy);
    }

    public async Task<T> CallAsync<T>(string method, IMessage request, MessageParser<T> parser, params (string, string)[] metadata)
        where T : IMessage<T> =>
        (await _server.Client.CallAsync(TestServer.Path(method), request, metadata)).Single(parser);

    public Task<GrpcReply> CallAsync(string path, HttpContent body) => _server.Client.CallAsync(path, body, CancellationToken.None);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
