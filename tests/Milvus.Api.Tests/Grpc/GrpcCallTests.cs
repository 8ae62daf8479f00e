using System.IO.Compression;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Milvus.Api.Grpc;
using Milvus.Protocol;
using static Milvus.Api.Tests.Grpc.RawGrpcClient;

namespace Milvus.Api.Tests.Grpc;

public sealed class GrpcCallTests
{
    private static readonly string Query = TestServer.Path("Query");

    [Fact]
    public async Task A_unary_call_answers_one_message_and_status_zero()
    {
        await using var server = await TestServer.StartAsync(TestServer.AddVersion);
        var reply = await server.Client.CallAsync(TestServer.Path("GetVersion"), new GetVersionRequest());
        Assert.Equal("v-test", reply.Single(GetVersionResponse.Parser).Version);
        Assert.Equal(200, reply.HttpStatus);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(20_000, false)]
    [InlineData(30_000_000, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(20_000, true)]
    [InlineData(30_000_000, true)]
    public async Task Messages_of_any_size_arrive_whole_in_both_directions(int length, bool isOwned)
    {
        await using var server = await StartAsync(isOwned);
        var text = string.Create(length, 0, (span, _) => { for (var i = 0; i < span.Length; i++) span[i] = (char)('a' + (i % 26)); });
        var reply = await server.Client.CallAsync(Query, new QueryRequest { Expr = text });
        Assert.Equal(text, reply.Single(QueryResults.Parser).CollectionName);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_may_arrive_in_crumbs(bool isOwned)
    {
        await using var server = await StartAsync(isOwned);
        var frame = Frame(new QueryRequest { Expr = "a > 1", CollectionName = "c" }.ToByteArray());
        var reply = await server.Client.CallAsync(Query, new CrumbContent(frame), CancellationToken.None);
        Assert.Equal("a > 1", reply.Single(QueryResults.Parser).CollectionName);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_calls_share_a_connection(bool isOwned)
    {
        await using var server = await StartAsync(isOwned);
        var calls = Enumerable.Range(0, 300).Select(i => server.Client.CallAsync(Query, new QueryRequest { Expr = $"x == {i}" })).ToArray();
        for (var i = 0; i < calls.Length; i++)
            Assert.Equal($"x == {i}", (await calls[i]).Single(QueryResults.Parser).CollectionName);
    }

    [Fact]
    public async Task A_server_stream_sends_its_messages_in_order()
    {
        await using var server = await TestServer.StartAsync(table => table.ServerStream<DumpMessagesRequest, DumpMessagesResponse>(
            TestServer.Service, "DumpMessages", DumpMessagesRequest.Parser, async (_, write, _) =>
            {
                for (var i = 0; i < 3; i++) await write(new DumpMessagesResponse { Status = new() { Code = i } });
            }));
        var reply = await server.Client.CallAsync(TestServer.Path("DumpMessages"), new DumpMessagesRequest());
        Assert.Equal(GrpcStatusCode.Ok, reply.Status);
        Assert.Equal([0, 1, 2], reply.Messages().Select(m => DumpMessagesResponse.Parser.ParseFrom(m).Status.Code));
    }

    [Fact]
    public async Task A_stream_that_fails_midway_ends_with_its_status()
    {
        await using var server = await TestServer.StartAsync(table => table.ServerStream<DumpMessagesRequest, DumpMessagesResponse>(
            TestServer.Service, "DumpMessages", DumpMessagesRequest.Parser, async (_, write, _) =>
            {
                await write(new DumpMessagesResponse());
                throw new GrpcException(GrpcStatusCode.DataLoss, "gone");
            }));
        var reply = await server.Client.CallAsync(TestServer.Path("DumpMessages"), new DumpMessagesRequest());
        Assert.Equal((GrpcStatusCode.DataLoss, "gone"), (reply.Status!.Value, reply.Message));
        Assert.Single(reply.Messages());
    }

    [Theory]
    [InlineData("/milvus.proto.milvus.MilvusService/Frobnicate", "unknown method Frobnicate for service milvus.proto.milvus.MilvusService")]
    [InlineData("/acme.Other/Do", "unknown service acme.Other")]
    [InlineData("/nothing", "malformed method name: \"/nothing\"")]
    [InlineData("/milvus.proto.milvus.MilvusService/DescribeSegmentIndexData", "method DescribeSegmentIndexData of service milvus.proto.milvus.MilvusService is not implemented yet")]
    [InlineData("/milvus.proto.milvus.MilvusService/CreateReplicateStream", "method CreateReplicateStream of service milvus.proto.milvus.MilvusService is not implemented yet")]
    public async Task What_does_not_exist_is_unimplemented(string path, string message)
    {
        await using var server = await TestServer.StartAsync(TestServer.AddVersion);
        var reply = await server.Client.CallAsync(path, new GetVersionRequest());
        Assert.Equal((GrpcStatusCode.Unimplemented, message), (reply.Status!.Value, reply.Message));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bad_frames_and_bad_messages_are_internal_errors(bool isOwned)
    {
        await using var server = await StartAsync(isOwned);
        byte[] valid = new QueryRequest { Expr = "abc" }.ToByteArray();
        await Fails(server, [], "received no request message");
        await Fails(server, [0, 0, 0], "the request ended inside a message (3 bytes of it arrived)");
        await Fails(server, Frame(valid, claimedLength: 99), $"the request ended inside a message ({valid.Length + 5} bytes of it arrived)");
        await Fails(server, Frame(valid, flags: 7), "grpc: received unexpected payload format 7");
        await Fails(server, Frame(valid, flags: 1), "grpc: compressed flag set with identity or empty encoding");
        await Fails(server, Frame([0xff, 0xff, 0xff]), "grpc: error unmarshalling request");
        await Fails(server, Frame([0x0a, 0x7f]), "grpc: error unmarshalling request");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Too_large_requests_are_refused_before_they_are_read(bool isOwned)
    {
        await using var server = await StartAsync(isOwned, new GrpcOptions { MaxReceiveMessageBytes = 1000 });
        var reply = await server.Client.CallAsync(Query, new ByteArrayContent(Frame([1, 2], claimedLength: 1001)), CancellationToken.None);
        Assert.Equal(GrpcStatusCode.ResourceExhausted, reply.Status);
        Assert.Equal("grpc: received message larger than max (1001 vs. 1000)", reply.Message);
        var fits = await server.Client.CallAsync(Query, new QueryRequest { Expr = new string('x', 900) });
        Assert.Equal(GrpcStatusCode.Ok, fits.Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_default_receive_limit_is_64_mebibytes(bool isOwned)
    {
        await using var server = await StartAsync(isOwned);
        var reply = await server.Client.CallAsync(Query, new ByteArrayContent(Frame([], claimedLength: -1)), CancellationToken.None);
        Assert.Equal("grpc: received message larger than max (4294967295 vs. 67108864)", reply.Message);
    }

    [Fact]
    public async Task Too_large_answers_are_refused()
    {
        await using var server = await TestServer.StartAsync(EchoExpression, new GrpcOptions { MaxSendMessageBytes = 100 });
        var reply = await server.Client.CallAsync(Query, new QueryRequest { Expr = new string('x', 200) });
        Assert.Equal(GrpcStatusCode.ResourceExhausted, reply.Status);
        Assert.Equal("grpc: trying to send message larger than max (203 vs. 100)", reply.Message);
        Assert.Empty(reply.Body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Gzip_requests_are_read_and_other_encodings_refused(bool isOwned)
    {
        await using var server = await StartAsync(isOwned);
        var message = new QueryRequest { Expr = new string('y', 100_000) };
        var frame = Frame(Gzip(message.ToByteArray()), flags: 1);

        var reply = await server.Client.CallAsync(Query, new ByteArrayContent(frame), CancellationToken.None, ("grpc-encoding", "gzip"));
        Assert.Equal(message.Expr, reply.Single(QueryResults.Parser).CollectionName);

        reply = await server.Client.CallAsync(Query, new ByteArrayContent(frame), CancellationToken.None, ("grpc-encoding", "zstd"));
        Assert.Equal(GrpcStatusCode.Unimplemented, reply.Status);
        Assert.Equal("grpc: Decompressor is not installed for grpc-encoding \"zstd\"", reply.Message);

        reply = await server.Client.CallAsync(
            Query, new ByteArrayContent(Frame([1, 2, 3, 4], flags: 1)), CancellationToken.None, ("grpc-encoding", "gzip"));
        Assert.Equal(GrpcStatusCode.Internal, reply.Status);
        Assert.StartsWith("grpc: failed to decompress the received message", reply.Message);

        // The flag decides, not the header: an uncompressed message under "grpc-encoding: gzip" is fine.
        reply = await server.Client.CallAsync(Query, message, ("grpc-encoding", "gzip"));
        Assert.Equal(GrpcStatusCode.Ok, reply.Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_gzip_bomb_stops_at_the_receive_limit(bool isOwned)
    {
        await using var server = await StartAsync(isOwned, new GrpcOptions { MaxReceiveMessageBytes = 50_000 });
        var bomb = Frame(Gzip(new byte[10_000_000]), flags: 1);
        var reply = await server.Client.CallAsync(Query, new ByteArrayContent(bomb), CancellationToken.None, ("grpc-encoding", "gzip"));
        Assert.Equal(GrpcStatusCode.ResourceExhausted, reply.Status);
        Assert.StartsWith("grpc: received message after decompression larger than max", reply.Message);
    }

    [Fact]
    public async Task A_deadline_cancels_the_handler()
    {
        await using var server = await TestServer.StartAsync(table => table.Unary<QueryRequest, QueryResults>(
            TestServer.Service, "Query", QueryRequest.Parser, async (_, call) =>
            {
                await Task.Delay(Timeout.Infinite, call.Cancellation);
                return new QueryResults();
            }));
        foreach (var timeout in new[] { "1m", "500u", "1n", "0S" })
        {
            var reply = await server.Client.CallAsync(Query, new QueryRequest(), ("grpc-timeout", timeout));
            Assert.Equal((GrpcStatusCode.DeadlineExceeded, "context deadline exceeded"), (reply.Status!.Value, reply.Message));
        }
        var bad = await server.Client.CallAsync(Query, new QueryRequest(), ("grpc-timeout", "soon"));
        Assert.Equal((GrpcStatusCode.Internal, "malformed grpc-timeout: \"soon\""), (bad.Status!.Value, bad.Message));
    }

    [Fact]
    public async Task A_client_that_leaves_cancels_the_handler()
    {
        var started = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(table => table.Unary<QueryRequest, QueryResults>(
            TestServer.Service, "Query", QueryRequest.Parser, async (_, call) =>
            {
                await using var registration = call.Cancellation.Register(() => cancelled.SetResult());
                started.SetResult();
                await Task.Delay(Timeout.Infinite, call.Cancellation);
                return new QueryResults();
            }));
        using var client = new CancellationTokenSource();
        var call = server.Client.CallAsync(Query, new ByteArrayContent(Frame([])), client.Token);
        await started.Task;
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task;
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_its_request_has_cancelled_it()
    {
        foreach (var sent in new[] { 0, 3, 7 })
        {
            var pipe = new Pipe();
            await pipe.Writer.WriteAsync(Frame([1, 2, 3, 4])[..sent]);
            await pipe.Writer.CompleteAsync(new IOException("The client reset the request stream."));
            var owned = await Assert.ThrowsAsync<GrpcException>(async () => await GrpcFrameReader.ReadOwnedAsync(pipe.Reader, 1000, "", default));
            Assert.Equal((GrpcStatusCode.Cancelled, "context canceled"), (owned.Status, owned.Message));
            var single = await Assert.ThrowsAsync<GrpcException>(async () => await GrpcFrameReader.ReadSingleAsync(pipe.Reader, QueryRequest.Parser, 1000, "", default));
            Assert.Equal(GrpcStatusCode.Cancelled, single.Status);
        }
    }

    [Fact]
    public async Task An_unexpected_failure_names_itself_and_harms_nobody()
    {
        await using var server = await TestServer.StartAsync(table =>
        {
            TestServer.AddVersion(table);
            table.Unary<QueryRequest, QueryResults>(
                TestServer.Service, "Query", QueryRequest.Parser, (_, _) => throw new InvalidOperationException("broke: 100% π\n"));
        });
        var reply = await server.Client.CallAsync(Query, new QueryRequest());
        Assert.Equal(GrpcStatusCode.Unknown, reply.Status);
        Assert.Equal("unexpected error: InvalidOperationException: broke: 100% π\n", reply.Message);
        Assert.Equal(GrpcStatusCode.Ok, (await server.Client.CallAsync(TestServer.Path("GetVersion"), new GetVersionRequest())).Status);
    }

    [Fact]
    public async Task Metadata_reaches_the_handler()
    {
        await using var server = await TestServer.StartAsync(table => table.Unary<GetVersionRequest, GetVersionResponse>(
            TestServer.Service, "GetVersion", GetVersionRequest.Parser,
            (_, call) => ValueTask.FromResult(new GetVersionResponse { Version = $"{call.Database}|{call.Metadata("identifier")}|{call.User}" })));
        var reply = await server.Client.CallAsync(
            TestServer.Path("GetVersion"), new GetVersionRequest(), ("dbname", "books"), ("identifier", "77"));
        Assert.Equal("books|77|", reply.Single(GetVersionResponse.Parser).Version);
    }

    [Fact]
    public void A_table_refuses_handlers_of_methods_that_the_contract_has_not()
    {
        var table = new GrpcMethodTable.Builder();
        Assert.Throws<ArgumentException>(() => table.Unary<QueryRequest, QueryResults>(
            TestServer.Service, "NoSuchMethod", QueryRequest.Parser, (_, _) => default));
    }

    [Fact]
    public async Task Memory_that_is_used_again_never_shows_in_another_call()
    {
        await using var server = await StartAsync(isOwned: true);
        // Sizes on both sides of the pool's, and failures between them, whose memory is left alone.
        var calls = Enumerable.Range(0, 400).Select(async i =>
        {
            if (i % 7 == 0)
            {
                Assert.Equal(GrpcStatusCode.Internal, (await server.Client.CallAsync(Query, new ByteArrayContent(Frame([0x0a, 0x7f, 1, 2], claimedLength: i % 2 == 0 ? 4 : 90)), CancellationToken.None)).Status);
                return;
            }
            var text = new string((char)('a' + (i % 26)), 1 << (i % 15)) + i;
            Assert.Equal(text, (await server.Client.CallAsync(Query, new QueryRequest { Expr = text })).Single(QueryResults.Parser).CollectionName);
        });
        await Task.WhenAll(calls);
    }

    private static Task<TestServer> StartAsync(bool isOwned, GrpcOptions? options = null) => isOwned
        ? TestServer.StartAsync(EchoOwned, (options ?? new GrpcOptions()) with { RecyclesMessages = true })
        : TestServer.StartAsync(EchoExpression, options);

    // Keeps the message and reads it once more when others had their turn.
    private static void EchoOwned(GrpcMethodTable.Builder table)
    {
        var messages = new ConditionalWeakTable<QueryRequest, object>();
        table.Unary<QueryRequest, QueryResults>(
            TestServer.Service, "Query", QueryRequest.Parser,
            async (request, _) =>
            {
                await Task.Yield();
                var message = (ReadOnlyMemory<byte>)messages.GetValue(request, static _ => throw new InvalidOperationException("the message is not known"));
                return new QueryResults { CollectionName = QueryRequest.Parser.ParseFrom(message.Span).Expr };
            },
            message =>
            {
                var request = QueryRequest.Parser.ParseFrom(message.Span);
                messages.Add(request, message);
                return request;
            });
    }

    internal static void EchoExpression(GrpcMethodTable.Builder table) => table.Unary<QueryRequest, QueryResults>(
        TestServer.Service, "Query", QueryRequest.Parser,
        (request, _) => ValueTask.FromResult(new QueryResults { CollectionName = request.Expr }));

    private static async Task Fails(TestServer server, byte[] body, string message)
    {
        var reply = await server.Client.CallAsync(Query, new ByteArrayContent(body), CancellationToken.None);
        Assert.Equal(GrpcStatusCode.Internal, reply.Status);
        Assert.StartsWith(message, reply.Message);
    }

    private static byte[] Gzip(byte[] plain)
    {
        var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.SmallestSize)) gzip.Write(plain);
        return output.ToArray();
    }

    /// <summary>Sends every byte in a data frame of its own.</summary>
    private sealed class CrumbContent(byte[] bytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            foreach (var b in bytes)
            {
                await stream.WriteAsync(new[] { b });
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
