using Milvus.Model;

namespace Milvus.Proxy.Wire;

/// <summary>The binary form of a failure: what the caller on the other node must be told, and no more.</summary>
public static class ErrorCodec
{
    public static ReadOnlyMemory<byte> Encode(MilvusException error)
    {
        var output = WireFormat.Begin(WireKind.Error, 16 + (error.Message.Length * 3L));
        ColumnCodec.WriteInt32(output, (int)error.Code);
        WireFormat.WriteFlag(output, error.IsRetriable);
        WireFormat.WriteFlag(output, error.IsInputError);
        ColumnCodec.WriteText(output, error.Message);
        return WireFormat.End(output);
    }

    /// <summary>An exception with the same code, message and flags, to be thrown by the receiver.</summary>
    /// <exception cref="IntegrityException">Not an error, or damaged.</exception>
    public static MilvusException Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.Error);
        var code = (ErrorCode)input.ReadInt32();
        var isRetriable = input.ReadFlag();
        var isInputError = input.ReadFlag();
        var text = input.ReadText();
        WireFormat.Close(input);
        return isRetriable == code.IsRetriable()
            ? new MilvusException(code, text) { IsInputError = isInputError }
            : new ForeignException(code, text, isRetriable) { IsInputError = isInputError };
    }

    // The sender knew better than the code alone says.
    private sealed class ForeignException(ErrorCode code, string message, bool isRetriable) : MilvusException(code, message)
    {
        public override bool IsRetriable => isRetriable;
    }
}
