using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Grpc;
using Milvus.Api.Grpc.Calls;
using Milvus.Api.Metrics;
using Milvus.Api.Rest;
using Milvus.Protocol;
using Milvus.Protocol.Common;

namespace Milvus.Api.Server;

/// <summary>
/// A server's first call without network and database: a connection of two pipes carries a search, which is refused. Done beside the recovery of a directory,
/// so that most of what serving compiles is compiled when the directory is ready. Nothing of it is kept.
/// </summary>
public static class Rehearsal
{
    private const int FrameHead = 9;

    /// <returns>True when the call was answered.</returns>
    public static async Task<bool> RunAsync(TimeProvider time, CancellationToken cancellation = default)
    {
        var health = new ServerHealth();
        // Handlers keep the proxy; the one that is called fails at it, which is an answer like any other.
        var methods = new GrpcMethodTable.Builder()
            .AddMilvus(null!, new ServerIdentity(), health, time, NullLogger.Instance)
            .AddHealth(health)
            .Build();
        var rest = new RestApplication(null!, new RestOptions(), null, time, NullLogger.Instance);
        var connection = new Loop();
        var options = new MilvusServerOptions { Port = 0, MetricsPort = null, Address = IPAddress.Loopback };
        await using var server = new MilvusServer(options, methods, rest.HandleAsync, null, health, new MetricsRegistry(), "", time, NullLoggerFactory.Instance) { Transport = connection };
        await server.StartAsync(cancellation);
        await connection.Application.Output.WriteAsync(Request(), cancellation);
        var isAnswered = await IsAnsweredAsync(connection.Application.Input, cancellation);
        await connection.Application.Output.CompleteAsync();
        await connection.Application.Input.CompleteAsync();
        return isAnswered;
    }

    // RFC 9113: the preface, settings, and one stream of headers and data.
    private static byte[] Request()
    {
        var search = new SearchRequest
        {
            CollectionName = "rehearsal",
            DslType = DslType.BoolExprV1,
            Nq = 1,
            PlaceholderGroup = new PlaceholderGroup { Placeholders = { new PlaceholderValue { Tag = "$0", Type = PlaceholderType.FloatVector, Values = { ByteString.CopyFrom(new byte[16]) } } } }.ToByteString(),
            SearchParams = { new Protocol.Common.KeyValuePair { Key = "topk", Value = "10" }, new Protocol.Common.KeyValuePair { Key = "params", Value = "{\"ef\":16}" } },
        }.ToByteArray();
        var body = new byte[5 + search.Length];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), search.Length);
        search.CopyTo(body, 5);
        // Literals without indexing (RFC 7541, 6.2.2): the path, the authority, the content type, and "te: trailers".
        byte[] headers =
        [
            0x83, 0x86, 0x04, .. Text("/milvus.proto.milvus.MilvusService/Search"u8), 0x01, .. Text("localhost"u8),
            0x0F, 0x10, .. Text("application/grpc"u8), 0x00, .. Text("te"u8), .. Text("trailers"u8),
        ];
        return [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(4, 0, 0, []), .. Frame(1, 4, 1, headers), .. Frame(0, 1, 1, body)];
    }

    private static byte[] Text(ReadOnlySpan<byte> text) => [(byte)text.Length, .. text];

    private static byte[] Frame(byte type, byte flags, byte stream, ReadOnlySpan<byte> payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];

    /// <summary>Reads up to the headers that end the stream.</summary>
    private static async Task<bool> IsAnsweredAsync(PipeReader input, CancellationToken cancellation)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellation);
            var rest = read.Buffer;
            while (rest.Length >= FrameHead)
            {
                var head = rest.Slice(0, FrameHead).ToArray();
                var length = (head[0] << 16) | (head[1] << 8) | head[2];
                if (rest.Length < FrameHead + length) break;
                if (head[3] <= 1 && (head[4] & 1) != 0) return true;
                rest = rest.Slice(FrameHead + length);
            }
            if (read.IsCompleted) return false;
            input.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <summary>A transport with one connection.</summary>
    private sealed class Loop : IConnectionListenerFactory, IConnectionListener
    {
        private readonly TaskCompletionSource _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private ConnectionContext? _waiting;

        public Loop()
        {
            Pipe request = new(), answer = new();
            Application = new Ends(answer.Reader, request.Writer);
            _waiting = new DefaultConnectionContext("rehearsal") { Transport = new Ends(request.Reader, answer.Writer), Application = Application };
        }

        public IDuplexPipe Application { get; }

        public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 0);

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            EndPoint = endpoint;
            return new(this);
        }

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            if (Interlocked.Exchange(ref _waiting, null) is { } connection) return connection;
            await _unbound.Task;
            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _unbound.TrySetResult();
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }

    private sealed class Ends(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
