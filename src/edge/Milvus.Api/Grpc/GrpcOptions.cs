namespace Milvus.Api.Grpc;

/// <summary>Limits of the gRPC layer, in bytes.</summary>
public sealed record GrpcOptions
{
    public const int Mebibyte = 1024 * 1024;

    /// <summary>Largest request message, before and after decompression.</summary>
    public int MaxReceiveMessageBytes { get; init; } = 64 * Mebibyte;

    /// <summary>Largest answer.</summary>
    public int MaxSendMessageBytes { get; init; } = 256 * Mebibyte;

    /// <summary>
    /// Uses the memory of a request's message again once the request was answered with success. Only where nothing keeps parts of such a request: vectors
    /// are not copied out of the message.
    /// </summary>
    public bool RecyclesMessages { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A limit is not positive.</exception>
    public GrpcOptions Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxReceiveMessageBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxSendMessageBytes);
        return this;
    }
}
