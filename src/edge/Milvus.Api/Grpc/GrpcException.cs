namespace Milvus.Api.Grpc;

/// <summary>
/// Ends a call with a gRPC status. Only for failures of the transport and of access control: an engine's error travels inside an
/// ordinary answer, as clients expect of Milvus.
/// </summary>
public sealed class GrpcException : Exception
{
    public GrpcException(GrpcStatusCode status, string message, Exception? inner = null)
        : base(message, inner) => Status = status;

    public GrpcStatusCode Status { get; }
}
