using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Milvus.Api.Grpc;
using Milvus.Protocol;
using Milvus.Protocol.Schema;
using static Milvus.Api.Tests.Grpc.RawGrpcClient;

namespace Milvus.Api.Tests.Grpc;

/// <summary>Whatever arrives, the caller gets an error and the server goes on serving.</summary>
public sealed class GarbageTests
{
    private static readonly string Insert = TestServer.Path("Insert");

    [Fact]
    public async Task Thousands_of_malformed_calls_leave_the_server_serving()
    {
        await using var server = await TestServer.StartAsync(Handlers, new GrpcOptions { MaxReceiveMessageBytes = 100_000 });
        var random = new Random(20261122);
        var calls = new List<Task<GrpcReply>>();
        for (var i = 0; i < 3000; i++)
        {
            calls.Add(server.Client.CallAsync(Insert, new ByteArrayContent(Malformed(random)), CancellationToken.None));
            if (calls.Count < 50) continue;
            foreach (var reply in await Task.WhenAll(calls))
            {
                // Flipped bits may still be a message; everything else names its problem.
                Assert.Contains(reply.Status, new GrpcStatusCode?[] { GrpcStatusCode.Ok, GrpcStatusCode.Internal, GrpcStatusCode.ResourceExhausted });
                Assert.Equal(reply.Status == GrpcStatusCode.Ok, reply.Message.Length == 0);
            }
            calls.Clear();
        }
        await StillServesAsync(server);
    }

    [Fact]
    public async Task Random_bytes_on_the_socket_leave_the_server_serving()
    {
        await using var server = await TestServer.StartAsync(Handlers);
        var random = new Random(7);
        for (var i = 0; i < 400; i++)
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, server.Port);
            var stream = socket.GetStream();
            try
            {
                await stream.WriteAsync(RandomConversation(random, i % 4));
                socket.Client.Shutdown(SocketShutdown.Send);
                await stream.CopyToAsync(Stream.Null);
            }
            catch (IOException)
            {
                // A reset is a fine answer to nonsense.
            }
        }
        await StillServesAsync(server);
    }

    private static void Handlers(GrpcMethodTable.Builder table)
    {
        TestServer.AddVersion(table);
        table.Unary<InsertRequest, MutationResult>(
            TestServer.Service, "Insert", InsertRequest.Parser,
            (request, _) => ValueTask.FromResult(new MutationResult { InsertCnt = request.NumRows }));
    }

    private static async Task StillServesAsync(TestServer server)
    {
        var reply = await server.Client.CallAsync(TestServer.Path("GetVersion"), new GetVersionRequest());
        Assert.Equal("v-test", reply.Single(GetVersionResponse.Parser).Version);
        using var http = new HttpClient();
        Assert.StartsWith("rest GET", await http.GetStringAsync($"http://127.0.0.1:{server.Port}/v2"));
    }

    private static byte[] Malformed(Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                return RandomBytes(random, 200);
            case 1:
                return Frame(RandomBytes(random, 500));
            case 2:
                return Frame(RandomBytes(random, 50), (byte)random.Next(256), random.Next());
            case 3:
                var frame = Frame(Valid());
                return frame[..random.Next(frame.Length)];
            default:
                var message = Valid();
                for (var flips = random.Next(1, 6); flips > 0; flips--) message[random.Next(message.Length)] ^= (byte)(1 << random.Next(8));
                return Frame(message);
        }
    }

    private static byte[] Valid()
    {
        var vectors = new FloatArray();
        vectors.Data.AddRange(Enumerable.Range(0, 64).Select(i => (float)i));
        var request = new InsertRequest { CollectionName = "c", NumRows = 8 };
        request.FieldsData.Add(new FieldData
        {
            FieldName = "v",
            Type = DataType.FloatVector,
            Vectors = new VectorField { Dim = 8, FloatVector = vectors },
        });
        request.FieldsData.Add(new FieldData
        {
            FieldName = "s",
            Type = DataType.VarChar,
            Scalars = new ScalarField { StringData = new StringArray { Data = { "a", "bc", "", "τ" } } },
        });
        return request.ToByteArray();
    }

    private static byte[] RandomConversation(Random random, int kind)
    {
        var noise = RandomBytes(random, 2000);
        return kind switch
        {
            0 => noise,
            1 => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. noise],
            // An acceptable SETTINGS frame first, so that the noise is read as frames on a living connection.
            2 => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0, .. noise],
            _ => [.. "POST /v2/vectordb/collections/list HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n"u8, .. noise],
        };
    }

    private static byte[] RandomBytes(Random random, int below)
    {
        var bytes = new byte[random.Next(below)];
        random.NextBytes(bytes);
        return bytes;
    }
}
