using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Milvus.Api.Grpc;

/// <summary>
/// Reads length-prefixed messages: one byte of flags, four of length (big endian), the message. A message is parsed where it
/// lies in the transport's segments.
/// </summary>
internal static class GrpcFrameReader
{
    public const int HeaderBytes = 5;

    /// <summary>Memory that a message gets on its word alone.</summary>
    private const int TrustedBytes = 8 << 20;

    /// <summary>Reads the only message of a unary or server-streaming call.</summary>
    /// <param name="encoding">The request's <c>grpc-encoding</c>, empty when absent.</param>
    /// <exception cref="GrpcException">The frame is malformed, too large, or not this message.</exception>
    public static async ValueTask<T> ReadSingleAsync<T>(
        PipeReader body, MessageParser<T> parser, int maxBytes, string encoding, CancellationToken cancellation)
        where T : IMessage<T>
    {
        while (true)
        {
            var read = await ReadAsync(body, cancellation);
            var buffer = read.Buffer;
            if (TryGetMessage(buffer, maxBytes, out var payload, out var compressed, out var end))
            {
                var message = compressed ? ParseCompressed(payload, parser, maxBytes, encoding) : Parse(payload, parser);
                body.AdvanceTo(end);
                return message;
            }

            if (read.IsCompleted) throw Ended(buffer.Length);
            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>
    /// Reads the only message of a call into memory of its own, taking it from the transport as it arrives: a large message never waits there as a whole.
    /// </summary>
    /// <returns>The message, and the array of <see cref="ArrayPool{T}.Shared"/> that it lies in; null when it lies elsewhere.</returns>
    /// <exception cref="GrpcException">The frame is malformed or too large.</exception>
    public static async ValueTask<(ReadOnlyMemory<byte> Message, byte[]? Borrowed)> ReadOwnedAsync(PipeReader body, int maxBytes, string encoding, CancellationToken cancellation)
    {
        byte[]? message = null;
        int length = 0, arrived = 0;
        var compressed = false;
        while (true)
        {
            var read = await ReadAsync(body, cancellation);
            var buffer = read.Buffer;
            if (message is null && TryGetHeader(buffer, maxBytes, out compressed, out length))
            {
                buffer = buffer.Slice(HeaderBytes);
                message = ArrayPool<byte>.Shared.Rent(Math.Min(length, TrustedBytes));
            }
            if (message is not null)
            {
                var taken = (int)Math.Min(buffer.Length, length - arrived);
                if (arrived + taken > message.Length) message = Grow(message, arrived, length, arrived + taken);
                buffer.Slice(0, taken).CopyTo(message.AsSpan(arrived));
                arrived += taken;
                body.AdvanceTo(buffer.GetPosition(taken));
                if (arrived == length) return compressed ? (Decompress(new ReadOnlySequence<byte>(message, 0, length), maxBytes, encoding), null) : (message.AsMemory(0, length), message);
            }
            else body.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted) throw Ended(message is null ? buffer.Length : HeaderBytes + arrived);
        }
    }

    // However the transport puts it: the client has reset its request, or its connection is gone.
    private static async ValueTask<ReadResult> ReadAsync(PipeReader body, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(cancellation);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            throw new GrpcException(GrpcStatusCode.Cancelled, "context canceled", e);
        }
    }

    public static GrpcException Malformed(InvalidProtocolBufferException e) =>
        new(GrpcStatusCode.Internal, "grpc: error unmarshalling request: " + e.Message, e);

    // A client that claims a length gets memory for it as it sends.
    private static byte[] Grow(byte[] message, int used, int length, int needed)
    {
        var grown = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, Math.Max(needed, message.Length * 2L)));
        message.AsSpan(0, used).CopyTo(grown);
        ArrayPool<byte>.Shared.Return(message);
        return grown;
    }

    private static GrpcException Ended(long bytes) => new(GrpcStatusCode.Internal, bytes == 0
        ? "received no request message"
        : $"the request ended inside a message ({bytes} bytes of it arrived)");

    private static bool TryGetMessage(
        ReadOnlySequence<byte> buffer, int maxBytes, out ReadOnlySequence<byte> payload, out bool compressed, out SequencePosition end)
    {
        payload = default;
        end = default;
        if (!TryGetHeader(buffer, maxBytes, out compressed, out var length) || buffer.Length < HeaderBytes + (long)length) return false;
        payload = buffer.Slice(HeaderBytes, length);
        end = payload.End;
        return true;
    }

    private static bool TryGetHeader(ReadOnlySequence<byte> buffer, int maxBytes, out bool compressed, out int length)
    {
        compressed = false;
        length = 0;
        if (buffer.Length < HeaderBytes) return false;

        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        if (header[0] > 1)
            throw new GrpcException(GrpcStatusCode.Internal, $"grpc: received unexpected payload format {header[0]}");

        compressed = header[0] == 1;
        var claimed = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (claimed > maxBytes)
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted, $"grpc: received message larger than max ({claimed} vs. {maxBytes})");
        }
        length = (int)claimed;
        return true;
    }

    private static T Parse<T>(ReadOnlySequence<byte> payload, MessageParser<T> parser)
        where T : IMessage<T>
    {
        try
        {
            return payload.IsSingleSegment ? parser.ParseFrom(payload.FirstSpan) : parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Malformed(e);
        }
    }

    private static T ParseCompressed<T>(ReadOnlySequence<byte> payload, MessageParser<T> parser, int maxBytes, string encoding)
        where T : IMessage<T> => Parse(new ReadOnlySequence<byte>(Decompress(payload, maxBytes, encoding)), parser);

    private static ReadOnlyMemory<byte> Decompress(ReadOnlySequence<byte> payload, int maxBytes, string encoding)
    {
        if (encoding is "" or "identity")
            throw new GrpcException(GrpcStatusCode.Internal, "grpc: compressed flag set with identity or empty encoding");
        if (encoding != "gzip")
        {
            throw new GrpcException(
                GrpcStatusCode.Unimplemented, $"grpc: Decompressor is not installed for grpc-encoding \"{encoding}\"");
        }

        var plain = new ArrayBufferWriter<byte>(Math.Max(256, (int)Math.Min(payload.Length * 2, maxBytes)));
        try
        {
            using var gzip = new GZipStream(new SequenceStream(payload), CompressionMode.Decompress);
            int read;
            while ((read = gzip.Read(plain.GetSpan(4096))) > 0)
            {
                plain.Advance(read);
                if (plain.WrittenCount > maxBytes)
                {
                    throw new GrpcException(
                        GrpcStatusCode.ResourceExhausted,
                        $"grpc: received message after decompression larger than max ({plain.WrittenCount} vs. {maxBytes})");
                }
            }
        }
        catch (InvalidDataException e)
        {
            throw new GrpcException(GrpcStatusCode.Internal, "grpc: failed to decompress the received message: " + e.Message, e);
        }
        return plain.WrittenMemory;
    }
}
