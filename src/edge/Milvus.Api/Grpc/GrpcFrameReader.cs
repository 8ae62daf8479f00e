using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Milvus.Api.Grpc;

/// <summary>
/// Reads length-prefixed messages: one byte of flags, four of length (big endian), the message. A message is parsed where it
/// lies in the transport's segments.
/// </summary>
internal static class GrpcFrameReader
{
    public const int HeaderBytes = 5;

    /// <summary>Reads the only message of a unary or server-streaming call.</summary>
    /// <param name="encoding">The request's <c>grpc-encoding</c>, empty when absent.</param>
    /// <exception cref="GrpcException">The frame is malformed, too large, or not this message.</exception>
    public static async ValueTask<T> ReadSingleAsync<T>(
        PipeReader body, MessageParser<T> parser, int maxBytes, string encoding, CancellationToken cancellation)
        where T : IMessage<T>
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellation);
            var buffer = read.Buffer;
            if (TryGetMessage(buffer, maxBytes, out var payload, out var compressed, out var end))
            {
                var message = compressed ? ParseCompressed(payload, parser, maxBytes, encoding) : Parse(payload, parser);
                body.AdvanceTo(end);
                return message;
            }

            if (read.IsCompleted)
            {
                throw new GrpcException(GrpcStatusCode.Internal, buffer.IsEmpty
                    ? "received no request message"
                    : $"the request ended inside a message ({buffer.Length} bytes of it arrived)");
            }
            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static bool TryGetMessage(
        ReadOnlySequence<byte> buffer, int maxBytes, out ReadOnlySequence<byte> payload, out bool compressed, out SequencePosition end)
    {
        payload = default;
        compressed = false;
        end = default;
        if (buffer.Length < HeaderBytes) return false;

        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        if (header[0] > 1)
            throw new GrpcException(GrpcStatusCode.Internal, $"grpc: received unexpected payload format {header[0]}");

        compressed = header[0] == 1;
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > maxBytes)
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted, $"grpc: received message larger than max ({length} vs. {maxBytes})");
        }

        if (buffer.Length < HeaderBytes + length) return false;
        payload = buffer.Slice(HeaderBytes, length);
        end = payload.End;
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
            throw new GrpcException(GrpcStatusCode.Internal, "grpc: error unmarshalling request: " + e.Message, e);
        }
    }

    private static T ParseCompressed<T>(ReadOnlySequence<byte> payload, MessageParser<T> parser, int maxBytes, string encoding)
        where T : IMessage<T>
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
        return Parse(new ReadOnlySequence<byte>(plain.WrittenMemory), parser);
    }
}
