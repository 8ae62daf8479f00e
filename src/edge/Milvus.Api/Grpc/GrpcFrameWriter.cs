using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;

namespace Milvus.Api.Grpc;

/// <summary>Writes a message with its length prefix straight into the transport's buffers.</summary>
internal static class GrpcFrameWriter
{
    /// <exception cref="GrpcException">The message is larger than <paramref name="maxBytes"/>; nothing is written.</exception>
    public static void Write(IBufferWriter<byte> output, IMessage message, int maxBytes)
    {
        var size = message.CalculateSize();
        if (size < 0 || size > maxBytes)
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted, $"grpc: trying to send message larger than max ({size} vs. {maxBytes})");
        }

        var header = output.GetSpan(GrpcFrameReader.HeaderBytes);
        header[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], size);
        output.Advance(GrpcFrameReader.HeaderBytes);
        message.WriteTo(output);
    }
}
