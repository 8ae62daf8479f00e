using Google.Protobuf;
using Milvus.Actors.Protocol;
using Milvus.Model;

namespace Milvus.Actors.Rpc;

/// <summary>A Milvus error as the payload of a reply.</summary>
internal static class RpcErrors
{
    public static ReadOnlyMemory<byte> Encode(Exception failure)
    {
        var milvus = failure as MilvusException;
        return new RpcError
        {
            Code = (int)(milvus?.Code ?? ErrorCode.Unexpected),
            Message = failure.Message,
            IsInputError = milvus?.IsInputError ?? false,
        }.ToByteArray();
    }

    public static MilvusException Decode(ReadOnlyMemory<byte> payload)
    {
        var error = RpcError.Parser.ParseFrom(payload.Span);
        return new MilvusException((ErrorCode)error.Code, error.Message) { IsInputError = error.IsInputError };
    }
}
