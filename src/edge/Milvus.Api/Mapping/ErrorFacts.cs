using Milvus.Model;

namespace Milvus.Api.Mapping;

/// <summary>What a caller is told about a failure, whatever protocol it came by.</summary>
/// <param name="Code">Milvus' canonical code.</param>
/// <param name="Message">The text clients match on.</param>
/// <param name="IsRetriable">The same request may succeed later; never true for a mistake of the caller.</param>
/// <param name="IsInputError">The caller made the mistake.</param>
/// <param name="IsUnexpected">The server did not see it coming, or stored bytes are damaged: it belongs in the log.</param>
public readonly record struct ErrorFacts(ErrorCode Code, string Message, bool IsRetriable, bool IsInputError, bool IsUnexpected)
{
    public static ErrorFacts Of(Exception exception) => exception switch
    {
        MilvusException e => new(e.Code, e.Message, e.IsRetriable && !e.IsInputError, e.IsInputError, false),
        IntegrityException e => new(ErrorCode.Internal, $"{e.Message}: service internal error", false, false, true),
        OperationCanceledException => new(ErrorCode.Canceled, "context canceled", false, false, false),
        OutOfMemoryException e => new(ErrorCode.MemoryLimitExceeded, $"{e.Message}: memory limit exceeded", false, false, true),
        IOException e => new(ErrorCode.IoFailed, $"{e.Message}: IO failed", false, false, true),
        _ => new(ErrorCode.Unexpected, $"{exception.GetType().Name}: {exception.Message}: unexpected error", false, false, true),
    };
}
