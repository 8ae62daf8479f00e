namespace Milvus.Api.Rest;

public sealed record RestOptions
{
    /// <summary>How 64-bit integers go out when the request does not say: as JSON numbers, or as strings.</summary>
    public bool Int64AsNumbers { get; init; }

    /// <summary>Time a request may take when it does not say, milliseconds.</summary>
    public int RequestTimeoutMs { get; init; } = 30_000;

    /// <summary>Longest body that is read, bytes; JSON takes about three times what the same rows take over gRPC.</summary>
    public long MaxBodyBytes { get; init; } = 256L << 20;
}
