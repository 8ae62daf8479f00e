using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Milvus.Api.Grpc;

namespace Milvus.Api.Tests.Grpc;

/// <summary>What came back of a call: status, text and messages, as they were on the wire.</summary>
internal sealed record GrpcReply(int HttpStatus, GrpcStatusCode? Status, string Message, byte[] Body)
{
    public IReadOnlyList<byte[]> Messages()
    {
        var messages = new List<byte[]>();
        var at = 0;
        while (at < Body.Length)
        {
            Assert.Equal(0, Body[at]);
            var length = BinaryPrimitives.ReadInt32BigEndian(Body.AsSpan(at + 1));
            messages.Add(Body.AsSpan(at + 5, length).ToArray());
            at += 5 + length;
        }
        return messages;
    }

    public T Single<T>(MessageParser<T> parser)
        where T : IMessage<T>
    {
        Assert.Equal((GrpcStatusCode.Ok, ""), (Status, Message));
        return parser.ParseFrom(Assert.Single(Messages()));
    }
}

/// <summary>Speaks gRPC frames over an ordinary HTTP/2 client with prior knowledge.</summary>
internal sealed class RawGrpcClient(int port) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler())
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromMinutes(1),
    };

    public static byte[] Frame(byte[] message, byte flags = 0, int? claimedLength = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), claimedLength ?? message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public Task<GrpcReply> CallAsync(string path, IMessage request, params (string Key, string Value)[] metadata) =>
        CallAsync(path, new ByteArrayContent(Frame(request.ToByteArray())), CancellationToken.None, metadata);

    public async Task<GrpcReply> CallAsync(
        string path, HttpContent body, CancellationToken cancellation, params (string Key, string Value)[] metadata)
    {
        using var response = await SendAsync(path, body, cancellation, metadata);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        return new GrpcReply((int)response.StatusCode, Status(response), Text(response), bytes);
    }

    public Task<HttpResponseMessage> SendAsync(
        string path, HttpContent body, CancellationToken cancellation, params (string Key, string Value)[] metadata)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = body,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (key, value) in metadata) request.Headers.TryAddWithoutValidation(key, value);
        return _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    public void Dispose() => _http.Dispose();

    private static GrpcStatusCode? Status(HttpResponseMessage response) =>
        Value(response, "grpc-status") is { } text ? (GrpcStatusCode)int.Parse(text) : null;

    private static string Text(HttpResponseMessage response) => GrpcMessageText.Decode(Value(response, "grpc-message") ?? "");

    private static string? Value(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailer) ? trailer.Single()
        : response.Headers.TryGetValues(name, out var header) ? header.Single()
        : null;
}
